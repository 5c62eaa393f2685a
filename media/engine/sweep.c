#include "sweep.h"

#include "engine.h"

enum { PARTS = 50 };
static const uint64_t SECOND_NS = 1000000000;
/* A phone that suppresses silence pauses more briefly than that between two words. */
static const uint64_t QUIET_NS = 2000000000;

static void report(struct engine *engine, struct session *session)
{
    bool first = session->rtcp.next_report_at == 0;
    if (engine->now < session->rtcp.next_report_at || !address_known(&session->rtcp.remote))
        return;
    uint32_t random;
    engine_random(&random, sizeof random);
    session->rtcp.next_report_at = engine->now + rtcp_interval(random, first);
    if (first)
        return;
    uint8_t *out = outbox_reserve(&engine->outbox);
    size_t size = rtcp_write(&session->rtcp, &session->transmit, &session->reception, session->name, false, engine->now,
                             rtcp_ntp_now(), out);
    outbox_send_to(&engine->outbox, session->sockets.rtcp, &session->rtcp.remote, size);
}

static void notice_silence(struct engine *engine, struct session *session)
{
    if (!session_may_receive(session)) {
        session->listening_since = engine->now;
        return;
    }
    uint64_t since = session->heard_at > session->listening_since ? session->heard_at : session->listening_since;
    uint64_t silent = engine->now - since;
    if (session->timeout_ns == 0 || session->timeout_told || silent < session->timeout_ns)
        return;
    session->timeout_told = true;
    struct line line;
    line_start(&line, "rtp_timeout", session->name);
    line_number(&line, "seconds", silent / SECOND_NS);
    control_event(engine, &line);
}

/* Nobody will close the session of a controller that does not come back. */
static bool orphaned(const struct engine *engine, const struct session *session)
{
    uint64_t limit = engine->options.orphan_seconds * SECOND_NS;
    return !control_connected(&engine->control) && engine->now - engine->control.lost_at > limit &&
           engine->now - session->heard_at > limit;
}

void sweep(struct engine *engine)
{
    unsigned number = (engine->session_count + PARTS - 1) / PARTS;
    for (unsigned i = 0; i < number && engine->session_count > 0; i++) {
        if (engine->sweep_place >= engine->session_count)
            engine->sweep_place = 0;
        struct session *session = engine->sessions[engine->sweep_place];
        if (orphaned(engine, session)) {
            struct line line;
            line_start(&line, "orphan_closed", session->name);
            line_text(&line, "label", session->label);
            control_event(engine, &line);
            session_close(engine, session);
            continue;
        }
        engine->sweep_place++;
        notice_silence(engine, session);
        report(engine, session);
        /* A socket that is waited for costs more with each packet sent: the kernel tells epoll of the room that comes free. */
        if (session->ticking && !session->bridge && engine->now - session->heard_at > QUIET_NS)
            session_listen(engine, session, true);
    }
    parking_sweep(engine);
}
