/* A small io_uring for sending many datagrams with one system call. */
#ifndef MEDIA_URING_H
#define MEDIA_URING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct io_uring_sqe;
struct io_uring_cqe;

struct uring {
    int fd;
    unsigned entries;
    unsigned queued;
    uint32_t *submit_tail;
    uint32_t submit_mask;
    uint32_t *complete_head;
    uint32_t *complete_tail;
    uint32_t complete_mask;
    struct io_uring_sqe *requests;
    struct io_uring_cqe *completions;
    void *submit_map;
    void *complete_map;
    size_t submit_size;
    size_t complete_size;
};

/* Opens a ring for `entries` sends at a time, a power of two; false where the kernel has none or the sandbox forbids it. */
bool uring_open(struct uring *ring, unsigned entries);
void uring_close(struct uring *ring);

/* Queue one datagram on a connected socket or to the address in `message`. What is pointed to must live until the submit, and there
   may be no more than `entries` at a time. */
void uring_queue_send(struct uring *ring, int fd, const uint8_t *data, size_t size);
void uring_queue_message(struct uring *ring, int fd, const struct msghdr *message);

/* Sends what is queued; returns how many datagrams the kernel refused. */
unsigned uring_submit(struct uring *ring);

#endif
