/* A 16-bit WAV file of one or two channels, written in the order of time from frames that come in nearly that order. */
#ifndef MEDIA_WAV_WRITER_H
#define MEDIA_WAV_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    WAV_MOST_CHANNELS = 2,
    WAV_WINDOW = 32768,  /* Samples that wait for late frames. */
};

struct wav_writer {
    FILE *file;
    unsigned rate;       /* Samples a second. */
    unsigned channels;
    int64_t written;     /* Samples in the file. */
    int64_t end;         /* Behind the last sample heard of. */
    int16_t window[WAV_WINDOW * WAV_MOST_CHANNELS];  /* A ring by sample number, channels interleaved. */
};

/* Creates the file, which must not exist; returns 0 or an errno. */
int wav_open(struct wav_writer *writer, const char *path, unsigned rate, unsigned channels);

/* Puts samples of one channel at a position and writes what lies a second before it; returns 0 or an errno. Samples that come
   too late are left out. */
int wav_put(struct wav_writer *writer, unsigned channel, int64_t position, const int16_t *samples, unsigned count);

/* Fills up with silence to `end`, writes the sizes into the header and closes; returns 0 or an errno. */
int wav_close(struct wav_writer *writer, int64_t end);

#endif
