/* G.711: a-law and µ-law, each to the other and to 16-bit samples. */
#ifndef MEDIA_G711_H
#define MEDIA_G711_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum codec { CODEC_PCMA, CODEC_PCMU, CODEC_G722 };

/* Lookup tables, computed once when an engine starts. */
struct g711 {
    uint8_t alaw_of_ulaw[256];
    uint8_t ulaw_of_alaw[256];
    int16_t linear_of_alaw[256];
    int16_t linear_of_ulaw[256];
};

void g711_init(struct g711 *tables);

/* True where payloads of one codec can be made those of the other. */
bool g711_convertible(enum codec from, enum codec to);

/* Copies `size` payload bytes, converting between the two laws of G.711. */
void g711_convert(const struct g711 *tables, enum codec from, enum codec to, const uint8_t *in, uint8_t *out, size_t size);

/* The code whose sample lies nearest. */
uint8_t g711_encode(const struct g711 *tables, enum codec codec, int16_t sample);

#endif
