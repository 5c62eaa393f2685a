#include "record_queue.h"

#include <stdlib.h>

bool record_queue_open(struct record_queue *queue)
{
    atomic_init(&queue->head, 0);
    atomic_init(&queue->tail, 0);
    queue->items = calloc(RECORD_QUEUE_SIZE, sizeof *queue->items);
    return queue->items != NULL;
}

void record_queue_close(struct record_queue *queue)
{
    free(queue->items);
}

struct record_item *record_queue_reserve(struct record_queue *queue, enum record_kind kind)
{
    uint32_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    uint32_t used = tail - atomic_load_explicit(&queue->head, memory_order_acquire);
    uint32_t kept_free = kind == RECORD_FRAME ? RECORD_QUEUE_RESERVE : kind == RECORD_START ? RECORD_QUEUE_ENDS : 0;
    if (used >= RECORD_QUEUE_SIZE - kept_free)
        return NULL;
    struct record_item *item = &queue->items[tail % RECORD_QUEUE_SIZE];
    item->kind = kind;
    return item;
}

void record_queue_push(struct record_queue *queue)
{
    uint32_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
}

struct record_item *record_queue_peek(struct record_queue *queue)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    if (head == atomic_load_explicit(&queue->tail, memory_order_acquire))
        return NULL;
    return &queue->items[head % RECORD_QUEUE_SIZE];
}

void record_queue_pop(struct record_queue *queue)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    atomic_store_explicit(&queue->head, head + 1, memory_order_release);
}
