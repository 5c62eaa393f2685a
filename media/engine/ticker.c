#include "ticker.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "engine.h"
#include "player.h"
#include "sweep.h"

/* Sessions whose packets take most of a step to send. */
enum { FULL_SLOT = 800 };
/* Those whose packets take about a millisecond: after as many, what is to be relayed meanwhile has its turn. */
enum { TURN = 256 };
static const uint64_t OFF = UINT64_MAX;
/* Later than this, frames are left out rather than sent in a burst. */
static const uint64_t MOST_BEHIND_NS = 100000000;

bool ticker_open(struct ticker *ticker, int epoll_fd, uint64_t now)
{
    *ticker = (struct ticker){.watch.kind = WATCH_CLOCK, .origin = now, .next = OFF, .armed = OFF};
    ticker->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return ticker->fd >= 0 && engine_watch(epoll_fd, ticker->fd, &ticker->watch);
}

void ticker_close(struct ticker *ticker)
{
    if (ticker->fd >= 0)
        close(ticker->fd);
}

unsigned ticker_join(struct ticker *ticker)
{
    unsigned chosen = 0;
    for (unsigned slot = 1; slot < TICKER_SLOTS && ticker->members[chosen] >= FULL_SLOT; slot++)
        if (ticker->members[slot] < ticker->members[chosen])
            chosen = slot;
    ticker->members[chosen]++;
    return chosen;
}

void ticker_leave(struct ticker *ticker, unsigned slot)
{
    ticker->members[slot]--;
}

/* The first step of a slot that is still to come. */
static void expect(struct ticker *ticker, unsigned slot, uint64_t now)
{
    uint64_t step = (now - ticker->origin) / TICKER_STEP_NS + 1;
    step += (slot + TICKER_SLOTS - step % TICKER_SLOTS) % TICKER_SLOTS;
    if (step < ticker->next)
        ticker->next = step;
}

void ticker_expect_sweep(struct ticker *ticker, uint64_t now)
{
    expect(ticker, 0, now);
}

void ticker_add(struct ticker *ticker, struct session *session, uint64_t now)
{
    if (session->ticking)
        return;
    struct session **head = &ticker->ticking[session->slot];
    session->ticking = true;
    session->previous_ticking = NULL;
    session->next_ticking = *head;
    if (*head)
        (*head)->previous_ticking = session;
    *head = session;
    expect(ticker, session->slot, now);
}

void ticker_remove(struct ticker *ticker, struct session *session)
{
    if (!session->ticking)
        return;
    session->ticking = false;
    if (session->next_ticking)
        session->next_ticking->previous_ticking = session->previous_ticking;
    if (session->previous_ticking)
        session->previous_ticking->next_ticking = session->next_ticking;
    else
        ticker->ticking[session->slot] = session->next_ticking;
}

static void relay_between(struct engine *engine)
{
    outbox_flush(&engine->outbox);
    engine->now = engine_clock();
    if (intake_relayed(engine))
        engine->relayed_at = engine->now;
}

/* Most of a tick is waiting for memory: the session after the next, and the frame that the next will play, are on their way while one
   is worked on. */
static void prefetch_after(const struct session *session)
{
    const struct session *next = session->next_ticking;
    if (!next)
        return;
    if (next->next_ticking)
        session_prefetch(next->next_ticking);
    for (unsigned line = 0; line < RTP_FRAME_SIZE && next->music.left > 0; line += CACHE_LINE)
        __builtin_prefetch(next->music.next + line);
}

static void run_step(struct engine *engine, uint64_t step)
{
    uint64_t due = engine->ticker.origin + step * TICKER_STEP_NS;
    struct session *session = engine->ticker.ticking[step % TICKER_SLOTS];
    for (unsigned ticked = 1; session; ticked++) {
        struct session *next = session->next_ticking;
        prefetch_after(session);
        player_tick(engine, session, due);
        session = next;
        if (ticked % TURN == 0 && engine->bridged > 0)
            relay_between(engine);
    }
    outbox_flush(&engine->outbox);
    if (step % TICKER_SLOTS == 0)
        sweep(engine);
}

static uint64_t next_step(const struct engine *engine, uint64_t after)
{
    for (uint64_t step = after; step < after + TICKER_SLOTS; step++)
        if (engine->ticker.ticking[step % TICKER_SLOTS] || (step % TICKER_SLOTS == 0 && engine->session_count + engine->parking.count > 0))
            return step;
    return OFF;
}

void ticker_run(struct engine *engine)
{
    struct ticker *ticker = &engine->ticker;
    bool ran = false;
    while (ticker->next != OFF && ticker->origin + ticker->next * TICKER_STEP_NS <= engine->now) {
        uint64_t behind = engine->now - (ticker->origin + ticker->next * TICKER_STEP_NS);
        if (behind > MOST_BEHIND_NS)
            ticker->next += behind / TICKER_STEP_NS;
        run_step(engine, ticker->next);
        ran = true;
        ticker->next = next_step(engine, ticker->next + 1);
    }
    if (ran)
        intake_idle(engine);
}

void ticker_arm(struct ticker *ticker)
{
    if (ticker->next == ticker->armed)
        return;
    ticker->armed = ticker->next;
    struct itimerspec setting = {0};
    if (ticker->next != OFF) {
        uint64_t at = ticker->origin + ticker->next * TICKER_STEP_NS;
        setting.it_value.tv_sec = (time_t)(at / 1000000000);
        setting.it_value.tv_nsec = (long)(at % 1000000000);
    }
    timerfd_settime(ticker->fd, TFD_TIMER_ABSTIME, &setting, NULL);
}
