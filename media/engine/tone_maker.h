/* Making the two tones of a key (ITU-T Q.23). */
#ifndef MEDIA_TONE_MAKER_H
#define MEDIA_TONE_MAKER_H

#include <stdint.h>

#include "g711.h"
#include "g722.h"
#include "rtp.h"

/* Largest sample of a tone of 0 dBm0, where G.711 ends at 3.14 dBm0 or little more. */
#define TONE_MAKER_0_DBM0 22300

enum { TONE_MAKER_SILENCE = -1 };

/* The four low frequencies, then the four high ones. */
extern const double TONE_MAKER_HERTZ[8];

/* Writes a frame of a key, by its event code (RFC 4733), that begins `at` samples after the key, or of silence. `encoder` is for G.722
   alone, and goes on from frame to frame. */
void tone_maker_frame(const struct g711 *g711, enum codec codec, struct g722_encoder *encoder, int event, unsigned at,
                      uint8_t out[RTP_FRAME_SIZE]);

#endif
