#include "source_lock.h"

#include <string.h>

#include "rtp.h"

enum { PROBATION_PACKETS = 3, FORMER_PROBATION_PACKETS = 50 };

void source_lock_reset(struct source_lock *lock, const union address *signalled)
{
    if (!address_equal(signalled, &lock->signalled)) {
        lock->former = lock->remote;
        lock->signalled = *signalled;
        lock->remote = *signalled;
    }
    lock->locked = false;
    lock->candidate_packets = 0;
}

static bool on_probation(struct source_lock *lock, const union address *source, const struct rtp_packet *packet)
{
    bool consistent = lock->candidate_packets > 0 && address_equal(source, &lock->candidate) &&
                      packet->ssrc == lock->candidate_ssrc &&
                      packet->sequence == (uint16_t)(lock->candidate_sequence + 1);
    lock->candidate = *source;
    lock->candidate_ssrc = packet->ssrc;
    lock->candidate_sequence = packet->sequence;
    lock->candidate_packets = consistent ? lock->candidate_packets + 1 : 1;
    return lock->candidate_packets < (address_equal(source, &lock->former) ? FORMER_PROBATION_PACKETS : PROBATION_PACKETS);
}

bool source_lock_accepts(struct source_lock *lock, const union address *source, const struct rtp_packet *packet)
{
    if (address_equal(source, &lock->remote)) {
        lock->locked = true;
        return true;
    }
    if (lock->locked && !address_equal(source, &lock->signalled))
        return false;
    if (on_probation(lock, source, packet))
        return false;
    lock->remote = *source;
    lock->locked = true;
    return true;
}
