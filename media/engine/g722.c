#include "g722.h"

#include <stdlib.h>
#include <string.h>

enum { QMF_TAPS = 24 };

static int clamp(int value, int lowest, int highest)
{
    return value < lowest ? lowest : value > highest ? highest : value;
}

static int saturate(int value)
{
    return clamp(value, INT16_MIN, INT16_MAX);
}

/* Blocks UPPOL1 and UPPOL2: the two poles follow the signs of the partly reconstructed signal. */
static void adapt_poles(struct g722_band *band)
{
    int same1 = (band->p[0] < 0) == (band->p[1] < 0);
    int same2 = (band->p[0] < 0) == (band->p[2] < 0);
    int step = saturate(band->a[1] * 4);
    step = same1 ? -step : step;
    int a2 = (clamp(step, -32768, 32767) >> 7) + (same2 ? 128 : -128) + ((band->a[2] * 32512) >> 15);
    a2 = clamp(a2, -12288, 12288);
    int limit = saturate(15360 - a2);
    band->a[1] = clamp(saturate((same1 ? 192 : -192) + ((band->a[1] * 32640) >> 15)), -limit, limit);
    band->a[2] = a2;
}

/* Block UPZERO: the six zeros follow the signs of the quantised difference. */
static void adapt_zeros(struct g722_band *band)
{
    int step = band->d[0] == 0 ? 0 : 128;
    for (int i = 1; i <= 6; i++) {
        int same = (band->d[i] < 0) == (band->d[0] < 0);
        band->b[i] = saturate((same ? step : -step) + ((band->b[i] * 32640) >> 15));
    }
}

/* Blocks RECONS to PREDIC: takes the quantised difference and predicts the next value. */
static void advance(struct g722_band *band, int difference)
{
    band->d[0] = difference;
    band->r[0] = saturate(band->s + difference);
    band->p[0] = saturate(band->sz + difference);
    adapt_poles(band);
    adapt_zeros(band);
    memmove(band->d + 1, band->d, 6 * sizeof *band->d);
    memmove(band->r + 1, band->r, 2 * sizeof *band->r);
    memmove(band->p + 1, band->p, 2 * sizeof *band->p);
    int poles = 0;
    for (int i = 1; i <= 2; i++)
        poles += (band->a[i] * saturate(2 * band->r[i])) >> 15;
    int zeros = 0;
    for (int i = 6; i >= 1; i--)
        zeros += (band->b[i] * saturate(2 * band->d[i])) >> 15;
    band->sz = saturate(zeros);
    band->s = saturate(saturate(poles) + band->sz);
}

/* Blocks SCALEL and SCALEH: from the logarithm to the scale factor; `base` is 8 in the lower band and 10 in the higher. */
static int scale(int nb, int base)
{
    static const int ILB[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
                                2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
    int mantissa = ILB[(nb >> 6) & 31];
    int shift = base - (nb >> 11);
    return (shift < 0 ? mantissa << -shift : mantissa >> shift) * 4;
}

/* What a code of the lower band means now. */
static int value_low(const struct g722_band *band, unsigned code)
{
    static const int QM6[64] = {
        -136,   -136,   -136,   -136,   -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
        -7192,  -6576,  -6000,  -5456,  -4944,  -4464,  -4008,  -3576,  -3168,  -2776,  -2400,  -2032,  -1688,  -1360, -1040, -728,
        24808,  21904,  19008,  16704,  14984,  13512,  12280,  11192,  10232,  9360,   8576,   7856,   7192,   6576,  6000,  5456,
        4944,   4464,   4008,   3576,   3168,   2776,   2400,   2032,   1688,   1360,   1040,   728,    432,    136,   -432,  -136};
    return clamp(band->s + ((band->det * QM6[code]) >> 15), -16384, 16383);
}

static void adapt_low(struct g722_band *band, unsigned code)
{
    static const int QM4[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
                                20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
    static const int RL42[16] = {0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0};
    static const int WL[8] = {-60, -30, 58, 172, 334, 538, 1198, 3042};
    /* The predictor works on four bits only, whatever the mode. */
    unsigned coarse = code >> 2;
    int difference = (band->det * QM4[coarse]) >> 15;
    band->nb = clamp(((band->nb * 127) >> 7) + WL[RL42[coarse]], 0, 18432);
    band->det = scale(band->nb, 8);
    advance(band, difference);
}

/* How far a code of the higher band is from what was predicted. */
static int difference_high(const struct g722_band *band, unsigned code)
{
    static const int QM2[4] = {-7408, -1616, 7408, 1616};
    return (band->det * QM2[code]) >> 15;
}

static int value_high(const struct g722_band *band, unsigned code)
{
    return clamp(band->s + difference_high(band, code), -16384, 16383);
}

static void adapt_high(struct g722_band *band, unsigned code)
{
    static const int WH[4] = {798, -214, 798, -214};
    int difference = difference_high(band, code);
    band->nb = clamp(((band->nb * 127) >> 7) + WH[code], 0, 22528);
    band->det = scale(band->nb, 10);
    advance(band, difference);
}

/* Both QMFs: takes two values into a delay line, and filters those at even places and those at odd ones. */
static void filter(int x[QMF_TAPS], int first, int second, int *even, int *odd)
{
    static const int QMF[QMF_TAPS / 2] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
    memmove(x, x + 2, (QMF_TAPS - 2) * sizeof *x);
    x[QMF_TAPS - 2] = first;
    x[QMF_TAPS - 1] = second;
    *even = *odd = 0;
    for (int i = 0; i < QMF_TAPS / 2; i++) {
        *even += x[2 * i] * QMF[i];
        *odd += x[2 * i + 1] * QMF[QMF_TAPS / 2 - 1 - i];
    }
}

void g722_init(struct g722_decoder *decoder)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->low.det = 32;
    decoder->high.det = 8;
}

void g722_decode(struct g722_decoder *decoder, uint8_t code, int16_t out[2])
{
    int low = value_low(&decoder->low, code & 0x3f);
    int high = value_high(&decoder->high, code >> 6);
    adapt_low(&decoder->low, code & 0x3f);
    adapt_high(&decoder->high, code >> 6);
    int even;
    int odd;
    filter(decoder->x, low + high, low - high, &even, &odd);
    out[0] = (int16_t)saturate(odd >> 11);
    out[1] = (int16_t)saturate(even >> 11);
}

void g722_encoder_init(struct g722_encoder *encoder)
{
    memset(encoder, 0, sizeof *encoder);
    encoder->low.det = 32;
    encoder->high.det = 8;
}

/* The code from `first` on whose value lies nearest. */
static unsigned nearest(const struct g722_band *band, int (*value_of)(const struct g722_band *, unsigned), unsigned first, unsigned end,
                        int value)
{
    unsigned best = first;
    for (unsigned code = first; code < end; code++)
        if (abs(value_of(band, code) - value) < abs(value_of(band, best) - value))
            best = code;
    return best;
}

uint8_t g722_encode(struct g722_encoder *encoder, const int16_t in[2])
{
    enum { FIRST_LOW = 4, LOW_CODES = 64, HIGH_CODES = 4 };  /* The first four are not sent. */
    int even;
    int odd;
    filter(encoder->x, in[0], in[1], &even, &odd);
    unsigned low = nearest(&encoder->low, value_low, FIRST_LOW, LOW_CODES, (even + odd) >> 14);
    unsigned high = nearest(&encoder->high, value_high, 0, HIGH_CODES, (even - odd) >> 14);
    adapt_low(&encoder->low, low);
    adapt_high(&encoder->high, high);
    return (uint8_t)(high << 6 | low);
}
