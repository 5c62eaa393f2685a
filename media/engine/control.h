/* The controller's connection: commands in, replies and events out. */
#ifndef MEDIA_CONTROL_H
#define MEDIA_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line.h"
#include "session.h"

struct engine;

enum {
    CONTROL_PACKET_SIZE = 65536,        /* Largest packet either way, bytes. */
    CONTROL_MOST_WAITING = 8 << 20,     /* Bytes of lines for a controller that does not read; then it is dropped. */
    CONTROL_MOST_KEPT = 1 << 20,        /* Bytes of events kept while there is no controller. */
};

struct control {
    int listen_fd;
    int fd;                   /* -1 while there is no controller. */
    uint64_t lost_at;         /* When it went, or when the engine began. */
    struct watch listen_watch;
    struct watch watch;
    bool writing;             /* Waits for room in the socket. */
    size_t in_size;           /* The packet in work, */
    size_t in_place;          /* and how much of it is done. */
    char in[CONTROL_PACKET_SIZE + 1];
    char *out;
    size_t out_size;
    size_t out_capacity;
    uint64_t events_lost;
};

bool control_open(struct engine *engine, int listen_fd);
void control_close(struct engine *engine);

static inline bool control_connected(const struct control *control)
{
    return control->fd >= 0;
}

/* True while commands have been read and not carried out. */
static inline bool control_pending(const struct control *control)
{
    return control->in_place < control->in_size;
}

/* Takes a new controller in place of the present one. */
void control_accept(struct engine *engine);

/* Reads and carries out commands for at most a millisecond, so that packets do not wait. */
void control_work(struct engine *engine);

/* Sends what has been written. */
void control_flush(struct engine *engine);

/* An answer to a command; lost with its controller. */
void control_reply(struct engine *engine, const struct line *line);

/* Something that happened; kept for the next controller while there is none. */
void control_event(struct engine *engine, const struct line *line);
void control_digit(struct engine *engine, const struct session *session, const struct dtmf_digit *digit);

#endif
