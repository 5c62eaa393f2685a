/* Telephone events in RTP (RFC 4733): DTMF digits received and sent. */
#ifndef MEDIA_DTMF_H
#define MEDIA_DTMF_H

#include <stdbool.h>
#include <stdint.h>

struct rtp_packet;

enum { DTMF_PAYLOAD_SIZE = 4, DTMF_QUEUE_SIZE = 64, DTMF_MIN_MS = 40, DTMF_MAX_MS = 5000 };

struct dtmf_digit {
    char digit;  /* One of 0-9 * # A-D. */
    uint32_t duration_ms;
};

/* Zeroed is ready. An event is told once, when it has ended. */
struct dtmf_receiver {
    bool active;
    uint8_t event;
    uint32_t ssrc;
    uint32_t timestamp;   /* The event's RTP timestamp: its identity within the stream. */
    uint16_t duration;    /* Of the segment with that timestamp, timestamp units. */
    uint32_t earlier;     /* Of the segments before it. */
    uint64_t last_at;     /* Nanoseconds. */
    bool any_ended;
    uint32_t ended_timestamp;
};

/* Takes a telephone-event packet; writes the digits that ended with it and returns their number, 0 to 2. */
int dtmf_receive(struct dtmf_receiver *receiver, const struct rtp_packet *packet, uint64_t now, struct dtmf_digit out[2]);

/* Ends an event whose end packets were all lost; returns 1 when it did. */
int dtmf_expire(struct dtmf_receiver *receiver, uint64_t now, struct dtmf_digit *out);

/* Writes the payload of a telephone event; `duration` in timestamp units. */
void dtmf_write_payload(uint8_t payload[DTMF_PAYLOAD_SIZE], uint8_t event, bool ends, uint16_t duration);

enum dtmf_phase { DTMF_IDLE, DTMF_TONE, DTMF_END, DTMF_PAUSE };

/* Zeroed is idle. Driven once each 20 ms. */
struct dtmf_sender {
    enum dtmf_phase phase;
    bool audible;         /* Keys are tones in the audio: their end is not repeated, and the pause behind it is silence that is sent. */
    unsigned count;       /* Of digits in the queue, from its head on. */
    unsigned head;
    unsigned step;        /* Frames done in this phase. */
    uint32_t timestamp;   /* Of the event being sent. */
    uint16_t duration;
    struct {
        uint8_t event;
        uint16_t duration;  /* Timestamp units. */
    } queue[DTMF_QUEUE_SIZE];
};

/* Queues digits of `duration_ms` each; false (and nothing queued) for an unknown digit or when they do not fit. */
bool dtmf_queue(struct dtmf_sender *sender, const char *digits, unsigned duration_ms);

static inline bool dtmf_sending(const struct dtmf_sender *sender)
{
    return sender->phase != DTMF_IDLE || sender->count > 0;
}

struct dtmf_packet {
    bool starts;  /* First packet of an event: the marker bit is set and its timestamp is the present. */
    bool sounds;  /* Else it is the pause behind an audible key. */
    uint16_t at;  /* For how long the key has sounded before, timestamp units. */
    uint8_t payload[DTMF_PAYLOAD_SIZE];
};

/* What this frame's packet is; false when audio may be sent: when idle, and in the pause between digits that are not audible. */
bool dtmf_next(struct dtmf_sender *sender, struct dtmf_packet *packet);

#endif
