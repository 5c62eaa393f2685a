#include "tone_detector.h"

#include <math.h>
#include <string.h>

#include "tone_maker.h"

enum { RATE = 8000, SAMPLES = TONE_STEP * TONE_WINDOW, SIDE = TONE_BINS / 2 };

/* Q.24: 1.5 % beside its frequency a tone counts, 3.5 % beside it does not. */
static const double MOST_ASTRAY = 0.025;
/* A tone of -36 dBm0: the quietest that networks want to be heard is 3 to 10 dB louder. */
static const float LEAST_AMPLITUDE = 0.0158f * TONE_MAKER_0_DBM0;
/* The high tone may be 4 dB louder than the low one and 8 dB quieter; a decibel or two are those that a tone loses beside its bin. */
static const float MOST_LOUDER = 3.2f;
static const float MOST_QUIETER = 1 / 13.f;
/* A tone is 8 dB above the others of its group, */
static const float PEAK = 6.3f;
/* and the two are most of all that is heard. */
static const float LEAST_PART = 0.6f;

void tone_detector_init(struct tone_detector *detector)
{
    memset(detector, 0, sizeof *detector);
    for (int bin = 0; bin < TONE_BINS; bin++) {
        double turn = 2 * M_PI * TONE_MAKER_HERTZ[bin] / RATE;
        detector->coefficient[bin] = (float)(2 * cos(turn));
        detector->sample.real[bin] = (float)cos(turn);
        detector->sample.imaginary[bin] = (float)sin(turn);
        detector->turn.real[bin] = (float)cos(turn * TONE_STEP);
        detector->turn.imaginary[bin] = (float)sin(turn * TONE_STEP);
        detector->astray[bin] = (float)tan(turn * TONE_STEP * MOST_ASTRAY);
    }
}

void tone_detector_skip(struct tone_detector *detector)
{
    detector->known = 0;
}

/* Goertzel's recursion; what it ends with is turned by as much as the last sample is. */
static float measure(const struct tone_detector *detector, const int16_t *samples, struct tone_phasors *out)
{
    float energy = 0;
    float last[TONE_BINS] = {0};
    float one_before[TONE_BINS] = {0};
    for (int i = 0; i < TONE_STEP; i++) {
        float sample = samples[i];
        energy += sample * sample;
        for (int bin = 0; bin < TONE_BINS; bin++) {
            float next = sample + detector->coefficient[bin] * last[bin] - one_before[bin];
            one_before[bin] = last[bin];
            last[bin] = next;
        }
    }
    for (int bin = 0; bin < TONE_BINS; bin++) {
        out->real[bin] = last[bin] - one_before[bin] * detector->sample.real[bin];
        out->imaginary[bin] = one_before[bin] * detector->sample.imaginary[bin];
    }
    return energy;
}

/* Turns `sum` on by a step, and adds. */
static void turn_and_add(const struct tone_phasors *turn, struct tone_phasors *sum, const struct tone_phasors *step)
{
    for (int bin = 0; bin < TONE_BINS; bin++) {
        float real = sum->real[bin] * turn->real[bin] - sum->imaginary[bin] * turn->imaginary[bin];
        sum->imaginary[bin] = sum->real[bin] * turn->imaginary[bin] + sum->imaginary[bin] * turn->real[bin] + step->imaginary[bin];
        sum->real[bin] = real + step->real[bin];
    }
}

/* The bin of a group that stands out of it; TONE_NONE without one. */
static int peak(const float *power, int first)
{
    int best = first;
    for (int bin = first; bin < first + SIDE; bin++)
        if (power[bin] > power[best])
            best = bin;
    for (int bin = first; bin < first + SIDE; bin++)
        if (bin != best && power[bin] * PEAK > power[best])
            return TONE_NONE;
    return best;
}

/* True where the tone has turned by as much as its frequency does in a step: what speaks or sings rarely keeps to it, and other
   frequencies do not at all. */
static bool in_tune(const struct tone_detector *detector, const struct tone_phasors *now, int bin)
{
    struct tone_phasors due = detector->before;
    turn_and_add(&detector->turn, &due, &(struct tone_phasors){0});
    float along = now->real[bin] * due.real[bin] + now->imaginary[bin] * due.imaginary[bin];
    float across = now->imaginary[bin] * due.real[bin] - now->real[bin] * due.imaginary[bin];
    return fabsf(across) <= along * detector->astray[bin];
}

static int judge(const struct tone_detector *detector, const struct tone_phasors *window, float energy)
{
    static const int8_t EVENTS[SIDE][SIDE] = {{1, 2, 3, 12}, {4, 5, 6, 13}, {7, 8, 9, 14}, {10, 0, 11, 15}};
    float power[TONE_BINS];
    for (int bin = 0; bin < TONE_BINS; bin++)
        power[bin] = window->real[bin] * window->real[bin] + window->imaginary[bin] * window->imaginary[bin];
    int low = peak(power, 0);
    int high = peak(power, SIDE);
    if (low == TONE_NONE || high == TONE_NONE)
        return TONE_NONE;
    float least = LEAST_AMPLITUDE * SAMPLES / 2;
    bool loud = power[low] >= least * least && power[high] >= least * least;
    bool even = power[high] <= power[low] * MOST_LOUDER && power[high] >= power[low] * MOST_QUIETER;
    bool alone = power[low] + power[high] >= energy * (SAMPLES / 2) * LEAST_PART;
    if (!loud || !even || !alone || !in_tune(detector, window, low) || !in_tune(detector, window, high))
        return TONE_NONE;
    return EVENTS[low][high - SIDE];
}

int tone_detector_take(struct tone_detector *detector, const int16_t samples[TONE_STEP])
{
    memmove(detector->steps, detector->steps + 1, (TONE_WINDOW - 1) * sizeof *detector->steps);
    memmove(detector->energy, detector->energy + 1, (TONE_WINDOW - 1) * sizeof *detector->energy);
    detector->energy[TONE_WINDOW - 1] = measure(detector, samples, &detector->steps[TONE_WINDOW - 1]);
    struct tone_phasors window = detector->steps[0];
    float energy = detector->energy[0];
    for (int step = 1; step < TONE_WINDOW; step++) {
        turn_and_add(&detector->turn, &window, &detector->steps[step]);
        energy += detector->energy[step];
    }
    int heard = detector->known < TONE_WINDOW ? TONE_UNKNOWN : judge(detector, &window, energy);
    detector->known += detector->known < TONE_WINDOW;
    detector->before = window;
    return heard;
}
