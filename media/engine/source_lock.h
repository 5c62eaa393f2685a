/* Where a session's RTP comes from and goes to: learned from the first packets, then locked. */
#ifndef MEDIA_SOURCE_LOCK_H
#define MEDIA_SOURCE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct rtp_packet;

/* Zeroed knows no remote and learns it. */
struct source_lock {
    union address signalled;  /* What the session description said. */
    union address remote;     /* Where we send: the signalled address until another is learned. */
    union address former;     /* `remote` before another address was signalled. */
    bool locked;
    union address candidate;  /* A source that is not `remote` and on probation. */
    uint32_t candidate_ssrc;
    uint16_t candidate_sequence;
    unsigned candidate_packets;
};

/* Begins learning anew. A learned address stays in use while the signalled one is the same as before. */
void source_lock_reset(struct source_lock *lock, const union address *signalled);

/* True when a packet from this source is the session's. The address we send to is believed at its first packet; another one,
   a phone behind NAT, after three in order with one SSRC. Once locked, nobody else is, until the next reset, but for the signalled
   address where another was learned. Whom a call has left speaks on until it has heard of that, and is believed only after a second. */
bool source_lock_accepts(struct source_lock *lock, const union address *source, const struct rtp_packet *packet);

#endif
