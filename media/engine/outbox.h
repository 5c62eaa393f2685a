/* Packets waiting to be sent together, by one io_uring submit. Where the kernel allows none, each goes at once. */
#ifndef MEDIA_OUTBOX_H
#define MEDIA_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "cache_line.h"
#include "rtp.h"
#include "uring.h"

/* Packets of a batch. The kernel works on as many requests at a time, each with memory of its own: those of larger batches drive the
   sockets out of the processor's caches (5 % dearer with 512), smaller ones are too many calls. */
enum { OUTBOX_SIZE = 64, OUTBOX_BYTES = 24 << 10 };

struct outbox {
    bool ring_open;
    struct uring ring;
    size_t used;       /* Bytes of `data` that hold packets. */
    uint64_t refused;  /* Datagrams that the kernel would not take. */
    uint8_t data[OUTBOX_BYTES] __attribute__((aligned(CACHE_LINE)));
};

/* `batched` asks for io_uring; `places` is the most sockets that outbox_hold is called for at a time. */
void outbox_open(struct outbox *outbox, bool batched, unsigned places);
void outbox_close(struct outbox *outbox);

/* The socket as the outbox sends by it: held by the ring at `place`, where that is possible, until outbox_let_go. */
struct uring_socket outbox_hold(struct outbox *outbox, unsigned place, int fd);
void outbox_let_go(struct outbox *outbox, struct uring_socket socket);

/* Room for one packet of up to RTP_MAX_SIZE bytes, to be filled before the next outbox_send or outbox_send_to. */
uint8_t *outbox_reserve(struct outbox *outbox);

/* Has the reserved packet sent with the next flush: by a connected socket, or to an address. */
void outbox_send(struct outbox *outbox, struct uring_socket by, size_t size);
void outbox_send_to(struct outbox *outbox, int fd, const union address *to, size_t size);
void outbox_flush(struct outbox *outbox);

#endif
