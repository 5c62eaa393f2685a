#include "rtcp.h"

#include <string.h>
#include <time.h>

#include "reception.h"
#include "transmit.h"
#include "wire.h"

enum { SENDER_REPORT = 200, RECEIVER_REPORT = 201, SOURCE_DESCRIPTION = 202, GOODBYE = 203 };
enum { HEADER_SIZE = 8, SENDER_INFO_SIZE = 20, BLOCK_SIZE = 24, CNAME = 1, MAX_CNAME = 64 };

static void write_header(uint8_t *out, unsigned count, unsigned type, size_t size)
{
    out[0] = (uint8_t)(0x80 | count);
    out[1] = (uint8_t)type;
    wire_write16(out + 2, (uint16_t)(size / 4 - 1));
}

static void write_sender_info(uint8_t *out, const struct transmit *transmit, uint64_t now, uint64_t ntp_now)
{
    wire_write32(out, (uint32_t)(ntp_now >> 32));
    wire_write32(out + 4, (uint32_t)ntp_now);
    wire_write32(out + 8, transmit_clock(transmit, now));
    wire_write32(out + 12, (uint32_t)transmit->packets);
    wire_write32(out + 16, (uint32_t)transmit->octets);
}

static void write_block(uint8_t *out, const struct rtcp_state *state, struct reception *reception, uint64_t now)
{
    uint64_t expected = (uint64_t)reception->cycles + reception->highest - reception->base + 1;
    int64_t lost = (int64_t)expected - reception->received;
    if (lost > 0x7fffff)
        lost = 0x7fffff;
    if (lost < -0x800000)
        lost = -0x800000;
    uint64_t delay = state->last_sender_report_at ? (now - state->last_sender_report_at) * 65536 / 1000000000 : 0;
    wire_write32(out, reception->ssrc);
    wire_write32(out + 4, ((uint32_t)lost & 0xffffff) | (uint32_t)reception_fraction_lost(reception) << 24);
    wire_write32(out + 8, reception_extended_highest(reception));
    wire_write32(out + 12, reception->jitter_scaled >> 4);
    wire_write32(out + 16, state->last_sender_report);
    wire_write32(out + 20, (uint32_t)delay);
}

static size_t write_description(uint8_t *out, uint32_t ssrc, const char *name)
{
    size_t length = strnlen(name, MAX_CNAME);
    /* Item, its end marker, and zeroes to the next 32-bit border. */
    size_t size = (HEADER_SIZE + 2 + length + 1 + 3) & ~(size_t)3;
    memset(out, 0, size);
    write_header(out, 1, SOURCE_DESCRIPTION, size);
    wire_write32(out + 4, ssrc);
    out[8] = CNAME;
    out[9] = (uint8_t)length;
    memcpy(out + 10, name, length);
    return size;
}

size_t rtcp_write(struct rtcp_state *state, const struct transmit *transmit, struct reception *reception, const char *name,
                  bool bye, uint64_t now, uint64_t ntp_now, uint8_t *out)
{
    bool sender = transmit->packets != state->packets_at_report;
    bool receiver = reception->started;
    state->packets_at_report = transmit->packets;
    size_t size = HEADER_SIZE;
    if (sender) {
        write_sender_info(out + size, transmit, now, ntp_now);
        size += SENDER_INFO_SIZE;
    }
    if (receiver) {
        write_block(out + size, state, reception, now);
        size += BLOCK_SIZE;
    }
    write_header(out, receiver, sender ? SENDER_REPORT : RECEIVER_REPORT, size);
    wire_write32(out + 4, transmit->ssrc);
    size += write_description(out + size, transmit->ssrc, name);
    if (bye) {
        write_header(out + size, 1, GOODBYE, HEADER_SIZE);
        wire_write32(out + size + 4, transmit->ssrc);
        size += HEADER_SIZE;
    }
    return size;
}

/* RFC 3550 A.2: begins with a report without padding, version 2 throughout, and lengths that add up. */
static bool valid(const uint8_t *data, size_t size)
{
    if (size < HEADER_SIZE || (data[0] & 0xe0) != 0x80 || (data[1] != SENDER_REPORT && data[1] != RECEIVER_REPORT))
        return false;
    size_t at = 0;
    while (size - at >= 4) {
        if (data[at] >> 6 != 2)
            return false;
        size_t length = 4 + 4u * wire_read16(data + at + 2);
        if (length > size - at)
            return false;
        at += length;
    }
    return at == size;
}

static void read_block(struct rtcp_state *state, const uint8_t *block, uint64_t ntp_now)
{
    state->reported = true;
    state->peer_fraction_lost = block[4];
    state->peer_lost = (int32_t)(wire_read32(block + 4) << 8) >> 8;
    state->peer_jitter = wire_read32(block + 12);
    uint32_t last_report = wire_read32(block + 16);
    if (last_report == 0)
        return;
    /* RFC 3550 §6.4.1: round trip = now - LSR - DLSR, in 1/65536 s. */
    int32_t round_trip = (int32_t)((uint32_t)(ntp_now >> 16) - last_report - wire_read32(block + 20));
    if (round_trip >= 0)
        state->round_trip_ms = round_trip * 1000.0 / 65536;
}

bool rtcp_read(struct rtcp_state *state, const uint8_t *data, size_t size, uint32_t ssrc, uint64_t now, uint64_t ntp_now)
{
    if (!valid(data, size))
        return false;
    for (size_t at = 0; at < size;) {
        const uint8_t *packet = data + at;
        size_t length = 4 + 4u * wire_read16(packet + 2);
        at += length;
        size_t blocks = HEADER_SIZE;
        if (packet[1] == SENDER_REPORT && length >= HEADER_SIZE + SENDER_INFO_SIZE) {
            state->last_sender_report = wire_read32(packet + 10);
            state->last_sender_report_at = now;
            blocks += SENDER_INFO_SIZE;
        } else if (packet[1] != RECEIVER_REPORT) {
            continue;
        }
        for (unsigned i = packet[0] & 0x1f; i > 0 && blocks + BLOCK_SIZE <= length; i--, blocks += BLOCK_SIZE)
            if (wire_read32(packet + blocks) == ssrc)
                read_block(state, packet + blocks, ntp_now);
    }
    return true;
}

void rtcp_turn(struct rtcp_state *state, const union address *source, bool source_signalled)
{
    state->remote_known = source_signalled && address_known(&state->signalled);
    state->remote = state->remote_known ? state->signalled : *source;
    if (!state->remote_known && address_known(source))
        address_set_port(&state->remote, address_port(source) + 1);
}

uint64_t rtcp_interval(uint32_t random, bool first)
{
    /* A pair of parties stays at the minimum of 5 s, half of it before the first report; times 0.5 to 1.5, divided by e - 1.5
       against the bias of timer reconsideration. */
    double seconds = (first ? 2.5 : 5.0) * (0.5 + random / 4294967296.0) / 1.21828;
    return (uint64_t)(seconds * 1e9);
}

uint64_t rtcp_ntp_now(void)
{
    enum { NTP_OF_1970 = 2208988800u };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + NTP_OF_1970) << 32 | ((uint64_t)now.tv_nsec << 32) / 1000000000;
}
