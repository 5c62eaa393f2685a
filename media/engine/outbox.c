#include "outbox.h"

#include <string.h>

void outbox_open(struct outbox *outbox, bool batched)
{
    outbox->count = 0;
    outbox->refused = 0;
    outbox->ring_open = batched && uring_open(&outbox->ring, OUTBOX_SIZE);
    for (unsigned i = 0; i < OUTBOX_SIZE; i++) {
        struct outbox_packet *packet = &outbox->packets[i];
        packet->part.iov_base = packet->data;
        packet->message = (struct msghdr){.msg_name = &packet->to, .msg_iov = &packet->part, .msg_iovlen = 1};
    }
}

void outbox_close(struct outbox *outbox)
{
    outbox_flush(outbox);
    if (outbox->ring_open)
        uring_close(&outbox->ring);
}

uint8_t *outbox_reserve(struct outbox *outbox)
{
    if (outbox->count == OUTBOX_SIZE)
        outbox_flush(outbox);
    return outbox->packets[outbox->count].data;
}

void outbox_commit(struct outbox *outbox, int fd, const union address *to, size_t size)
{
    struct outbox_packet *packet = &outbox->packets[outbox->count++];
    packet->fd = fd;
    packet->part.iov_len = size;
    packet->connected = !to;
    if (!to)
        return;
    packet->to = *to;
    packet->message.msg_namelen = address_size(to);
}

static bool send_one(struct outbox_packet *packet)
{
    if (packet->connected)
        return send(packet->fd, packet->data, packet->part.iov_len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    return sendmsg(packet->fd, &packet->message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void queue_one(struct uring *ring, struct outbox_packet *packet)
{
    if (packet->connected)
        uring_queue_send(ring, packet->fd, packet->data, packet->part.iov_len);
    else
        uring_queue_message(ring, packet->fd, &packet->message);
}

void outbox_flush(struct outbox *outbox)
{
    for (unsigned i = 0; i < outbox->count; i++) {
        struct outbox_packet *packet = &outbox->packets[i];
        if (outbox->ring_open)
            queue_one(&outbox->ring, packet);
        else if (!send_one(packet))
            outbox->refused++;
    }
    if (outbox->ring_open && outbox->count > 0)
        outbox->refused += uring_submit(&outbox->ring);
    outbox->count = 0;
}
