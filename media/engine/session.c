#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "engine.h"
#include "tones.h"

enum { BIND_ATTEMPTS = 64, SHORTEST_TONE_MS = 100, LONGEST_TONE_MS = 1000 };

/* Ports that another program holds go to the end of the queue. What is parked ends where it might be what is missing. */
static bool bind_free_pair(struct engine *engine, struct session *session, const char **reason)
{
    for (int attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
        if (engine->ports.free_count == 0)
            parking_end_first(engine);
        unsigned port = ports_take(&engine->ports);
        if (port == 0) {
            *reason = "all RTP ports are in use";
            return false;
        }
        address_set_port(&session->local, port);
        int error = sockets_bind(&session->sockets, &session->local);
        if (!error) {
            session->port = port;
            return true;
        }
        ports_give_back(&engine->ports, port);
        bool more = (error == EADDRINUSE || error == EMFILE || error == ENFILE) && parking_end_first(engine);
        if (error != EADDRINUSE && !more) {
            *reason = strerror(error);
            return false;
        }
    }
    *reason = "64 RTP ports in a row are held by other programs";
    return false;
}

static void begin_stream(struct session *session)
{
    struct {
        uint32_t ssrc;
        uint32_t timestamp;
        uint16_t sequence;
    } random;
    engine_random(&random, sizeof random);
    session->transmit.ssrc = random.ssrc;
    session->transmit.timestamp = random.timestamp;
    /* Well below the wrap, as RFC 3711 §3.3.1 advises senders whose stream may be encrypted. */
    session->transmit.next_sequence = random.sequence & 0x7fff;
}

/* A session with sockets of its own, which are in the epoll set. */
static struct session *bound(struct engine *engine, const union address *local, const char **reason)
{
    *reason = "out of memory";
    struct session *session = cache_line_zeroed(sizeof *session);
    if (!session)
        return NULL;
    session->local = *local;
    if (!bind_free_pair(engine, session, reason)) {
        free(session);
        return NULL;
    }
    session->any_watch = (struct watch){WATCH_ANY, session};
    session->peer_watch = (struct watch){WATCH_PEER, session};
    session->rtcp_watch = (struct watch){WATCH_RTCP, session};
    session->watched_by = -1;
    *reason = "out of memory";
    if (engine_watch(engine->idle_fd, session->sockets.any, &session->any_watch) &&
        engine_watch(engine->idle_fd, session->sockets.rtcp, &session->rtcp_watch))
        return session;
    session_end(engine, session);
    return NULL;
}

/* A parked session as if it were new, but for its sockets, their place in the outbox and in the epoll sets. */
static struct session *parked(struct engine *engine, const union address *local)
{
    struct session *session = parking_take(engine, local);
    if (!session)
        return NULL;
    const struct session old = *session;
    memset(session, 0, sizeof *session);
    session->sockets = old.sockets;
    session->sender = old.sender;
    session->port = old.port;
    session->local = old.local;
    session->any_watch = old.any_watch;
    session->peer_watch = old.peer_watch;
    session->rtcp_watch = old.rtcp_watch;
    session->watched_by = old.watched_by;
    return session;
}

struct session *session_open(struct engine *engine, const char *name, const char *host, const char **reason)
{
    union address local;
    *reason = "address must be an IP literal";
    if (!address_parse_host(host, 0, &local))
        return NULL;
    struct session *session = parked(engine, &local);
    if (!session)
        session = bound(engine, &local, reason);
    if (!session)
        return NULL;
    snprintf(session->name, sizeof session->name, "%s", name);
    session->dtmf_payload_type = SESSION_NO_DTMF;
    session->own_dtmf_payload_type = SESSION_NO_OWN_DTMF;
    session->heard_at = engine->now;
    begin_stream(session);
    if (!engine_add(engine, session)) {
        *reason = "out of memory";
        session_end(engine, session);
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
    outbox_send_to(&engine->outbox, session->sockets.rtcp, &session->rtcp.remote, size);
}

void session_end(struct engine *engine, struct session *session)
{
    outbox_let_go(&engine->outbox, session->sender);
    sockets_close(&session->sockets);
    ports_give_back(&engine->ports, session->port);
    session->dead = true;
    session->next_dead = engine->dead;
    engine->dead = session;
}

void session_close(struct engine *engine, struct session *session)
{
    session_unbridge(engine, session);
    say_goodbye(engine, session);
    if (session->recording)
        recorder_stop(&engine->recorder, session->recording, engine->now);
    playlist_clear(&session->music, &engine->clips);
    playlist_clear(&session->following_music, &engine->clips);
    playlist_clear(&session->announcement, &engine->clips);
    tones_free(session->tones);
    session->tones = NULL;
    ticker_remove(&engine->ticker, session);
    ticker_leave(&engine->ticker, session->slot);
    /* What waits to be sent names the sockets by number. */
    outbox_flush(&engine->outbox);
    engine_remove(engine, session);
    if (!parking_put(engine, session))
        session_end(engine, session);
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
    outbox_send(&engine->outbox, session->sender, RTP_HEADER_SIZE + packet->payload_size);

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

void session_key(struct engine *engine, struct session *session, const struct dtmf_digit *key)
{
    struct session *other = session->bridge;
    control_digit(engine, session, key);
    /* A tone of the party's own passes with its audio. */
    if (!other || !other->tones || session->tones)
        return;
    unsigned ms = key->duration_ms < LONGEST_TONE_MS ? key->duration_ms : LONGEST_TONE_MS;
    dtmf_queue(&other->dtmf_sender, (char[]){key->digit, 0}, ms > SHORTEST_TONE_MS ? ms : SHORTEST_TONE_MS);
    ticker_add(&engine->ticker, other, engine->now);
}

/* Bridged packets are waited for, all others looked at with each tick. */
static void watch_peer(const struct engine *engine, struct session *session)
{
    int fd = session->sockets.peer;
    int set = session->bridge ? engine->relay_fd : engine->idle_fd;
    if (session->quiet)
        set = -1;
    if (fd < 0 || set == session->watched_by)
        return;
    if (session->watched_by >= 0)
        epoll_ctl(session->watched_by, EPOLL_CTL_DEL, fd, NULL);
    if (set >= 0)
        engine_watch(set, fd, &session->peer_watch);
    session->watched_by = set;
}

void session_listen(struct engine *engine, struct session *session, bool quiet)
{
    session->quiet = quiet;
    watch_peer(engine, session);
}

int session_aim(struct engine *engine, struct session *session)
{
    /* What waits to be sent names the socket by number. */
    outbox_flush(&engine->outbox);
    if (sockets_wake(&session->sockets, &session->source.remote)) {
        watch_peer(engine, session);
        return 0;
    }
    outbox_let_go(&engine->outbox, session->sender);
    session->sender.held = false;
    int error = sockets_aim(&session->sockets, &session->local, &session->source.remote);
    if ((error == EMFILE || error == ENFILE) && parking_end_first(engine))
        error = sockets_aim(&session->sockets, &session->local, &session->source.remote);
    if (session->sockets.peer >= 0)
        session->sender = outbox_hold(&engine->outbox, ports_place(&engine->ports, session->port), session->sockets.peer);
    session->watched_by = -1;
    watch_peer(engine, session);
    return error;
}

static void join(struct engine *engine, struct session *session, struct session *other)
{
    session->bridge = other;
    engine->bridged++;
    session->relay.joined = false;
    session_listen(engine, session, false);
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
    engine->bridged--;
    session->relay.joined = false;
    watch_peer(engine, session);
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
