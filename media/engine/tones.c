#include "tones.h"

#include <stdlib.h>

#include "g722.h"
#include "tone_detector.h"
#include "tone_maker.h"
#include "wire.h"

enum {
    BEGIN_HITS = 5,      /* Steps in a row that make a key, the first and the last half filled by it: 40 ms are heard, 20 are not. */
    END_MISSES = 8,      /* Steps without it that end one: 40 ms, of which the tone's own end takes a part. */
    END_PACKETS = 3,     /* RFC 4733 §2.5.1.4. */
    LONGEST_GAP = 800,   /* Lost samples over which a key goes on: 100 ms. */
    LONGEST_KEY = 0xffff,
    LONGEST_ECHO = 8000, /* Samples after a key of ours in which an old line may send it back: a second. */
};

struct tones {
    const struct g711 *g711;
    enum codec codec;
    struct g722_decoder decoder;
    struct g722_encoder encoder;
    struct tone_detector detector;
    bool started;
    uint32_t next;           /* Timestamp of the sample that is to come. */
    unsigned filled;         /* Samples of the step that is begun. */
    int16_t step[TONE_STEP];
    int heard;               /* What the last steps had, */
    unsigned hits;           /* and how many they were. */
    unsigned misses;
    int key;                 /* That sounds, or did last. */
    bool sounds;
    bool told;               /* Its first event was given out. */
    unsigned ends;           /* Events that are still to tell its end. */
    uint32_t from;           /* Timestamps of the key, */
    uint32_t to;             /* up to where it was heard. */
    unsigned echo;           /* Samples in which keys of ours may still come back, */
    unsigned sounded;        /* and which those are: a bit for each. */
    uint8_t payload[DTMF_PAYLOAD_SIZE];
    uint8_t frame[RTP_FRAME_SIZE];
};

struct tones *tones_new(const struct g711 *g711, enum codec codec)
{
    struct tones *tones = calloc(1, sizeof *tones);
    if (!tones)
        return NULL;
    tones->g711 = g711;
    tones->codec = codec;
    tones->heard = TONE_NONE;
    g722_init(&tones->decoder);
    g722_encoder_init(&tones->encoder);
    tone_detector_init(&tones->detector);
    return tones;
}

void tones_free(struct tones *tones)
{
    free(tones);
}

enum codec tones_codec(const struct tones *tones)
{
    return tones->codec;
}

static void begin(struct tones *tones, uint32_t end)
{
    tones->key = tones->heard;
    tones->sounds = true;
    tones->told = false;
    tones->ends = 0;
    tones->misses = 0;
    tones->from = end - (BEGIN_HITS - 1 + TONE_WINDOW) * TONE_STEP;
    tones->to = end;
}

/* A step that ends at the timestamp `end` has `heard` a key, or none. */
static void take_step(struct tones *tones, int heard, uint32_t end)
{
    if (heard == TONE_UNKNOWN)
        return;
    tones->hits = heard == tones->heard ? tones->hits + 1 : 1;
    tones->heard = heard;
    if (!tones->sounds) {
        if (heard != TONE_NONE && tones->hits == BEGIN_HITS && !(tones->sounded & 1u << heard))
            begin(tones, end);
    } else if (heard == tones->key) {
        tones->misses = 0;
        tones->to = end;
    } else if (++tones->misses == END_MISSES) {
        tones->sounds = false;
        tones->ends = END_PACKETS;
        tones->hits = 0;
    }
}

static int16_t decode(struct tones *tones, uint8_t byte)
{
    if (tones->codec != CODEC_G722)
        return (tones->codec == CODEC_PCMA ? tones->g711->linear_of_alaw : tones->g711->linear_of_ulaw)[byte];
    int16_t pair[2];
    g722_decode(&tones->decoder, byte, pair);
    return (int16_t)((pair[0] + pair[1]) / 2);
}

/* What is lost is neither a part of a key nor the end of one, unless it is long. */
static void pass_gap(struct tones *tones, const struct rtp_packet *packet, enum reception_result place)
{
    uint32_t lost = packet->timestamp - tones->next;
    if (tones->started && place == RECEPTION_NEXT && lost == 0)
        return;
    tones->filled = 0;
    tone_detector_skip(&tones->detector);
    if (tones->started && place == RECEPTION_NEXT && lost <= LONGEST_GAP)
        return;
    tones->started = true;
    tones->heard = TONE_NONE;
    tones->hits = 0;
    tones->sounds = false;
    tones->ends = 0;
}

static void listen(struct tones *tones, const struct rtp_packet *packet, enum reception_result place)
{
    pass_gap(tones, packet, place);
    for (size_t i = 0; i < packet->payload_size; i++) {
        tones->step[tones->filled++] = decode(tones, packet->payload[i]);
        if (tones->filled < TONE_STEP)
            continue;
        tones->filled = 0;
        take_step(tones, tone_detector_take(&tones->detector, tones->step), packet->timestamp + (uint32_t)i + 1);
    }
    tones->next = packet->timestamp + (uint32_t)packet->payload_size;
    tones->echo = tones->echo > packet->payload_size ? tones->echo - (unsigned)packet->payload_size : 0;
    if (tones->echo == 0)
        tones->sounded = 0;
}

bool tones_hear(struct tones *tones, const struct rtp_packet *packet, enum reception_result place, struct rtp_packet *event)
{
    /* What comes late was counted as lost. */
    if (place != RECEPTION_LATE)
        listen(tones, packet, place);
    if (!tones->sounds && tones->ends == 0)
        return false;
    uint32_t duration = tones->to - tones->from;
    dtmf_write_payload(tones->payload, (uint8_t)tones->key, !tones->sounds, duration < LONGEST_KEY ? (uint16_t)duration : LONGEST_KEY);
    *event = *packet;
    event->marker = !tones->told;
    event->timestamp = tones->from;
    event->payload = tones->payload;
    event->payload_size = sizeof tones->payload;
    tones->told = true;
    if (!tones->sounds)
        tones->ends--;
    return true;
}

const uint8_t *tones_sound(struct tones *tones, const struct dtmf_packet *key)
{
    int event = key->sounds ? key->payload[0] : TONE_MAKER_SILENCE;
    tones->echo = LONGEST_ECHO;
    tones->sounded |= key->sounds ? 1u << event : 0;
    tone_maker_frame(tones->g711, tones->codec, &tones->encoder, event, key->at, tones->frame);
    return tones->frame;
}
