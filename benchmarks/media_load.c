/* Many phones' RTP for benchmarks/media.py: sends and receives on a few sockets, and measures with the kernel's receive times.

   media_load SOCKETS SECONDS SEND   prints the sockets' ports in one line, reads one line with the engine's ports (the phone of the
   N-th uses socket N modulo SOCKETS), waits a second for things to settle, measures for SECONDS and prints one line of JSON.
   With SEND = 1 each phone sends 20 ms packets that carry their time of sending. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SOCKETS = 64, MOST_PHONES = 8192, BATCH = 64, PACKET = 172, SLOTS = 20, READ_SLOTS = 20, SCALE = 200000 };

struct phone {
    unsigned socket;
    struct sockaddr_in engine;
    uint16_t sequence;
    uint32_t timestamp;
    uint64_t heard_at;
    uint16_t heard_sequence;
    bool heard;
};

static struct phone phones[MOST_PHONES];
static unsigned phone_count, socket_count;
static int sockets[MOST_SOCKETS];
static uint16_t phone_of_port[65536];  /* Index plus one, by the engine's port: each session has its own. */
static uint32_t spacing[SCALE], delay[SCALE];  /* Microseconds. */
static uint64_t packets, gaps, sent;
static bool measuring, sending;

static uint64_t real_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void count(uint32_t *scale, int64_t ns)
{
    int64_t us = (ns < 0 ? -ns : ns) / 1000;
    scale[us < SCALE ? us : SCALE - 1]++;
}

static double quantile(const uint32_t *scale, double q)
{
    uint64_t all = 0, seen = 0;
    for (int i = 0; i < SCALE; i++)
        all += scale[i];
    for (int i = 0; i < SCALE; i++)
        if ((seen += scale[i]) > 0 && (double)seen >= q * (double)all)
            return i / 1000.0;
    return 0;
}

/* Phones have an RTCP port beside the RTP port, even where they never look at it: without one, the kernel answers each report with an
   ICMP error, at the sender's cost. */
static bool open_pair(int fd, struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)address, size) || getsockname(fd, (struct sockaddr *)address, &size))
        return false;
    struct sockaddr_in rtcp = *address;
    rtcp.sin_port = htons((uint16_t)(ntohs(address->sin_port) + 1));
    return bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&rtcp, size) == 0;
}

static void open_sockets(void)
{
    for (unsigned i = 0; i < socket_count; i++) {
        struct sockaddr_in address;
        int one = 1, buffer = 4 << 20;
        do
            sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        while (sockets[i] >= 0 && !open_pair(sockets[i], &address));
        if (sockets[i] < 0)
            exit(1);
        setsockopt(sockets[i], SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
        setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        printf("%s%u", i ? " " : "", ntohs(address.sin_port));
    }
    printf("\n");
    fflush(stdout);
}

static void read_ports(void)
{
    char *line = NULL;
    size_t capacity = 0;
    if (getline(&line, &capacity, stdin) < 0)
        exit(1);
    for (char *word = strtok(line, " \n"); word && phone_count < MOST_PHONES; word = strtok(NULL, " \n")) {
        struct phone *phone = &phones[phone_count];
        phone->socket = phone_count % socket_count;
        phone->engine = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        phone->engine.sin_port = htons((uint16_t)atoi(word));
        phone_of_port[ntohs(phone->engine.sin_port)] = (uint16_t)++phone_count;
    }
    free(line);
}

static void take(struct msghdr *message, const uint8_t *data, const struct sockaddr_in *from)
{
    uint16_t index = phone_of_port[ntohs(from->sin_port)];
    if (!index)
        return;
    struct phone *phone = &phones[index - 1];
    struct timespec stamp = {0};
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
    uint64_t at = (uint64_t)stamp.tv_sec * 1000000000 + (uint64_t)stamp.tv_nsec;
    uint16_t sequence = (uint16_t)(data[2] << 8 | data[3]);
    if (measuring) {
        packets++;
        if (phone->heard && sequence == (uint16_t)(phone->heard_sequence + 1))
            count(spacing, (int64_t)(at - phone->heard_at) - 20000000);
        else if (phone->heard)
            gaps++;
        if (sending) {
            uint64_t sent_at;
            memcpy(&sent_at, data + 12, sizeof sent_at);
            count(delay, (int64_t)(at - sent_at));
        }
    }
    phone->heard = true;
    phone->heard_at = at;
    phone->heard_sequence = sequence;
}

static void receive(int fd)
{
    static uint8_t data[BATCH][2048];
    static uint8_t control[BATCH][64];
    struct sockaddr_in from[BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    int got = BATCH;
    while (got == BATCH) {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){data[i], sizeof data[i]};
            messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i],
                                                  .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
        }
        got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++)
            if (messages[i].msg_len >= PACKET)
                take(&messages[i].msg_hdr, data[i], &from[i]);
    }
}

/* The phones of one slot; a slot is a millisecond. */
static void send_slot(unsigned slot)
{
    uint8_t packet[PACKET];
    memset(packet, 0xd5, sizeof packet);
    for (unsigned i = slot; i < phone_count; i += SLOTS) {
        struct phone *phone = &phones[i];
        uint32_t timestamp = htonl(phone->timestamp += 160), ssrc = htonl(i + 1);
        uint16_t sequence = htons(phone->sequence++);
        packet[0] = 0x80;
        packet[1] = 8;
        memcpy(packet + 2, &sequence, 2);
        memcpy(packet + 4, &timestamp, 4);
        memcpy(packet + 8, &ssrc, 4);
        uint64_t now = real_time();
        memcpy(packet + 12, &now, 8);
        if (sendto(sockets[phone->socket], packet, PACKET, 0, (struct sockaddr *)&phone->engine, sizeof phone->engine) == PACKET)
            sent += measuring;
    }
}

static void receive_all(void)
{
    for (unsigned i = 0; i < socket_count; i++)
        receive(sockets[i]);
}

static void run(double seconds)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec each_ms = {{0, 1000000}, {0, 1000000}};
    timerfd_settime(timer, 0, &each_ms, NULL);
    uint64_t ticks = 0, read_at = 0, end = 1000 + (uint64_t)(seconds * 1000);
    while (ticks < end) {
        /* Never woken by a packet, and seldom reading while the engine sends, for both would be at the sender's cost: the kernel notes
           when each came. */
        uint64_t due = 0;
        if (read(timer, &due, sizeof due) < 0)
            due = 0;
        for (; due > 0; due--, ticks++) {
            if (sending)
                send_slot(ticks % SLOTS);
            if (ticks == 1000)
                measuring = true;
        }
        if (ticks >= read_at) {
            receive_all();
            read_at = ticks + READ_SLOTS;
        }
    }
    receive_all();
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    socket_count = (unsigned)atoi(argv[1]);
    sending = atoi(argv[3]);
    if (socket_count < 1 || socket_count > MOST_SOCKETS)
        return 2;
    open_sockets();
    read_ports();
    run(atof(argv[2]));
    printf("{\"packets\": %llu, \"gaps\": %llu, \"sent\": %llu, \"spacing_p50\": %.3f, \"spacing_p99\": %.3f, \"spacing_max\": %.3f, "
           "\"delay_p50\": %.3f, \"delay_p99\": %.3f, \"delay_max\": %.3f}\n",
           (unsigned long long)packets, (unsigned long long)gaps, (unsigned long long)sent, quantile(spacing, 0.5),
           quantile(spacing, 0.99), quantile(spacing, 1), quantile(delay, 0.5), quantile(delay, 0.99), quantile(delay, 1));
    return 0;
}
