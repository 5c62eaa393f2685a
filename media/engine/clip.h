/* Clips: files of ready 20 ms frames, shared by all sessions that play them. */
#ifndef MEDIA_CLIP_H
#define MEDIA_CLIP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "g711.h"

struct clip {
    struct clip *next;
    char *path;
    enum codec codec;
    ino_t inode;
    off_t size;
    struct timespec modified;
    unsigned users;
    uint64_t last_used;  /* Order of use, for forgetting the oldest. */
    uint32_t frames;
    uint8_t *data;
};

/* Zeroed is an empty store. */
struct clip_store {
    struct clip *clips;
    uint64_t uses;
    size_t unused_bytes;
};

/* Takes a clip into use, reading its file unless it is held and unchanged. The name ends in .pcma, .pcmu or .g722.
   NULL with the reason in `*reason` otherwise. */
struct clip *clip_acquire(struct clip_store *store, const char *path, const char **reason);
void clip_release(struct clip_store *store, struct clip *clip);
void clip_store_close(struct clip_store *store);

#endif
