/* Packets waiting to be sent together: by one io_uring submit where the kernel allows it, else one by one. */
#ifndef MEDIA_OUTBOX_H
#define MEDIA_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "rtp.h"
#include "uring.h"

enum { OUTBOX_SIZE = 256 };

struct outbox {
    bool ring_open;
    struct uring ring;
    unsigned count;
    uint64_t refused;  /* Datagrams that the kernel would not take. */
    struct outbox_packet {
        int fd;
        bool connected;
        union address to;
        struct iovec part;
        struct msghdr message;
        uint8_t data[RTP_MAX_SIZE];
    } packets[OUTBOX_SIZE];
};

/* `batched` asks for io_uring. */
void outbox_open(struct outbox *outbox, bool batched);
void outbox_close(struct outbox *outbox);

/* Room for one packet of up to RTP_MAX_SIZE bytes, to be filled before outbox_commit. */
uint8_t *outbox_reserve(struct outbox *outbox);

/* Has it sent with the next flush; `to` is NULL for a connected socket. */
void outbox_commit(struct outbox *outbox, int fd, const union address *to, size_t size);
void outbox_flush(struct outbox *outbox);

#endif
