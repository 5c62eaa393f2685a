#include "clip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtp.h"

enum {
    MAX_CLIP_SIZE = 256 << 20,
    MAX_UNUSED_SIZE = 64 << 20,  /* Bytes of clips that nobody plays and that are kept for the next caller. */
};

static int codec_of_name(const char *path, enum codec *codec)
{
    const char *dot = strrchr(path, '.');
    if (!dot)
        return -1;
    if (!strcmp(dot, ".pcma"))
        *codec = CODEC_PCMA;
    else if (!strcmp(dot, ".pcmu"))
        *codec = CODEC_PCMU;
    else if (!strcmp(dot, ".g722"))
        *codec = CODEC_G722;
    else
        return -1;
    return 0;
}

static void forget(struct clip_store *store, struct clip *clip)
{
    struct clip **link = &store->clips;
    while (*link != clip)
        link = &(*link)->next;
    *link = clip->next;
    free(clip->data);
    free(clip->path);
    free(clip);
}

static void forget_oldest_unused(struct clip_store *store)
{
    while (store->unused_bytes > MAX_UNUSED_SIZE) {
        struct clip *oldest = NULL;
        for (struct clip *clip = store->clips; clip; clip = clip->next)
            if (clip->users == 0 && (!oldest || clip->last_used < oldest->last_used))
                oldest = clip;
        if (!oldest)
            return;
        store->unused_bytes -= (size_t)oldest->size;
        forget(store, oldest);
    }
}

/* Read, not mapped: a file cut short while it is mapped would end the process, and with it every call. */
static int read_all(int fd, uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t count = read(fd, data, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        data += count;
        size -= (size_t)count;
    }
    return 0;
}

static struct clip *load(int fd, const char *path, const struct stat *status, const char **reason)
{
    *reason = "out of memory";
    struct clip *clip = calloc(1, sizeof *clip);
    if (!clip)
        return NULL;
    clip->path = strdup(path);
    clip->data = malloc((size_t)status->st_size);
    if (clip->path && clip->data) {
        if (read_all(fd, clip->data, (size_t)status->st_size) == 0) {
            clip->size = status->st_size;
            clip->inode = status->st_ino;
            clip->modified = status->st_mtim;
            clip->frames = (uint32_t)(status->st_size / RTP_FRAME_SIZE);
            return clip;
        }
        *reason = "cannot be read";
    }
    free(clip->data);
    free(clip->path);
    free(clip);
    return NULL;
}

static struct clip *find(struct clip_store *store, const char *path, const struct stat *status)
{
    for (struct clip *clip = store->clips; clip; clip = clip->next)
        if (clip->inode == status->st_ino && clip->size == status->st_size &&
            clip->modified.tv_sec == status->st_mtim.tv_sec && clip->modified.tv_nsec == status->st_mtim.tv_nsec &&
            !strcmp(clip->path, path))
            return clip;
    return NULL;
}

static struct clip *open_clip(struct clip_store *store, const char *path, enum codec codec, const char **reason)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *reason = strerror(errno);
        return NULL;
    }
    struct stat status;
    struct clip *clip = NULL;
    if (fstat(fd, &status) < 0)
        *reason = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        *reason = "not a file";
    else if (status.st_size == 0 || status.st_size % RTP_FRAME_SIZE || status.st_size > MAX_CLIP_SIZE)
        *reason = "not a whole number of 160-byte frames, or above 256 MB";
    else
        clip = load(fd, path, &status, reason);
    close(fd);
    if (clip) {
        clip->codec = codec;
        clip->next = store->clips;
        store->clips = clip;
    }
    return clip;
}

struct clip *clip_acquire(struct clip_store *store, const char *path, const char **reason)
{
    enum codec codec;
    if (codec_of_name(path, &codec) < 0) {
        *reason = "the name must end in .pcma, .pcmu or .g722";
        return NULL;
    }
    struct stat status;
    if (stat(path, &status) < 0) {
        *reason = strerror(errno);
        return NULL;
    }
    struct clip *clip = find(store, path, &status);
    if (!clip)
        clip = open_clip(store, path, codec, reason);
    else if (clip->users == 0)
        store->unused_bytes -= (size_t)clip->size;
    if (clip) {
        clip->users++;
        clip->last_used = ++store->uses;
    }
    return clip;
}

void clip_release(struct clip_store *store, struct clip *clip)
{
    if (--clip->users > 0)
        return;
    store->unused_bytes += (size_t)clip->size;
    forget_oldest_unused(store);
}

void clip_store_close(struct clip_store *store)
{
    while (store->clips)
        forget(store, store->clips);
    store->unused_bytes = 0;
}
