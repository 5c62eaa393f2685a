/* The queue from the packet thread to the writer: one producer, one consumer, no locks. */
#ifndef MEDIA_RECORD_QUEUE_H
#define MEDIA_RECORD_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "g711.h"
#include "rtp.h"

struct recording;

enum record_side { RECORD_SAID = 0, RECORD_HEARD = 1 };
enum record_kind { RECORD_START, RECORD_FRAME, RECORD_STOP, RECORD_QUIT };

enum {
    RECORD_QUEUE_SIZE = 16384,
    RECORD_QUEUE_RESERVE = 4096,  /* Kept free of frames, */
    RECORD_QUEUE_ENDS = 2048,     /* and so many of starts too, one for each recording that runs: its end is never lost. */
};

struct record_item {
    enum record_kind kind;
    enum record_side side;
    enum codec codec;
    struct recording *recording;
    int64_t position;             /* Timestamp units from the start of the recording. */
    uint64_t dropped;
    unsigned size;
    uint8_t data[RTP_FRAME_SIZE];
};

struct record_queue {
    _Atomic uint32_t head;        /* Next to read. */
    _Atomic uint32_t tail;        /* Next to write. */
    struct record_item *items;
};

bool record_queue_open(struct record_queue *queue);
void record_queue_close(struct record_queue *queue);

/* The place of the next item, or NULL when the queue is full for its kind; record_queue_push makes it visible. */
struct record_item *record_queue_reserve(struct record_queue *queue, enum record_kind kind);
void record_queue_push(struct record_queue *queue);

/* The oldest item, NULL when there is none; record_queue_pop gives its place back. */
struct record_item *record_queue_peek(struct record_queue *queue);
void record_queue_pop(struct record_queue *queue);

#endif
