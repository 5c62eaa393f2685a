/* Recordings: two-channel WAV files, left what the party said, right what it heard, written by a thread of their own. */
#ifndef MEDIA_RECORDER_H
#define MEDIA_RECORDER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "g711.h"
#include "record_queue.h"
#include "session.h"

struct engine;
struct rtp_packet;

enum { RECORDER_MOST = 2048 };

/* What the writer tells the packet thread. */
struct record_notice {
    struct record_notice *next;
    char session[COMMAND_MAX_NAME];
    bool failed;
    char reason[96];
    double seconds;
    uint64_t dropped_frames;
};

struct recorder {
    pthread_t thread;
    bool running;
    const struct g711 *g711;
    unsigned recordings;            /* Started and not stopped; the packet thread's. */
    struct record_queue queue;
    int wake_fd;
    int notice_fd;
    struct watch watch;
    pthread_mutex_t notice_lock;
    struct record_notice *notices;  /* Latest first. */
};

bool recorder_open(struct recorder *recorder, const struct g711 *g711, int epoll_fd);
void recorder_close(struct recorder *recorder);

/* Starts a recording to a new file, of 16,000 samples a second where the session speaks G.722 now, else 8,000; the writer tells later whether that went well. NULL with the reason in `*reason`. */
struct recording *recorder_start(struct recorder *recorder, const struct session *session, const char *path, uint64_t now,
                                 const char **reason);

/* Takes an audio packet; never waits. A full queue loses the frame, and the end of the recording tells how many were lost. */
void recorder_take(struct recorder *recorder, struct recording *recording, enum record_side side, enum codec codec,
                   const struct rtp_packet *packet, uint64_t now);

/* Ends a recording; the pointer is the writer's from here on. */
void recorder_stop(struct recorder *recorder, struct recording *recording, uint64_t now);

/* Tells the controller what the writer has told. */
void recorder_collect(struct engine *engine);

#endif
