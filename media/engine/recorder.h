/* Recordings: WAV files of what the party said and, on a second channel, what it heard, written by a thread of their own. */
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

enum {
    RECORDER_MOST = RECORD_QUEUE_ENDS,
    RECORDER_LONGEST_MS = 86400000,
};

/* What is asked of a recording. */
struct record_wish {
    const char *path;      /* Of a new file. */
    bool said_only;        /* One channel. */
    uint64_t longest_ms;   /* What comes later is left out; 0 is without limit. */
    uint64_t silence_ms;   /* A silence of the party that lasts so long is told; 0 is never. */
};

enum record_notice_kind { RECORD_HAS_ENDED, RECORD_HAS_FAILED, RECORD_IS_SILENT };

/* What the writer tells the packet thread. */
struct record_notice {
    struct record_notice *next;
    char session[COMMAND_MAX_NAME];
    enum record_notice_kind kind;
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
    struct recording *listened;     /* Whose silence is to be told; the writer's. */
    int wake_fd;
    int notice_fd;
    struct watch watch;
    pthread_mutex_t notice_lock;
    struct record_notice *notices;  /* Latest first. */
};

bool recorder_open(struct recorder *recorder, const struct g711 *g711, int epoll_fd);
void recorder_close(struct recorder *recorder);

/* Starts a recording, of 16,000 samples a second where the session speaks G.722 now, else 8,000; the writer tells later whether that went well. NULL with the reason in `*reason`. */
struct recording *recorder_start(struct recorder *recorder, const struct session *session, const struct record_wish *wish,
                                 uint64_t now, const char **reason);

/* The party's timestamps begin anew: what it said before does not tell where they lie. */
void recorder_source_changed(struct recording *recording);

/* Takes an audio packet; never waits. A full queue loses the frame, and the end of the recording tells how many were lost. */
void recorder_take(struct recorder *recorder, struct recording *recording, enum record_side side, enum codec codec,
                   const struct rtp_packet *packet, uint64_t now);

/* Ends a recording; the pointer is the writer's from here on. */
void recorder_stop(struct recorder *recorder, struct recording *recording, uint64_t now);

/* Tells the controller what the writer has told. */
void recorder_collect(struct engine *engine);

#endif
