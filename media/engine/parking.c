#include "parking.h"

#include <sys/resource.h>

#include "engine.h"

enum { MOST = 2000, SOCKETS = 3, LOOKED_AT = 32, ENDED_AT_ONCE = 4 };
/* For so long nobody has sent to a port before the next party has it. Who was hung up on sends until the BYE is there: within this
   time it was repeated twice (after 0.5 and 1.5 s, RFC 3261 §17.1.2.2). */
static const uint64_t QUARANTINE_NS = 2000000000;
/* What nobody needed for so long is too much. */
static const uint64_t LONGEST_NS = 10000000000;

void parking_open(struct parking *parking, unsigned pairs)
{
    struct rlimit limit;
    *parking = (struct parking){0};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    rlim_t quarter = limit.rlim_cur / SOCKETS / 4;
    unsigned half = pairs / 2 < MOST ? pairs / 2 : MOST;
    parking->most = quarter < half ? (unsigned)quarter : half;
}

bool parking_put(struct engine *engine, struct session *session)
{
    struct parking *parking = &engine->parking;
    if (parking->count >= parking->most || !sockets_rest(&session->sockets, &session->local))
        return false;
    session->configured = false;
    session->intruded_at = session->parked_at = engine->now;
    session->next_parked = NULL;
    if (parking->last)
        parking->last->next_parked = session;
    else
        parking->first = session;
    parking->last = session;
    parking->count++;
    return true;
}

static void unlink_after(struct parking *parking, struct session *before, struct session *session)
{
    if (before)
        before->next_parked = session->next_parked;
    else
        parking->first = session->next_parked;
    if (parking->last == session)
        parking->last = before;
    parking->count--;
}

/* What waits in a socket at this very moment tells of somebody who still sends. */
static struct session *take_after(struct engine *engine, struct session *before, struct session *session)
{
    unlink_after(&engine->parking, before, session);
    if (sockets_silent(&session->sockets))
        return session;
    session_end(engine, session);
    return NULL;
}

struct session *parking_take(struct engine *engine, const union address *host)
{
    struct session *before = NULL;
    struct session *session = engine->parking.first;
    for (int looked = 0; looked < LOOKED_AT && session && engine->now - session->parked_at >= QUARANTINE_NS; looked++) {
        if (address_same_host(&session->local, host) && engine->now - session->intruded_at >= QUARANTINE_NS)
            return take_after(engine, before, session);
        before = session;
        session = session->next_parked;
    }
    return NULL;
}

bool parking_end_first(struct engine *engine)
{
    struct session *session = engine->parking.first;
    if (!session)
        return false;
    unlink_after(&engine->parking, NULL, session);
    session_end(engine, session);
    return true;
}

void parking_sweep(struct engine *engine)
{
    for (unsigned ended = 0; ended < ENDED_AT_ONCE; ended++) {
        const struct session *session = engine->parking.first;
        if (!session || engine->now - session->parked_at < LONGEST_NS)
            return;
        parking_end_first(engine);
    }
}
