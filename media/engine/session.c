#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine.h"

enum { BIND_ATTEMPTS = 64, RECEIVE_BUFFER = 65536 };

/* Expedited forwarding for voice (RFC 4594 §4.1): DSCP 46. */
static const int VOICE_TOS = 46 << 2;

static int open_socket(const union address *local)
{
    int family = local->any.sa_family;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int one = 1;
    int buffer = RECEIVE_BUFFER;
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    setsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, family == AF_INET6 ? IPV6_TCLASS : IP_TOS, &VOICE_TOS,
               sizeof VOICE_TOS);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(fd, &local->any, address_size(local)) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool bind_pair(struct session *session, unsigned port)
{
    address_set_port(&session->local, port);
    session->rtp_fd = open_socket(&session->local);
    if (session->rtp_fd < 0)
        return false;
    union address rtcp = session->local;
    address_set_port(&rtcp, port + 1);
    session->rtcp_fd = open_socket(&rtcp);
    if (session->rtcp_fd >= 0) {
        session->port = port;
        return true;
    }
    int error = errno;
    close(session->rtp_fd);
    errno = error;
    return false;
}

/* Ports that another program holds go to the end of the queue. */
static bool bind_free_pair(struct engine *engine, struct session *session, const char **reason)
{
    for (int attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
        unsigned port = ports_take(&engine->ports);
        if (port == 0) {
            *reason = "all RTP ports are in use";
            return false;
        }
        if (bind_pair(session, port))
            return true;
        ports_give_back(&engine->ports, port);
        if (errno != EADDRINUSE) {
            *reason = strerror(errno);
            return false;
        }
    }
    *reason = "64 RTP ports in a row are held by other programs";
    return false;
}

static void begin_stream(struct session *session)
{
    uint64_t random = engine_random();
    session->transmit.ssrc = (uint32_t)random;
    session->transmit.timestamp = (uint32_t)(random >> 32);
    /* Well below the wrap, as RFC 3711 §3.3.1 advises senders whose stream may be encrypted. */
    session->transmit.next_sequence = (uint16_t)(engine_random() & 0x7fff);
}

struct session *session_open(struct engine *engine, const char *name, const char *host, const char **reason)
{
    *reason = "out of memory";
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    snprintf(session->name, sizeof session->name, "%s", name);
    if (!address_parse_host(host, 0, &session->local)) {
        *reason = "address must be an IP literal";
        free(session);
        return NULL;
    }
    if (!bind_free_pair(engine, session, reason)) {
        free(session);
        return NULL;
    }
    session->rtp_watch = (struct watch){WATCH_RTP, session};
    session->rtcp_watch = (struct watch){WATCH_RTCP, session};
    session->dtmf_payload_type = SESSION_NO_DTMF;
    session->heard_at = engine->now;
    begin_stream(session);
    if (!engine_watch(engine->idle_fd, session->rtp_fd, &session->rtp_watch) ||
        !engine_watch(engine->idle_fd, session->rtcp_fd, &session->rtcp_watch) || !engine_add(engine, session)) {
        close(session->rtp_fd);
        close(session->rtcp_fd);
        ports_give_back(&engine->ports, session->port);
        free(session);
        return NULL;
    }
    session->slot = ticker_join(&engine->ticker);
    ticker_expect_sweep(&engine->ticker, engine->now);
    return session;
}

static void say_goodbye(struct engine *engine, struct session *session)
{
    if (!address_known(&session->rtcp.remote) || session->rtcp.next_report_at == 0)
        return;
    uint8_t *out = outbox_reserve(&engine->outbox);
    size_t size = rtcp_write(&session->rtcp, &session->transmit, &session->reception, session->name, true, engine->now,
                             rtcp_ntp_now(), out);
    outbox_commit(&engine->outbox, session->rtcp_fd, &session->rtcp.remote, size);
}

void session_close(struct engine *engine, struct session *session)
{
    session_unbridge(engine, session);
    say_goodbye(engine, session);
    if (session->recording)
        recorder_stop(&engine->recorder, session->recording, engine->now);
    playlist_clear(&session->music, &engine->clips);
    playlist_clear(&session->announcement, &engine->clips);
    ticker_remove(&engine->ticker, session);
    ticker_leave(&engine->ticker, session->slot);
    /* What waits to be sent names the sockets by number. */
    outbox_flush(&engine->outbox);
    close(session->rtp_fd);
    close(session->rtcp_fd);
    ports_give_back(&engine->ports, session->port);
    engine_remove(engine, session);
    session->dead = true;
    session->next_dead = engine->dead;
    engine->dead = session;
}

void session_send(struct engine *engine, struct session *session, const struct rtp_packet *packet, enum codec codec, uint64_t due)
{
    if (!g711_convertible(codec, session->codec))
        return;
    struct transmit *transmit = &session->transmit;
    struct rtp_packet header = *packet;
    header.ssrc = transmit->ssrc;
    uint8_t *out = outbox_reserve(&engine->outbox);
    rtp_write_header(out, &header);
    g711_convert(&engine->g711, codec, session->codec, packet->payload, out + RTP_HEADER_SIZE, packet->payload_size);
    outbox_commit(&engine->outbox, session->rtp_fd, &session->source.remote, RTP_HEADER_SIZE + packet->payload_size);

    transmit->packets++;
    transmit->octets += packet->payload_size;
    if (session->recording && packet->payload_type == session->payload_type)
        recorder_take(&engine->recorder, session->recording, RECORD_HEARD, codec, packet, due);
    /* A relayed packet may be older than the one before it. */
    if (transmit->started && (int16_t)(packet->sequence - transmit->next_sequence) < 0)
        return;
    transmit->next_sequence = (uint16_t)(packet->sequence + 1);
    if (!transmit->started || packet->timestamp != transmit->timestamp) {
        transmit->timestamp = packet->timestamp;
        transmit->sent_at = due;
    }
    transmit->started = true;
}

/* Bridged packets are waited for, all others looked at with each tick. */
static void watch_in(struct session *session, int from, int to)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &session->rtp_watch};
    epoll_ctl(from, EPOLL_CTL_DEL, session->rtp_fd, NULL);
    epoll_ctl(to, EPOLL_CTL_ADD, session->rtp_fd, &event);
}

static void join(struct engine *engine, struct session *session, struct session *other)
{
    session->bridge = other;
    session->relay.joined = false;
    watch_in(session, engine->idle_fd, engine->epoll_fd);
}

void session_bridge(struct engine *engine, struct session *a, struct session *b)
{
    session_unbridge(engine, a);
    session_unbridge(engine, b);
    join(engine, a, b);
    join(engine, b, a);
}

static void part(struct engine *engine, struct session *session)
{
    session->bridge = NULL;
    session->relay.joined = false;
    watch_in(session, engine->epoll_fd, engine->idle_fd);
    if (playlist_active(&session->music))
        ticker_add(&engine->ticker, session, engine->now);
}

void session_unbridge(struct engine *engine, struct session *session)
{
    struct session *other = session->bridge;
    if (!other)
        return;
    part(engine, session);
    part(engine, other);
}
