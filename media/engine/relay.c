#include "relay.h"

bool relay_number(struct relay *relay, const struct transmit *transmit, struct rtp_packet *packet, enum reception_result place,
                  uint64_t now)
{
    if (!relay->joined || place == RECEPTION_RESTART || relay->ssrc != packet->ssrc) {
        relay->joined = true;
        relay->ssrc = packet->ssrc;
        relay->oldest = packet->sequence;
        relay->sequence_shift = (uint16_t)(transmit->next_sequence - packet->sequence);
        relay->timestamp_shift = transmit_timestamp(transmit, now) - packet->timestamp;
        packet->marker = true;
    } else if (place == RECEPTION_LATE) {
        if ((int16_t)(packet->sequence - relay->oldest) < 0)
            return false;
    } else if ((uint16_t)(packet->sequence - relay->oldest) > RECEPTION_MOST_LATE) {
        relay->oldest = (uint16_t)(packet->sequence - RECEPTION_MOST_LATE);
    }
    packet->sequence = (uint16_t)(packet->sequence + relay->sequence_shift);
    packet->timestamp += relay->timestamp_shift;
    packet->ssrc = transmit->ssrc;
    return true;
}

void relay_skip(struct relay *relay, const struct rtp_packet *packet, enum reception_result place)
{
    if (place == RECEPTION_RESTART) {
        relay->joined = false;
    } else if (place == RECEPTION_NEXT) {
        relay->sequence_shift--;
        relay->oldest = (uint16_t)(packet->sequence + 1);
    }
}
