/* The engine: one packet thread, all sessions, one timer. */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clip.h"
#include "control.h"
#include "g711.h"
#include "intake.h"
#include "outbox.h"
#include "parking.h"
#include "ports.h"
#include "recorder.h"
#include "session.h"
#include "ticker.h"

enum { ENGINE_BUCKETS = 16384 };

struct engine_options {
    int listen_fd;             /* A listening Unix SOCK_SEQPACKET socket; stays the caller's. */
    unsigned first_port;
    unsigned last_port;
    unsigned orphan_seconds;   /* How long a session without RTP outlives its controller. */
    bool batched;              /* Send through io_uring where the kernel allows it. */
};

struct engine {
    struct engine_options options;
    int epoll_fd;              /* Clock and control. */
    int relay_fd;              /* Sessions whose packets the other leg waits for. */
    int idle_fd;               /* All other sessions: looked at with each tick. */
    unsigned bridged;          /* Sessions whose packets are relayed. */
    uint64_t relayed_at;       /* When the relayed sessions were last read. */
    int stop_fd;
    struct watch stop_watch;
    int ask_fd;
    struct watch ask_watch;
    atomic_bool answered;      /* Since it was asked last. */
    uint64_t now;              /* Monotonic nanoseconds at the start of this turn. */

    struct session *by_name[ENGINE_BUCKETS];
    struct session **sessions;
    unsigned session_count;
    unsigned session_capacity;
    unsigned sweep_place;
    struct session *dead;

    struct ports ports;
    struct parking parking;
    struct clip_store clips;
    struct g711 g711;
    struct outbox outbox;
    struct intake *intake;
    struct ticker ticker;
    struct control control;
    struct recorder recorder;
};

/* Makes an engine; NULL with the reason in `*reason`. */
struct engine *engine_new(const struct engine_options *options, const char **reason);

/* Runs until engine_stop, then closes all sessions. */
void engine_run(struct engine *engine);

/* May be called from another thread or a signal handler while engine_run runs. */
void engine_stop(struct engine *engine);

/* From another thread: true when engine_run has come round since the last call, which this one asks it to do. */
bool engine_lives(struct engine *engine);

void engine_free(struct engine *engine);

struct session *engine_find(const struct engine *engine, const char *name);
bool engine_add(struct engine *engine, struct session *session);
void engine_remove(struct engine *engine, struct session *session);

/* Adds a file descriptor to one of the epoll sets. */
bool engine_watch(int epoll_fd, int fd, struct watch *watch);

uint64_t engine_clock(void);
void engine_random(void *out, size_t size);

#endif
