/* What one receiver knows of an RTP source: sequence, loss, jitter (RFC 3550 appendix A.1, A.3, A.8). */
#ifndef MEDIA_RECEPTION_H
#define MEDIA_RECEPTION_H

#include <stdbool.h>
#include <stdint.h>

struct rtp_packet;

/* How far a packet may come behind the latest and count as late (MAX_MISORDER of RFC 3550 A.1). */
enum { RECEPTION_MOST_LATE = 100 };

/* Zeroed is ready for use. Times are nanoseconds of the monotonic clock. */
struct reception {
    bool started;
    uint32_t ssrc;
    uint16_t highest;         /* Highest sequence number seen. */
    uint32_t cycles;          /* Sequence number wraps, times 65536. */
    uint32_t base;            /* First extended sequence number of this source. */
    uint32_t restart;         /* Sequence number that would confirm a restart of the sender; above 65535 when none. */
    uint32_t received;        /* Packets of this source. */
    uint32_t expected_prior;  /* At the last report. */
    uint32_t received_prior;
    uint32_t transit;
    uint32_t jitter_scaled;   /* Timestamp units times 16. */
    uint64_t earlier_expected; /* Of the sources before this one on the same session. */
    uint64_t earlier_received;
    uint64_t late;            /* Packets that came after a later one. */
};

enum reception_result { RECEPTION_NEXT, RECEPTION_LATE, RECEPTION_RESTART, RECEPTION_REFUSED };

/* Takes a packet into the account. RESTART: a new source or a sender that began anew, so nothing before compares with it.
   REFUSED: a sequence jump that a second packet in order has yet to confirm; drop the packet. */
enum reception_result reception_packet(struct reception *reception, const struct rtp_packet *packet, uint64_t now);

/* Packets expected and not received since the session began, never below zero. */
uint64_t reception_lost(const struct reception *reception);
uint64_t reception_expected(const struct reception *reception);
double reception_jitter_ms(const struct reception *reception);
uint32_t reception_extended_highest(const struct reception *reception);

/* Fraction lost since the last call, in 1/256, for a report block. */
uint8_t reception_fraction_lost(struct reception *reception);

#endif
