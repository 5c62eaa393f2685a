#include "outbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cache_line.h"

/* What io_uring needs besides the packet, behind which it lies. */
struct cover {
    union address to;
    struct iovec part;
    struct msghdr message;
};

enum { LARGEST = RTP_MAX_SIZE + CACHE_LINE + sizeof(struct cover) + CACHE_LINE };

void outbox_open(struct outbox *outbox, bool batched, unsigned places)
{
    outbox->used = 0;
    outbox->refused = 0;
    outbox->ring_open = batched && uring_open(&outbox->ring, OUTBOX_SIZE);
    if (outbox->ring_open)
        uring_make_places(&outbox->ring, places);
    else if (batched)
        fprintf(stderr, "media engine: io_uring cannot be had (%s), each packet is sent by a call of its own\n", strerror(errno));
}

void outbox_close(struct outbox *outbox)
{
    outbox_flush(outbox);
    if (outbox->ring_open)
        uring_close(&outbox->ring);
}

struct uring_socket outbox_hold(struct outbox *outbox, unsigned place, int fd)
{
    if (outbox->ring_open && uring_hold(&outbox->ring, place, fd))
        return (struct uring_socket){(int32_t)place, true};
    return (struct uring_socket){fd, false};
}

void outbox_let_go(struct outbox *outbox, struct uring_socket socket)
{
    if (socket.held)
        uring_let_go(&outbox->ring, (unsigned)socket.number);
}

uint8_t *outbox_reserve(struct outbox *outbox)
{
    if (outbox->used + LARGEST > OUTBOX_BYTES || (outbox->ring_open && outbox->ring.queued == OUTBOX_SIZE))
        outbox_flush(outbox);
    return outbox->data + outbox->used;
}

void outbox_send(struct outbox *outbox, struct uring_socket by, size_t size)
{
    const uint8_t *data = outbox->data + outbox->used;
    if (!outbox->ring_open) {
        outbox->refused += send(by.number, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
        return;
    }
    uring_queue_send(&outbox->ring, by, data, size);
    outbox->used += cache_line_round(size);
}

void outbox_send_to(struct outbox *outbox, int fd, const union address *to, size_t size)
{
    uint8_t *data = outbox->data + outbox->used;
    if (!outbox->ring_open) {
        outbox->refused += sendto(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, &to->any, address_size(to)) < 0;
        return;
    }
    struct cover *cover = (struct cover *)(data + cache_line_round(size));
    cover->to = *to;
    cover->part = (struct iovec){data, size};
    cover->message = (struct msghdr){
        .msg_name = &cover->to,
        .msg_namelen = address_size(to),
        .msg_iov = &cover->part,
        .msg_iovlen = 1,
    };
    uring_queue_message(&outbox->ring, (struct uring_socket){fd, false}, &cover->message);
    outbox->used += cache_line_round(size) + cache_line_round(sizeof *cover);
}

void outbox_flush(struct outbox *outbox)
{
    if (outbox->used > 0)
        outbox->refused += uring_submit(&outbox->ring);
    outbox->used = 0;
}
