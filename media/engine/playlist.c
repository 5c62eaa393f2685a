#include "playlist.h"

#include <stdlib.h>
#include <string.h>

#include "rtp.h"

void playlist_start(struct playlist *playlist, struct clip **clips, uint32_t count, bool loop, uint64_t number)
{
    *playlist = (struct playlist){.clips = clips, .count = count, .loop = loop, .number = number};
}

const uint8_t *playlist_next(struct playlist *playlist, enum codec *codec)
{
    if (playlist->index == playlist->count)
        return NULL;
    const struct clip *clip = playlist->clips[playlist->index];
    const uint8_t *frame = clip->data + (size_t)playlist->frame * RTP_FRAME_SIZE;
    *codec = clip->codec;
    if (++playlist->frame == clip->frames) {
        playlist->frame = 0;
        if (++playlist->index == playlist->count && playlist->loop)
            playlist->index = 0;
    }
    return frame;
}

void playlist_clear(struct playlist *playlist, struct clip_store *store)
{
    for (uint32_t i = 0; i < playlist->count; i++)
        clip_release(store, playlist->clips[i]);
    free(playlist->clips);
    memset(playlist, 0, sizeof *playlist);
}
