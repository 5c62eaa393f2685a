/* A sequence of clips played frame by frame, joined on frame borders. */
#ifndef MEDIA_PLAYLIST_H
#define MEDIA_PLAYLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "clip.h"

enum { PLAYLIST_MAX_CLIPS = 256 };

/* Zeroed plays nothing. */
struct playlist {
    const uint8_t *next;  /* The next frame, */
    uint32_t left;        /* the frames from it to the end of its clip, */
    enum codec codec;     /* and theirs. */
    uint32_t count;
    uint32_t index;       /* Clip being played. */
    bool loop;
    struct clip **clips;
    uint64_t number;      /* The controller's number for this play, told back when it ends; 0 for none, of which nothing is told. */
};

static inline bool playlist_active(const struct playlist *playlist)
{
    return playlist->count > 0;
}

/* Takes over the array and one use of each clip. Whatever was playing must have been cleared. */
void playlist_start(struct playlist *playlist, struct clip **clips, uint32_t count, bool loop, uint64_t number);

/* The next frame and its codec, NULL when the last one has been given out. */
const uint8_t *playlist_next(struct playlist *playlist, enum codec *codec);

/* The number of the next frame within its clip. */
uint32_t playlist_frame(const struct playlist *playlist);

void playlist_clear(struct playlist *playlist, struct clip_store *store);

#endif
