#include "relay.h"

bool relay_number(struct relay *relay, struct transmit *transmit, struct rtp_packet *packet, bool anew, uint64_t now)
{
    if (!relay->joined || anew || relay->ssrc != packet->ssrc) {
        relay->joined = true;
        relay->ssrc = packet->ssrc;
        relay->first = packet->sequence;
        relay->sequence_shift = (uint16_t)(transmit->next_sequence - packet->sequence);
        relay->timestamp_shift = transmit_timestamp(transmit, now) - packet->timestamp;
        packet->marker = true;
    } else if ((int16_t)(packet->sequence - relay->first) < 0) {
        return false;
    }
    packet->sequence = (uint16_t)(packet->sequence + relay->sequence_shift);
    packet->timestamp += relay->timestamp_shift;
    packet->ssrc = transmit->ssrc;
    return true;
}

void relay_skip(struct relay *relay)
{
    relay->sequence_shift--;
}
