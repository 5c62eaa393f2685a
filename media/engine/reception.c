#include "reception.h"

#include "rtp.h"

enum {
    MAX_DROPOUT = 3000,   /* RFC 3550 A.1: the largest gap that is believed at once. */
    NO_RESTART = 0x10001,
};

static uint64_t expected_of_source(const struct reception *reception)
{
    return reception->started ? (uint64_t)reception->cycles + reception->highest - reception->base + 1 : 0;
}

static void start_source(struct reception *reception, const struct rtp_packet *packet)
{
    reception->earlier_expected += expected_of_source(reception);
    reception->earlier_received += reception->received;
    reception->started = true;
    reception->ssrc = packet->ssrc;
    reception->highest = packet->sequence;
    reception->base = packet->sequence;
    reception->cycles = 0;
    reception->restart = NO_RESTART;
    reception->received = 0;
    reception->expected_prior = 0;
    reception->received_prior = 0;
    reception->transit = 0;
    reception->jitter_scaled = 0;
}

static void measure_jitter(struct reception *reception, const struct rtp_packet *packet, uint64_t now)
{
    /* RFC 3550 A.8, in timestamp units. The transit of the first packet is only a reference. */
    uint32_t arrival = (uint32_t)(now / (1000000000 / RTP_CLOCK_RATE));
    uint32_t transit = arrival - packet->timestamp;
    if (reception->received > 1) {
        int32_t difference = (int32_t)(transit - reception->transit);
        uint32_t magnitude = difference < 0 ? 0u - (uint32_t)difference : (uint32_t)difference;
        reception->jitter_scaled += magnitude - ((reception->jitter_scaled + 8) >> 4);
    }
    reception->transit = transit;
}

static enum reception_result place(struct reception *reception, const struct rtp_packet *packet)
{
    if (!reception->started || packet->ssrc != reception->ssrc) {
        start_source(reception, packet);
        return RECEPTION_RESTART;
    }
    uint16_t step = (uint16_t)(packet->sequence - reception->highest);
    if (step > 0 && step < MAX_DROPOUT) {
        if (packet->sequence < reception->highest)
            reception->cycles += 0x10000;
        reception->highest = packet->sequence;
        reception->restart = NO_RESTART;
        return RECEPTION_NEXT;
    }
    if (step == 0 || step > 0x10000 - RECEPTION_MOST_LATE)
        return RECEPTION_LATE;
    if (packet->sequence == reception->restart) {
        start_source(reception, packet);
        return RECEPTION_RESTART;
    }
    reception->restart = (uint16_t)(packet->sequence + 1);
    return RECEPTION_REFUSED;
}

enum reception_result reception_packet(struct reception *reception, const struct rtp_packet *packet, uint64_t now)
{
    enum reception_result result = place(reception, packet);
    if (result == RECEPTION_REFUSED)
        return result;
    reception->received++;
    if (result == RECEPTION_LATE)
        reception->late++;
    measure_jitter(reception, packet, now);
    return result;
}

uint64_t reception_expected(const struct reception *reception)
{
    return reception->earlier_expected + expected_of_source(reception);
}

uint64_t reception_lost(const struct reception *reception)
{
    uint64_t expected = reception_expected(reception);
    uint64_t received = reception->earlier_received + reception->received;
    return expected > received ? expected - received : 0;
}

double reception_jitter_ms(const struct reception *reception)
{
    return reception->jitter_scaled / 16.0 / (RTP_CLOCK_RATE / 1000.0);
}

uint32_t reception_extended_highest(const struct reception *reception)
{
    return reception->cycles + reception->highest;
}

uint8_t reception_fraction_lost(struct reception *reception)
{
    uint32_t expected = (uint32_t)expected_of_source(reception);
    uint32_t expected_now = expected - reception->expected_prior;
    uint32_t received_now = reception->received - reception->received_prior;
    reception->expected_prior = expected;
    reception->received_prior = reception->received;
    if (expected_now == 0 || received_now >= expected_now)
        return 0;
    return (uint8_t)(((uint64_t)(expected_now - received_now) << 8) / expected_now);
}
