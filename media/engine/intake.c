#define _GNU_SOURCE
#include "intake.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "engine.h"
#include "player.h"
#include "tones.h"

enum { BATCH = 8, BUFFER = 2048, MOST_BATCHES = 8, EVENTS = 256, MOST_ROUNDS = 16 };

struct intake {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    union address sources[BATCH];
    uint8_t data[BATCH][BUFFER];
};

struct intake *intake_new(void)
{
    struct intake *intake = calloc(1, sizeof *intake);
    for (unsigned i = 0; intake && i < BATCH; i++) {
        intake->parts[i] = (struct iovec){.iov_base = intake->data[i], .iov_len = BUFFER};
        intake->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &intake->sources[i],
            .msg_iov = &intake->parts[i],
            .msg_iovlen = 1,
        };
    }
    return intake;
}

void intake_free(struct intake *intake)
{
    free(intake);
}

static int receive(struct intake *intake, int fd)
{
    for (unsigned i = 0; i < BATCH; i++)
        intake->messages[i].msg_hdr.msg_namelen = sizeof intake->sources[i];
    return recvmmsg(fd, intake->messages, BATCH, MSG_DONTWAIT, NULL);
}

/* Passes on a telephone event where `digits`, else audio. */
static void relay(struct engine *engine, const struct session *from, struct session *to, const struct rtp_packet *received,
                  enum reception_result place, bool digits)
{
    if (!session_may_send(to) || player_speaks(to)) {
        to->relay.joined = false;
        return;
    }
    struct rtp_packet packet = *received;
    bool audio = !digits && received->payload_type == from->payload_type && g711_convertible(from->codec, to->codec);
    if (!(audio || (digits && to->dtmf_payload_type != SESSION_NO_DTMF)) || packet.payload_size + RTP_HEADER_SIZE > RTP_MAX_SIZE) {
        to->counters.relay_dropped++;
        relay_skip(&to->relay, &packet, place);
        return;
    }
    packet.payload_type = digits ? (uint8_t)to->dtmf_payload_type : to->payload_type;
    if (!relay_number(&to->relay, &to->transmit, &packet, place, engine->now)) {
        to->counters.relay_dropped++;
        return;
    }
    session_send(engine, to, &packet, digits ? to->codec : from->codec, engine->now);
}

static void take_digits(struct engine *engine, struct session *session, const struct rtp_packet *packet)
{
    struct dtmf_digit ended[2];
    int count = dtmf_receive(&session->dtmf_receiver, packet, engine->now, ended);
    for (int i = 0; i < count; i++)
        session_key(engine, session, &ended[i]);
    if (session->dtmf_receiver.active)
        ticker_add(&engine->ticker, session, engine->now);
}

/* Takes a key that sounds in the audio; true where its `event` is to go on to a bridged party in the place of the packet. */
static bool take_tones(struct engine *engine, struct session *session, const struct rtp_packet *packet, enum reception_result place,
                       struct rtp_packet *event)
{
    if (session->deaf_to_tones || !tones_hear(session->tones, packet, place, event))
        return false;
    take_digits(engine, session, event);
    return session->bridge && !session->bridge->tones;
}

/* A new address was learned: send there from now on. Its reports are where it has said, where it is the signalled one. */
static void turn_to_source(struct engine *engine, struct session *session)
{
    session_aim(engine, session);
    rtcp_turn(&session->rtcp, &session->source.remote, address_equal(&session->source.remote, &session->source.signalled));
}

static void take_rtp(struct engine *engine, struct session *session, const struct rtp_packet *packet, const union address *source)
{
    bool audio = packet->payload_type == session->payload_type;
    bool digits = session_takes_digits(session, packet->payload_type);
    bool was_locked = session->source.locked;
    /* Only what was agreed on can teach us an address; a locked source may also send comfort noise. */
    if (!audio && !digits && !was_locked) {
        session->counters.malformed++;
        return;
    }
    bool known = address_equal(source, &session->source.remote);
    if (!source_lock_accepts(&session->source, source, packet)) {
        session->counters.foreign++;
        return;
    }
    if (!known)
        turn_to_source(engine, session);
    enum reception_result place = reception_packet(&session->reception, packet, engine->now);
    if (place == RECEPTION_REFUSED)
        return;
    session->counters.packets_in++;
    session->counters.octets_in += packet->payload_size;
    session->heard_at = engine->now;
    session->timeout_told = false;
    if (!session_may_receive(session))
        return;
    if (digits)
        take_digits(engine, session, packet);
    if (session->recording && place == RECEPTION_RESTART)
        recorder_source_changed(session->recording);
    if (audio && session->recording)
        recorder_take(&engine->recorder, session->recording, RECORD_SAID, session->codec, packet, engine->now);
    struct rtp_packet event;
    bool sounds = audio && session->tones && take_tones(engine, session, packet, place, &event);
    if (session->bridge)
        relay(engine, session, session->bridge, sounds ? &event : packet, place, digits || sounds);
}

