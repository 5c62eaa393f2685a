#include "g711.h"

#include <string.h>

/* ITU-T G.711 table 1: even bits inverted, 8 segments, the two lowest equally steep. */
static int16_t linear_of_alaw(uint8_t code)
{
    code ^= 0x55;
    int segment = (code & 0x70) >> 4;
    int magnitude = ((code & 0x0f) << 4) + 8;
    if (segment >= 1)
        magnitude += 0x100;
    if (segment > 1)
        magnitude <<= segment - 1;
    return (int16_t)(code & 0x80 ? magnitude : -magnitude);
}

/* ITU-T G.711 table 2: all bits inverted, 8 segments, biased by 33 quarter steps. */
static int16_t linear_of_ulaw(uint8_t code)
{
    enum { BIAS = 0x84 };
    code = (uint8_t)~code;
    int magnitude = (((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4);
    return (int16_t)(code & 0x80 ? BIAS - magnitude : magnitude - BIAS);
}

/* The code of the other law whose sample lies nearest; a sign is never changed. */
static uint8_t nearest(int16_t sample, uint8_t sign, const int16_t *linear)
{
    uint8_t best = sign;
    int best_distance = 1 << 20;
    for (int code = 0; code < 128; code++) {
        int distance = linear[sign | code] - sample;
        if (distance < 0)
            distance = -distance;
        if (distance < best_distance) {
            best_distance = distance;
            best = (uint8_t)(sign | code);
        }
    }
    return best;
}

void g711_init(struct g711 *tables)
{
    for (int code = 0; code < 256; code++) {
        tables->linear_of_alaw[code] = linear_of_alaw((uint8_t)code);
        tables->linear_of_ulaw[code] = linear_of_ulaw((uint8_t)code);
    }
    for (int code = 0; code < 256; code++) {
        /* Both laws send the sign as the top bit, 1 for positive. */
        uint8_t sign = (uint8_t)(code & 0x80);
        tables->alaw_of_ulaw[code] = nearest(tables->linear_of_ulaw[code], sign, tables->linear_of_alaw);
        tables->ulaw_of_alaw[code] = nearest(tables->linear_of_alaw[code], sign, tables->linear_of_ulaw);
    }
}

bool g711_convertible(enum codec from, enum codec to)
{
    return from == to || (from != CODEC_G722 && to != CODEC_G722);
}

void g711_convert(const struct g711 *tables, enum codec from, enum codec to, const uint8_t *in, uint8_t *out, size_t size)
{
    if (from == to) {
        memcpy(out, in, size);
        return;
    }
    const uint8_t *table = from == CODEC_PCMA ? tables->ulaw_of_alaw : tables->alaw_of_ulaw;
    for (size_t i = 0; i < size; i++)
        out[i] = table[in[i]];
}

uint8_t g711_encode(const struct g711 *tables, enum codec codec, int16_t sample)
{
    return nearest(sample, sample < 0 ? 0 : 0x80, codec == CODEC_PCMA ? tables->linear_of_alaw : tables->linear_of_ulaw);
}
