/* A session: one party's RTP, with its socket pair, what it hears and what is known of what it says. */
#ifndef MEDIA_SESSION_H
#define MEDIA_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "cache_line.h"
#include "command.h"
#include "dtmf.h"
#include "g711.h"
#include "playlist.h"
#include "reception.h"
#include "relay.h"
#include "rtcp.h"
#include "sockets.h"
#include "source_lock.h"
#include "transmit.h"
#include "uring.h"

struct engine;
struct recording;
struct tones;

enum { SESSION_LABEL_SIZE = 256, SESSION_NO_DTMF = -1, SESSION_NO_OWN_DTMF = UINT8_MAX };

/* As SDP says it of our side (RFC 8866 §6.7). */
enum direction { DIRECTION_INACTIVE = 0, DIRECTION_SENDONLY = 1, DIRECTION_RECVONLY = 2, DIRECTION_SENDRECV = 3 };

/* What an epoll event belongs to. */
enum watch_kind { WATCH_CLOCK, WATCH_LISTENER, WATCH_CONTROLLER, WATCH_STOP, WATCH_ASKED, WATCH_RECORDER, WATCH_ANY, WATCH_PEER, WATCH_RTCP };
struct watch {
    enum watch_kind kind;
    struct session *session;
};

struct counters {
    uint64_t packets_in;      /* Accepted RTP. */
    uint64_t octets_in;       /* Payload bytes of it. */
    uint64_t malformed;       /* Datagrams that are no RTP, or of an unexpected payload type. */
    uint64_t foreign;         /* Refused: from an address that is not the session's. */
    uint64_t relay_dropped;   /* Could not be passed to the other leg. */
};

/* What is touched with each packet comes first, in the order of use. */
struct session {
    struct session *next_ticking;
    struct session *previous_ticking;
    struct session *bridge;
    struct recording *recording;
    struct uring_socket sender;     /* `sockets.peer` as the outbox knows it. */
    struct sockets sockets;
    enum direction direction;
    enum codec codec;
    int dtmf_payload_type;
    unsigned place;                 /* In the engine's array of all sessions. */
    uint8_t payload_type;
    uint8_t own_dtmf_payload_type;  /* By which we have asked for keys; a party may use its own number or ours. */
    bool configured;
    bool ticking;
    bool dead;
    bool quiet;                     /* The party says nothing while it hears us: `peer` is looked at now and then. */
    bool timeout_told;
    bool deaf_to_tones;             /* The party tells its keys in another way. */
    struct tones *tones;            /* While the party has no telephone events, else NULL. */
    struct transmit transmit;
    struct playlist music;
    struct relay relay;             /* From the bridged session into `transmit`. */
    struct playlist announcement;
    struct dtmf_receiver dtmf_receiver;
    struct dtmf_sender dtmf_sender;
    struct playlist following_music;  /* Begins where the music ends. */

    struct counters counters;
    struct reception reception;
    struct source_lock source;
    uint64_t heard_at;              /* Last RTP, or when the session was opened. */
    uint64_t listening_since;       /* When we last began to expect RTP. */
    uint64_t timeout_ns;            /* Silence that is told to the controller, 0 for never. */
    struct rtcp_state rtcp;

    struct watch any_watch;
    struct watch peer_watch;
    struct watch rtcp_watch;
    int watched_by;                 /* The epoll set that `sockets.peer` is in, or the resting one, -1 for none. */
    unsigned slot;                  /* Of the ticker, for the session's life. */
    unsigned port;
    union address local;
    struct session *next_of_name;   /* In the table's bucket. */
    struct session *next_dead;      /* Closed in this turn and not yet freed. */
    struct session *next_parked;
    uint64_t parked_at;
    uint64_t intruded_at;           /* When something last came that nobody was to hear. */
    char name[COMMAND_MAX_NAME];
    char label[SESSION_LABEL_SIZE];
};

static inline bool session_takes_digits(const struct session *session, uint8_t payload_type)
{
    return payload_type == session->dtmf_payload_type || payload_type == session->own_dtmf_payload_type;
}

static inline bool session_may_send(const struct session *session)
{
    return session->configured && (session->direction & DIRECTION_SENDONLY) && session->sockets.peer >= 0;
}

static inline bool session_may_receive(const struct session *session)
{
    return session->configured && (session->direction & DIRECTION_RECVONLY);
}

/* Has the processor fetch what is touched with each packet sent, */
static inline void session_prefetch(const struct session *session)
{
    cache_line_prefetch(session, &session->dtmf_sender.queue);
}

/* and with each one received. */
static inline void session_prefetch_heard(const struct session *session)
{
    cache_line_prefetch(session, &session->music);
    cache_line_prefetch(&session->counters, &session->listening_since);
}

/* Opens a session on a free port pair of `host`; NULL with the reason in `*reason`. */
struct session *session_open(struct engine *engine, const char *name, const char *host, const char **reason);

/* Sends BYE, frees clips and recording, parks the sockets or ends them. */
void session_close(struct engine *engine, struct session *session);

/* Closes the sockets of a closed session and frees its ports; the memory itself is freed at the end of the engine's turn. */
void session_end(struct engine *engine, struct session *session);

/* Turns the session to the address in `source.remote`; 0 or an errno. */
int session_aim(struct engine *engine, struct session *session);

/* Sends one RTP packet with the session's SSRC; `codec` is that of an audio payload, converted where it differs from the session's. */
void session_send(struct engine *engine, struct session *session, const struct rtp_packet *packet, enum codec codec, uint64_t due);

/* The party has pressed a key: tells the controller, and sounds it to a bridged party that hears keys as tones alone. */
void session_key(struct engine *engine, struct session *session, const struct dtmf_digit *key);

/* Has what the party says waited for, or looked at now and then while it is `quiet`. */
void session_listen(struct engine *engine, struct session *session, bool quiet);

void session_bridge(struct engine *engine, struct session *a, struct session *b);
void session_unbridge(struct engine *engine, struct session *session);

#endif
