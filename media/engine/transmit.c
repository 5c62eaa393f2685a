#include "transmit.h"

#include "rtp.h"

static const uint64_t UNIT_NS = 1000000000 / RTP_CLOCK_RATE;

uint32_t transmit_clock(const struct transmit *transmit, uint64_t now)
{
    return transmit->timestamp + (now > transmit->sent_at ? (uint32_t)((now - transmit->sent_at) / UNIT_NS) : 0);
}

uint32_t transmit_timestamp(const struct transmit *transmit, uint64_t now)
{
    if (!transmit->started)
        return transmit->timestamp;
    uint32_t present = transmit_clock(transmit, now);
    uint32_t least = transmit->timestamp + RTP_FRAME_SAMPLES;
    return (int32_t)(present - least) > 0 ? present : least;
}

bool transmit_after_silence(const struct transmit *transmit, uint64_t now)
{
    return !transmit->started || now > transmit->sent_at + 2 * (uint64_t)RTP_FRAME_NS;
}
