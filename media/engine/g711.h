/* G.711: a-law and µ-law, each to the other and to 16-bit samples. */
#ifndef MEDIA_G711_H
#define MEDIA_G711_H

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

/* Copies `size` payload bytes, converting between the two laws; returns 0, or -1 where no table leads from one to the other. */
int g711_convert(const struct g711 *tables, enum codec from, enum codec to, const uint8_t *in, uint8_t *out, size_t size);

#endif
