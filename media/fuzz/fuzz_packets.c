/* Fuzzes what comes from the network: RTP, RTCP, telephone events, tones, and the numbering of a relay.

   The input is a run of packets, each with a 2-byte length before it, fed to one session's worth of state. */
#include <stdlib.h>
#include <string.h>

#include "../engine/dtmf.h"
#include "../engine/reception.h"
#include "../engine/relay.h"
#include "../engine/rtcp.h"
#include "../engine/rtp.h"
#include "../engine/source_lock.h"
#include "../engine/tones.h"
#include "../engine/transmit.h"
#include "../engine/wire.h"

struct party {
    struct reception reception;
    struct relay relay;
    struct transmit transmit;
    struct dtmf_receiver dtmf;
    struct source_lock source;
    struct rtcp_state rtcp;
    struct tones *tones[3];  /* By codec. */
    uint64_t now;
};

static void check(bool fine)
{
    if (!fine)
        abort();
}

static void take_rtp(struct party *party, const struct rtp_packet *received, const union address *source)
{
    struct dtmf_digit digits[2];
    bool accepted = source_lock_accepts(&party->source, source, received);
    check(!accepted || address_equal(source, &party->source.remote));
    enum reception_result place = reception_packet(&party->reception, received, party->now);
    check(reception_lost(&party->reception) <= reception_expected(&party->reception));
    check(reception_jitter_ms(&party->reception) >= 0);
    if (place == RECEPTION_REFUSED)
        return;
    int ended = dtmf_receive(&party->dtmf, received, party->now, digits);
    check(ended >= 0 && ended <= 2);
    for (int i = 0; i < ended; i++)
        check(strchr("0123456789*#ABCD", digits[i].digit) != NULL);
    for (int codec = 0; codec < 3; codec++) {
        struct rtp_packet event;
        bool sounds = tones_hear(party->tones[codec], received, place, &event);
        check(!sounds || (event.payload_size == DTMF_PAYLOAD_SIZE && event.payload[0] < 16 && event.sequence == received->sequence));
    }
    struct rtp_packet packet = *received;
    if (!relay_number(&party->relay, &party->transmit, &packet, place == RECEPTION_RESTART, party->now))
        return;
    check(packet.ssrc == party->transmit.ssrc);
    uint8_t header[RTP_HEADER_SIZE];
    rtp_write_header(header, &packet);
    party->transmit.started = true;
    party->transmit.timestamp = packet.timestamp;
    party->transmit.sent_at = party->now;
    party->transmit.next_sequence = (uint16_t)(packet.sequence + 1);
    party->transmit.packets++;
}

static void take_rtcp(struct party *party, const uint8_t *data, size_t size)
{
    uint8_t report[RTCP_MAX_SIZE];
    if (!rtcp_read(&party->rtcp, data, size, party->transmit.ssrc, party->now, party->now << 20))
        return;
    check(party->rtcp.round_trip_ms >= 0);
    size_t written = rtcp_write(&party->rtcp, &party->transmit, &party->reception, "fuzz", true, party->now, 1, report);
    struct rtcp_state other = {0};
    check(written <= RTCP_MAX_SIZE && rtcp_read(&other, report, written, party->reception.ssrc, party->now, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct party party = {.now = 1000000000, .transmit.ssrc = 0x01020304};
    struct dtmf_digit digit;
    static struct g711 g711;
    union address sources[2];
    if (g711.linear_of_alaw[0] == 0)
        g711_init(&g711);
    for (int codec = 0; codec < 3; codec++)
        party.tones[codec] = tones_new(&g711, (enum codec)codec);
    address_parse_host("127.0.0.1", 4000, &sources[0]);
    address_parse_host("::1", 4000, &sources[1]);
    while (size >= 2) {
        size_t length = wire_read16(data) & 0x7ff;
        const union address *source = &sources[data[0] >> 7];
        data += 2;
        size -= 2;
        if (length > size)
            length = size;
        /* A copy of its own, so that a read beyond it is seen. */
        uint8_t *datagram = malloc(length ? length : 1);
        memcpy(datagram, data, length);
        struct rtp_packet packet;
        if (rtp_parse(datagram, length, &packet)) {
            check(packet.payload >= datagram && packet.payload + packet.payload_size <= datagram + length);
            take_rtp(&party, &packet, source);
        }
        take_rtcp(&party, datagram, length);
        free(datagram);
        data += length;
        size -= length;
        party.now += 20000000;
        dtmf_expire(&party.dtmf, party.now, &digit);
    }
    for (int codec = 0; codec < 3; codec++)
        tones_free(party.tones[codec]);
    return 0;
}
