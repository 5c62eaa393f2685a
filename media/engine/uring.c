#include "uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* IORING_FEAT_RECVSEND_BUNDLE, of kernel 6.10. Long before, since 6.4, a socket that a ring lets go is closed at once; until then a
   second later, while its port was held. */
static const uint32_t FEATURE_OF_6_10 = 1u << 14;

static void *map(int fd, size_t size, off_t offset)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
    return memory == MAP_FAILED ? NULL : memory;
}

static bool map_rings(struct uring *ring, const struct io_uring_params *parameters)
{
    ring->submit_size = parameters->sq_off.array + parameters->sq_entries * sizeof(uint32_t);
    ring->complete_size = parameters->cq_off.cqes + parameters->cq_entries * sizeof(struct io_uring_cqe);
    ring->submit_map = map(ring->fd, ring->submit_size, IORING_OFF_SQ_RING);
    ring->complete_map = map(ring->fd, ring->complete_size, IORING_OFF_CQ_RING);
    ring->requests = map(ring->fd, parameters->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    if (!ring->submit_map || !ring->complete_map || !ring->requests)
        return false;
    uint8_t *submit = ring->submit_map;
    uint8_t *complete = ring->complete_map;
    ring->submit_tail = (uint32_t *)(submit + parameters->sq_off.tail);
    ring->submit_mask = *(uint32_t *)(submit + parameters->sq_off.ring_mask);
    ring->complete_head = (uint32_t *)(complete + parameters->cq_off.head);
    ring->complete_tail = (uint32_t *)(complete + parameters->cq_off.tail);
    ring->complete_mask = *(uint32_t *)(complete + parameters->cq_off.ring_mask);
    ring->completions = (struct io_uring_cqe *)(complete + parameters->cq_off.cqes);
    /* Request N always lies in place N, so the indirection is written once. */
    uint32_t *places = (uint32_t *)(submit + parameters->sq_off.array);
    for (uint32_t i = 0; i < parameters->sq_entries; i++)
        places[i] = i;
    return true;
}

bool uring_open(struct uring *ring, unsigned entries)
{
    memset(ring, 0, sizeof *ring);
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    ring->fd = (int)syscall(__NR_io_uring_setup, entries, &parameters);
    if (ring->fd < 0)
        return false;
    ring->entries = parameters.sq_entries;
    ring->features = parameters.features;
    if (map_rings(ring, &parameters))
        return true;
    int error = errno;
    uring_close(ring);
    errno = error;
    return false;
}

void uring_close(struct uring *ring)
{
    if (ring->requests)
        munmap(ring->requests, ring->entries * sizeof *ring->requests);
    if (ring->submit_map)
        munmap(ring->submit_map, ring->submit_size);
    if (ring->complete_map)
        munmap(ring->complete_map, ring->complete_size);
    if (ring->fd >= 0)
        close(ring->fd);
    ring->fd = -1;
}

void uring_make_places(struct uring *ring, unsigned places)
{
    struct rlimit limit;
    if (!(ring->features & FEATURE_OF_6_10) || getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    struct io_uring_rsrc_register table = {
        .nr = limit.rlim_cur < places ? (uint32_t)limit.rlim_cur : places,
        .flags = IORING_RSRC_REGISTER_SPARSE,
    };
    if (syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES2, &table, sizeof table) == 0)
        ring->places = table.nr;
}

static bool put(const struct uring *ring, unsigned place, int32_t fd)
{
    struct io_uring_rsrc_update update = {.offset = place, .data = (uint64_t)(uintptr_t)&fd};
    return syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES_UPDATE, &update, 1) == 1;
}

bool uring_hold(struct uring *ring, unsigned place, int fd)
{
    return place < ring->places && put(ring, place, fd);
}

void uring_let_go(struct uring *ring, unsigned place)
{
    put(ring, place, -1);
}

static void queue(struct uring *ring, unsigned operation, struct uring_socket by, const void *subject, size_t size)
{
    uint32_t tail = *ring->submit_tail + ring->queued++;
    ring->requests[tail & ring->submit_mask] = (struct io_uring_sqe){
        .opcode = (uint8_t)operation,
        /* Completions tell of what was refused alone. */
        .flags = IOSQE_CQE_SKIP_SUCCESS | (by.held ? IOSQE_FIXED_FILE : 0),
        .fd = by.number,
        .addr = (uint64_t)(uintptr_t)subject,
        .len = (uint32_t)size,
        /* Never waits: a full socket buffer loses this packet, as the network would. */
        .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
    };
}

void uring_queue_send(struct uring *ring, struct uring_socket by, const uint8_t *data, size_t size)
{
    queue(ring, IORING_OP_SEND, by, data, size);
}

void uring_queue_message(struct uring *ring, struct uring_socket by, const struct msghdr *message)
{
    queue(ring, IORING_OP_SENDMSG, by, message, 1);
}

static unsigned reap(struct uring *ring)
{
    uint32_t head = *ring->complete_head;
    uint32_t tail = __atomic_load_n(ring->complete_tail, __ATOMIC_ACQUIRE);
    __atomic_store_n(ring->complete_head, tail, __ATOMIC_RELEASE);
    return tail - head;
}

unsigned uring_submit(struct uring *ring)
{
    unsigned left = ring->queued;
    unsigned refused = 0;
    __atomic_store_n(ring->submit_tail, *ring->submit_tail + left, __ATOMIC_RELEASE);
    ring->queued = 0;
    while (left > 0) {
        long done = syscall(__NR_io_uring_enter, ring->fd, left, 0, IORING_ENTER_GETEVENTS, NULL, 0);
        if (done < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY)
            return refused + left;
        refused += reap(ring);
        left -= done > 0 ? (unsigned)done : 0;
    }
    return refused;
}
