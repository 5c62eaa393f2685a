#include "playlist.h"

#include <stdlib.h>
#include <string.h>

#include "rtp.h"

static void begin_clip(struct playlist *playlist, uint32_t index)
{
    const struct clip *clip = playlist->clips[index];
    playlist->index = index;
    playlist->next = clip->data;
    playlist->left = clip->frames;
    playlist->codec = clip->codec;
}

void playlist_start(struct playlist *playlist, struct clip **clips, uint32_t count, bool loop, uint64_t number)
{
    *playlist = (struct playlist){.clips = clips, .count = count, .loop = loop, .number = number};
    begin_clip(playlist, 0);
}

const uint8_t *playlist_next(struct playlist *playlist, enum codec *codec)
{
    if (playlist->left == 0)
        return NULL;
    const uint8_t *frame = playlist->next;
    *codec = playlist->codec;
    playlist->next += RTP_FRAME_SIZE;
    if (--playlist->left > 0)
        return frame;
    if (playlist->index + 1 < playlist->count)
        begin_clip(playlist, playlist->index + 1);
    else if (playlist->loop)
        begin_clip(playlist, 0);
    else
        playlist->index = playlist->count;
    return frame;
}

uint32_t playlist_frame(const struct playlist *playlist)
{
    return playlist->index < playlist->count ? playlist->clips[playlist->index]->frames - playlist->left : 0;
}

void playlist_clear(struct playlist *playlist, struct clip_store *store)
{
    for (uint32_t i = 0; i < playlist->count; i++)
        clip_release(store, playlist->clips[i]);
    free(playlist->clips);
    memset(playlist, 0, sizeof *playlist);
}
