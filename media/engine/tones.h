/* The keys of a party without telephone events: heard in its audio, and sounded to it. */
#ifndef MEDIA_TONES_H
#define MEDIA_TONES_H

#include <stdbool.h>
#include <stdint.h>

#include "dtmf.h"
#include "g711.h"
#include "reception.h"
#include "rtp.h"

struct tones;

/* For a party that speaks `codec`; NULL when memory is out. */
struct tones *tones_new(const struct g711 *g711, enum codec codec);
void tones_free(struct tones *tones);
enum codec tones_codec(const struct tones *tones);

/* Listens to an audio packet, taken as `place`. True where a key sounds in it or has just ended: then `*event` is what a party with telephone
   events would have sent in its place, with the packet's own number. Its payload is good until the next call. */
bool tones_hear(struct tones *tones, const struct rtp_packet *packet, enum reception_result place, struct rtp_packet *event);

/* The frame in which a key of ours, or the pause behind it, is sounded; good until the next call. */
const uint8_t *tones_sound(struct tones *tones, const struct dtmf_packet *key);

#endif
