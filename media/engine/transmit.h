/* The one RTP stream that a session sends, whatever feeds it: its timestamps never go back and follow the clock. */
#ifndef MEDIA_TRANSMIT_H
#define MEDIA_TRANSMIT_H

#include <stdbool.h>
#include <stdint.h>

struct transmit {
    bool started;
    uint32_t ssrc;
    uint16_t next_sequence;
    uint32_t timestamp;  /* Of the last packet. */
    uint64_t sent_at;    /* When it was due, nanoseconds. */
    uint64_t packets;
    uint64_t octets;     /* Payload bytes (RFC 3550 §6.4.1). */
};

/* The timestamp of a packet sent at `now` and not numbered by another sender: a frame after the last one, or as much later as
   the clock says. */
uint32_t transmit_timestamp(const struct transmit *transmit, uint64_t now);

/* True when a packet sent at `now` follows a silence, which the marker bit tells (RFC 3551 §4.1). */
bool transmit_after_silence(const struct transmit *transmit, uint64_t now);

/* The timestamp that belongs to `now`, for a sender report. */
uint32_t transmit_clock(const struct transmit *transmit, uint64_t now);

#endif
