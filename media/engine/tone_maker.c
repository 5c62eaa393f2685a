#include "tone_maker.h"

#include <math.h>

const double TONE_MAKER_HERTZ[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};

/* -8 dBm0, and 2 dB more of the high tone, of which lines take more. */
static const double LOW = 0.398 * TONE_MAKER_0_DBM0;
static const double HIGH = 0.501 * TONE_MAKER_0_DBM0;
enum { STEPS = 2 * RTP_CLOCK_RATE };  /* Half samples: G.722 has two samples for each of the RTP clock. */

static int16_t sample(int event, unsigned step)
{
    static const uint8_t ROWS[16] = {3, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 0, 1, 2, 3};
    static const uint8_t COLUMNS[16] = {1, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2, 3, 3, 3, 3};
    if (event == TONE_MAKER_SILENCE)
        return 0;
    double turn = 2 * M_PI * step / STEPS;
    return (int16_t)lrint(LOW * sin(turn * TONE_MAKER_HERTZ[ROWS[event]]) + HIGH * sin(turn * TONE_MAKER_HERTZ[4 + COLUMNS[event]]));
}

void tone_maker_frame(const struct g711 *g711, enum codec codec, struct g722_encoder *encoder, int event, unsigned at,
                      uint8_t out[RTP_FRAME_SIZE])
{
    for (unsigned i = 0; i < RTP_FRAME_SIZE; i++) {
        unsigned step = 2 * (at + i);
        if (codec == CODEC_G722)
            out[i] = g722_encode(encoder, (int16_t[]){sample(event, step), sample(event, step + 1)});
        else
            out[i] = g711_encode(g711, codec, sample(event, step));
    }
}
