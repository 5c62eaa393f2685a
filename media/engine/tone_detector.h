/* Finding the two tones of a key in sound (ITU-T Q.23, Q.24). */
#ifndef MEDIA_TONE_DETECTOR_H
#define MEDIA_TONE_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TONE_STEP = 40,    /* Samples that are taken at a time: 5 ms. */
    TONE_WINDOW = 3,   /* Steps that are judged together. */
    TONE_BINS = 8,     /* Frequencies: four low, then four high. */
    TONE_NONE = -1,
    TONE_UNKNOWN = -2,
};

/* Of each bin, where a step of its frequency turns, as complex numbers. */
struct tone_phasors {
    float real[TONE_BINS];
    float imaginary[TONE_BINS];
};

struct tone_detector {
    float coefficient[TONE_BINS];       /* Goertzel's: twice the cosine of a sample's turn. */
    struct tone_phasors sample;         /* A sample's turn, */
    struct tone_phasors turn;           /* and a step's. */
    float astray[TONE_BINS];            /* Tangent of the most that a step may turn more or less. */
    unsigned known;                     /* Steps without a gap, up to the window and one before. */
    float energy[TONE_WINDOW];          /* Of the steps in the window, oldest first. */
    struct tone_phasors steps[TONE_WINDOW];
    struct tone_phasors before;         /* The window a step ago. */
};

void tone_detector_init(struct tone_detector *detector);

/* What comes does not follow on what came. */
void tone_detector_skip(struct tone_detector *detector);

/* Takes the next samples, 8,000 a second. Gives the key whose tones fill the window, by its event code (RFC 4733); TONE_UNKNOWN where too little
   was heard without a gap. */
int tone_detector_take(struct tone_detector *detector, const int16_t samples[TONE_STEP]);

#endif
