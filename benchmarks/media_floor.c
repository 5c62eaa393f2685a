/* What sending alone costs on this machine, for benchmarks/media.py: the least that playing music to many callers can cost.

   media_floor HOW STREAMS SECONDS PORT...   sends STREAMS packets of RTP's size every 20 ms to these ports of the loopback in turn,
   for SECONDS, and prints the CPU-seconds that it used. HOW is
     uring     each stream by a connected socket of its own, gathered by io_uring, as the engine does;
     send      each stream by a connected socket of its own, each packet by one send();
     sendmmsg  all streams by one socket that is not connected, in batches. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "../media/engine/uring.h"

enum { MOST_STREAMS = 1000, PACKET = 172, PERIOD_NS = 20000000, BATCH = 64 };

static struct sockaddr_in targets[MOST_STREAMS];
static int sockets[MOST_STREAMS];
static struct uring_socket held[MOST_STREAMS];
static uint8_t packets[MOST_STREAMS][PACKET];
static unsigned streams;
static struct uring ring;

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0)
        exit(1);
    return fd;
}

static void open_streams(bool connected, char **ports, int port_count)
{
    for (unsigned i = 0; i < streams; i++) {
        targets[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        targets[i].sin_port = htons((uint16_t)atoi(ports[i % (unsigned)port_count]));
        sockets[i] = connected || i == 0 ? open_socket() : sockets[0];
        if (connected && connect(sockets[i], (struct sockaddr *)&targets[i], sizeof targets[i]))
            exit(1);
        held[i] = (struct uring_socket){sockets[i], false};
        if (connected && uring_hold(&ring, i, sockets[i]))
            held[i] = (struct uring_socket){(int32_t)i, true};
    }
}

static void send_by_ring(void)
{
    for (unsigned i = 0; i < streams; i++) {
        uring_queue_send(&ring, held[i], packets[i], PACKET);
        if (i % BATCH == BATCH - 1)
            uring_submit(&ring);
    }
    uring_submit(&ring);
}

static void send_one_by_one(void)
{
    for (unsigned i = 0; i < streams; i++)
        if (send(sockets[i], packets[i], PACKET, MSG_DONTWAIT) < 0)
            exit(1);
}

static void send_in_batches(void)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    for (unsigned first = 0; first < streams; first += BATCH) {
        unsigned count = streams - first < BATCH ? streams - first : BATCH;
        for (unsigned i = 0; i < count; i++) {
            parts[i] = (struct iovec){packets[first + i], PACKET};
            messages[i].msg_hdr = (struct msghdr){.msg_name = &targets[first + i], .msg_namelen = sizeof targets[0],
                                                  .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        if (sendmmsg(sockets[0], messages, count, MSG_DONTWAIT) < 0)
            exit(1);
    }
}

static void wait_until(uint64_t ns)
{
    struct timespec at = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        ;
}

static double used(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    bool by_ring = strcmp(argv[1], "uring") == 0, of_one = strcmp(argv[1], "sendmmsg") == 0;
    void (*send_all)(void) = by_ring ? send_by_ring : of_one ? send_in_batches : send_one_by_one;
    streams = (unsigned)atoi(argv[2]);
    if (streams < 1 || streams > MOST_STREAMS || (by_ring && !uring_open(&ring, BATCH)))
        return 1;
    if (by_ring)
        uring_make_places(&ring, MOST_STREAMS);
    open_streams(!of_one, argv + 4, argc - 4);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t due = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    double before = used();
    for (unsigned turns = (unsigned)(atof(argv[3]) * 50); turns > 0; turns--) {
        wait_until(due += PERIOD_NS);
        send_all();
    }
    printf("%.6f\n", used() - before);
    return 0;
}