static void take_rtcp(struct engine *engine, struct session *session, const uint8_t *data, size_t size, const union address *source,
                      bool multiplexed)
{
    if (!session->configured)
        session->intruded_at = engine->now;
    if (!session->configured || !address_same_host(source, &session->source.remote)) {
        session->counters.foreign++;
        return;
    }
    if (!rtcp_read(&session->rtcp, data, size, session->transmit.ssrc, engine->now, rtcp_ntp_now())) {
        session->counters.malformed++;
        return;
    }
    /* Reports to an RTP port that did not agree to them would be taken for a stranger's audio. */
    if (!session->rtcp.remote_known && !multiplexed) {
        session->rtcp.remote = *source;
        session->rtcp.remote_known = true;
    }
}

static void take(struct engine *engine, struct session *session, const uint8_t *data, size_t size, const union address *source)
{
    struct rtp_packet packet;
    if (!session->configured) {
        session->intruded_at = engine->now;
        return;
    }
    if (rtp_parse(data, size, &packet))
        take_rtp(engine, session, &packet, source);
    else if (rtp_is_rtcp(data, size))
        take_rtcp(engine, session, data, size, source, true);
    else
        session->counters.malformed++;
}

static void read_any(struct engine *engine, struct session *session)
{
    struct intake *intake = engine->intake;
    int count = BATCH;
    for (int batch = 0; batch < MOST_BATCHES && count == BATCH; batch++) {
        count = receive(intake, session->sockets.any);
        for (int i = 0; i < count; i++)
            take(engine, session, intake->data[i], intake->messages[i].msg_len, &intake->sources[i]);
    }
}

/* One packet is what waits, in all but rare cases: looking for a second costs as much again. A socket with more is ready again at
   once. */
static bool read_peer(struct engine *engine, struct session *session)
{
    uint8_t *data = engine->intake->data[0];
    const union address source = session->source.remote;
    ssize_t size = recv(session->sockets.peer, data, BUFFER, MSG_DONTWAIT);
    if (size >= 0)
        take(engine, session, data, (size_t)size, &source);
    return size >= 0;
}

static void read_all(struct engine *engine, struct session *session)
{
    for (int most = MOST_BATCHES * BATCH; most > 0 && read_peer(engine, session); most--)
        ;
}

static void read_rtcp(struct engine *engine, struct session *session)
{
    struct intake *intake = engine->intake;
    int count = receive(intake, session->sockets.rtcp);
    for (int i = 0; i < count; i++)
        take_rtcp(engine, session, intake->data[i], intake->messages[i].msg_len, &intake->sources[i], false);
}

static void read_watched(struct engine *engine, const struct watch *watch)
{
    if (watch->kind == WATCH_PEER && watch->session->sockets.peer >= 0)
        read_peer(engine, watch->session);
    else if (watch->kind == WATCH_ANY)
        read_any(engine, watch->session);
    else if (watch->kind == WATCH_RTCP)
        read_rtcp(engine, watch->session);
}

void intake_session(struct engine *engine, struct session *session)
{
    if (session->sockets.peer >= 0)
        read_all(engine, session);
    read_any(engine, session);
}

void intake_quiet(struct engine *engine, struct session *session)
{
    if (session->sockets.peer < 0 || !read_peer(engine, session))
        return;
    read_all(engine, session);
    session_listen(engine, session, false);
}

/* Each session was last touched 20 ms ago, and is out of the processor's caches: all of them are fetched at once. */
static void prefetch_told(const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++)
        session_prefetch_heard(((const struct watch *)events[i].data.ptr)->session);
    for (int i = 0; i < count; i++) {
        const struct session *other = ((const struct watch *)events[i].data.ptr)->session->bridge;
        if (other)
            session_prefetch(other);
    }
}

static bool read_ready(struct engine *engine, int epoll_fd)
{
    struct epoll_event events[EVENTS];
    int count = EVENTS;
    bool any = false;
    for (int round = 0; round < MOST_ROUNDS && count == EVENTS; round++) {
        count = epoll_wait(epoll_fd, events, EVENTS, 0);
        any = any || count > 0;
        prefetch_told(events, count);
        for (int i = 0; i < count; i++)
            read_watched(engine, events[i].data.ptr);
    }
    return any;
}

bool intake_relayed(struct engine *engine)
{
    return read_ready(engine, engine->relay_fd);
}

void intake_idle(struct engine *engine)
{
    read_ready(engine, engine->idle_fd);
}
