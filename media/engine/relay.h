/* How one leg's packets become part of the other leg's stream: numbers shifted, so that losses and order stay visible. */
#ifndef MEDIA_RELAY_H
#define MEDIA_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "reception.h"
#include "rtp.h"
#include "transmit.h"

/* Zeroed has yet to see a packet. */
struct relay {
    bool joined;
    uint32_t ssrc;              /* Of the source that the shifts belong to. */
    uint16_t oldest;            /* Its first sequence number that was relayed, or the oldest that may still come late. */
    uint16_t sequence_shift;
    uint32_t timestamp_shift;
};

/* Gives a received packet, taken as `place`, the numbers and SSRC of the stream `transmit`, setting the marker where it joins the
   stream. False for a packet older than the join, whose number another packet has. */
bool relay_number(struct relay *relay, const struct transmit *transmit, struct rtp_packet *packet, enum reception_result place,
                  uint64_t now);

/* Closes the gap that a packet which is not passed on, taken as `place`, would leave: not that of a late one, which others have gone past. */
void relay_skip(struct relay *relay, const struct rtp_packet *packet, enum reception_result place);

#endif
