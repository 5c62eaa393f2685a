/* A small io_uring for sending many datagrams with one system call. */
#ifndef MEDIA_URING_H
#define MEDIA_URING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct io_uring_cqe;
struct io_uring_sqe;

struct uring {
    int fd;
    unsigned entries;
    unsigned queued;
    uint32_t features;
    unsigned places;  /* Of sockets that the ring may hold. */
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

/* Opens a ring for up to `entries` sends at a time, a power of two; false where the kernel has none or the sandbox forbids it. */
bool uring_open(struct uring *ring, unsigned entries);
void uring_close(struct uring *ring);

/* Makes places for up to `places` sockets to hold, or none where the kernel would keep them open for longer. */
void uring_make_places(struct uring *ring, unsigned places);

/* Has the ring hold a socket at a place of its own, so that the kernel need not look it up for each packet. False where it cannot: then
   the socket is used as any other. What is held stays open until it is let go. */
bool uring_hold(struct uring *ring, unsigned place, int fd);
void uring_let_go(struct uring *ring, unsigned place);

/* A socket to send by: its descriptor, or its place in the ring. */
struct uring_socket {
    int32_t number;
    bool held;
};

/* Queue one datagram on a connected socket or to the address in `message`. What is pointed to must live until the submit, and there
   may be no more than `entries` at a time. */
void uring_queue_send(struct uring *ring, struct uring_socket by, const uint8_t *data, size_t size);
void uring_queue_message(struct uring *ring, struct uring_socket by, const struct msghdr *message);

/* Sends what is queued; returns how many datagrams the kernel refused. */
unsigned uring_submit(struct uring *ring);

#endif
