/* What a session hears from us: digits, an announcement, or the music beneath it. */
#ifndef MEDIA_PLAYER_H
#define MEDIA_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct session;

/* Sends the session's packet of this 20 ms, which was due at `due`. */
void player_tick(struct engine *engine, struct session *session, uint64_t due);

/* True while digits or an announcement of ours take the place of what the bridged party says. */
bool player_speaks(const struct session *session);

#endif
