/* G.722 at 64 kbit/s (ITU-T G.722): decoded for recordings and for keys, encoded for keys alone. */
#ifndef MEDIA_G722_H
#define MEDIA_G722_H

#include <stdint.h>

/* The state of one sub-band's adaptive predictor, named as in the recommendation (clause 6). */
struct g722_band {
    int nb;       /* Logarithmic scale factor. */
    int det;      /* Scale factor. */
    int s;        /* Predicted value, */
    int sz;       /* and the zeros' part of it. */
    int r[3];
    int p[3];
    int a[3];
    int b[7];
    int d[7];
};

struct g722_decoder {
    struct g722_band low;
    struct g722_band high;
    int x[24];    /* Delay line of the receive QMF. */
};

struct g722_encoder {
    struct g722_band low;
    struct g722_band high;
    int x[24];    /* Delay line of the transmit QMF. */
};

void g722_init(struct g722_decoder *decoder);

/* Decodes one byte to two samples at 16 kHz. */
void g722_decode(struct g722_decoder *decoder, uint8_t code, int16_t out[2]);

void g722_encoder_init(struct g722_encoder *encoder);

/* Encodes two samples at 16 kHz. */
uint8_t g722_encode(struct g722_encoder *encoder, const int16_t in[2]);

#endif
