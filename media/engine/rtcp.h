/* RTCP: reports sent and read (RFC 3550 §6). */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct reception;
struct transmit;

enum { RTCP_MAX_SIZE = 256 };

/* Zeroed has sent and heard nothing. Times are nanoseconds of the monotonic clock. */
struct rtcp_state {
    union address signalled;       /* Where the session description wants reports, if it says so. */
    union address remote;          /* Where they go. */
    bool remote_known;             /* Signalled, or heard of; else it is the port above RTP's until a report comes. */
    uint64_t next_report_at;
    uint64_t packets_at_report;    /* Sent RTP packets at the last report: a sender report needs new ones. */
    uint32_t last_sender_report;   /* Middle 32 bits of the peer's NTP time. */
    uint64_t last_sender_report_at;
    bool reported;                 /* The peer has told what it receives of ours: */
    uint8_t peer_fraction_lost;    /* in 1/256, */
    int32_t peer_lost;
    uint32_t peer_jitter;          /* timestamp units. */
    double round_trip_ms;          /* 0 when unknown. */
};

/* Writes a compound report (SR or RR, and SDES with `name` as CNAME); `bye` adds a BYE. Returns its size. `out` holds RTCP_MAX_SIZE. */
size_t rtcp_write(struct rtcp_state *state, const struct transmit *transmit, struct reception *reception, const char *name,
                  bool bye, uint64_t now, uint64_t ntp_now, uint8_t *out);

/* Reads a compound packet about our stream `ssrc`; false when it is not valid by RFC 3550 A.2. */
bool rtcp_read(struct rtcp_state *state, const uint8_t *data, size_t size, uint32_t ssrc, uint64_t now, uint64_t ntp_now);

/* RTP goes to `source` from now on, and reports where that is signalled for it, or to the port above until one comes from elsewhere. */
void rtcp_turn(struct rtcp_state *state, const union address *source, bool source_signalled);

/* Nanoseconds until the next report: 5 s, varied by RFC 3550 §6.3.1; `random` is uniform over its range. */
uint64_t rtcp_interval(uint32_t random, bool first);

/* The present as a 64-bit NTP timestamp. */
uint64_t rtcp_ntp_now(void);

#endif
