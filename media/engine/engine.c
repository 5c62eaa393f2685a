#define _GNU_SOURCE
#include "engine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 32 };

/* After relayed packets were read, those that follow wait this long for company: one batch of ten costs half of ten single ones,
   and that is not heard. */
static const uint64_t GATHER_NS = 500000;
/* The kernel may wake us this much late to save itself a timer; its default is fifty times as much. */
static const unsigned long TIMER_SLACK_NS = 1000;

uint64_t engine_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void engine_random(void *out, size_t size)
{
    while (getrandom(out, size, 0) != (ssize_t)size)
        ;
}

bool engine_watch(int epoll_fd, int fd, struct watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static unsigned bucket_of(const char *name)
{
    /* FNV-1a. The names are the controller's own, so nobody chooses them to collide. */
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash % ENGINE_BUCKETS;
}

struct session *engine_find(const struct engine *engine, const char *name)
{
    struct session *session = engine->by_name[bucket_of(name)];
    while (session && strcmp(session->name, name))
        session = session->next_of_name;
    return session;
}

bool engine_add(struct engine *engine, struct session *session)
{
    if (engine->session_count == engine->session_capacity) {
        unsigned capacity = engine->session_capacity ? engine->session_capacity * 2 : 256;
        struct session **sessions = realloc(engine->sessions, capacity * sizeof(struct session *));
        if (!sessions)
            return false;
        engine->sessions = sessions;
        engine->session_capacity = capacity;
    }
    session->place = engine->session_count;
    engine->sessions[engine->session_count++] = session;
    struct session **bucket = &engine->by_name[bucket_of(session->name)];
    session->next_of_name = *bucket;
    *bucket = session;
    return true;
}

void engine_remove(struct engine *engine, struct session *session)
{
    struct session **link = &engine->by_name[bucket_of(session->name)];
    while (*link != session)
        link = &(*link)->next_of_name;
    *link = session->next_of_name;
    struct session *last = engine->sessions[--engine->session_count];
    engine->sessions[session->place] = last;
    last->place = session->place;
}

static void free_dead(struct engine *engine)
{
    while (engine->dead) {
        struct session *session = engine->dead;
        engine->dead = session->next_dead;
        free(session);
    }
}

static bool open_parts(struct engine *engine, const char **reason)
{
    *reason = "the port range must hold an even port and the odd one above it, within 1 to 65535";
    if (!ports_init(&engine->ports, engine->options.first_port, engine->options.last_port))
        return false;
    parking_open(&engine->parking, engine->ports.capacity);
    engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    engine->relay_fd = epoll_create1(EPOLL_CLOEXEC);
    engine->idle_fd = epoll_create1(EPOLL_CLOEXEC);
    engine->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->stop_watch.kind = WATCH_STOP;
    engine->ask_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->ask_watch.kind = WATCH_ASKED;
    g711_init(&engine->g711);
    engine->intake = intake_new();
    bool ready = engine->intake && engine->epoll_fd >= 0 && engine->relay_fd >= 0 && engine->idle_fd >= 0 && engine->stop_fd >= 0 &&
                 engine->ask_fd >= 0 && engine_watch(engine->epoll_fd, engine->stop_fd, &engine->stop_watch) &&
                 engine_watch(engine->epoll_fd, engine->ask_fd, &engine->ask_watch) &&
                 ticker_open(&engine->ticker, engine->epoll_fd, engine->now) &&
                 recorder_open(&engine->recorder, &engine->g711, engine->epoll_fd) &&
                 control_open(engine, engine->options.listen_fd);
    if (!ready)
        *reason = strerror(errno);
    return ready;
}

struct engine *engine_new(const struct engine_options *options, const char **reason)
{
    struct engine *engine = cache_line_zeroed(sizeof *engine);
    *reason = "out of memory";
    if (!engine)
        return NULL;
    engine->options = *options;
    engine->epoll_fd = engine->relay_fd = engine->idle_fd = engine->stop_fd = engine->ask_fd = engine->ticker.fd = -1;
    engine->recorder.wake_fd = engine->recorder.notice_fd = engine->control.fd = -1;
    engine->now = engine_clock();
    if (open_parts(engine, reason))
        return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    recorder_close(&engine->recorder);
    control_close(engine);
    ticker_close(&engine->ticker);
    clip_store_close(&engine->clips);
    ports_close(&engine->ports);
    intake_free(engine->intake);
    const int fds[] = {engine->epoll_fd, engine->relay_fd, engine->idle_fd, engine->stop_fd, engine->ask_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(engine->sessions);
    free(engine);
}

void engine_stop(struct engine *engine)
{
    uint64_t one = 1;
    (void)!write(engine->stop_fd, &one, sizeof one);
}

bool engine_lives(struct engine *engine)
{
    uint64_t one = 1;
    (void)!write(engine->ask_fd, &one, sizeof one);
    return atomic_exchange(&engine->answered, false);
}

/* False when it is time to stop. */
static bool handle(struct engine *engine, const struct watch *watch)
{
    uint64_t count;
    switch (watch->kind) {
    case WATCH_CLOCK:
        (void)!read(engine->ticker.fd, &count, sizeof count);
        return true;
    case WATCH_LISTENER:
        control_accept(engine);
        return true;
    case WATCH_CONTROLLER:
        if (control_connected(&engine->control))
            control_work(engine);
        return true;
    case WATCH_RECORDER:
        recorder_collect(engine);
        return true;
    case WATCH_ASKED:
        (void)!read(engine->ask_fd, &count, sizeof count);
        atomic_store(&engine->answered, true);
        return true;
    case WATCH_ANY:
    case WATCH_PEER:
    case WATCH_RTCP:
    case WATCH_STOP:
        break;
    }
    return false;
}

/* Waits until there is work; returns true when the relayed sessions are to be read. */
static bool wait_for_work(struct engine *engine, bool *others)
{
    struct pollfd sets[] = {{.fd = engine->epoll_fd, .events = POLLIN}, {.fd = engine->relay_fd, .events = POLLIN}};
    uint64_t gathered = engine->now - engine->relayed_at;
    bool gathering = gathered < GATHER_NS;
    struct timespec limit = {.tv_nsec = gathering ? (long)(GATHER_NS - gathered) : 0};
    bool hurry = control_pending(&engine->control);
    if (hurry)
        limit.tv_nsec = 0;
    int ready = ppoll(sets, gathering ? 1 : 2, gathering || hurry ? &limit : NULL, NULL);
    *others = ready > 0 && sets[0].revents;
    return gathering ? engine_clock() - engine->relayed_at >= GATHER_NS : ready > 0 && sets[1].revents;
}

static bool handle_others(struct engine *engine)
{
    struct epoll_event events[EVENTS];
    bool running = true;
    int count = epoll_wait(engine->epoll_fd, events, EVENTS, 0);
    for (int i = 0; i < count; i++)
        running = handle(engine, events[i].data.ptr) && running;
    return running;
}

void engine_run(struct engine *engine)
{
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
    outbox_open(&engine->outbox, engine->options.batched, engine->ports.capacity);
    for (bool running = true; running;) {
        ticker_arm(&engine->ticker);
        bool others;
        bool relay = wait_for_work(engine, &others);
        engine->now = engine_clock();
        if (relay && intake_relayed(engine))
            engine->relayed_at = engine->now;
        if (others)
            running = handle_others(engine);
        else if (control_pending(&engine->control))
            control_work(engine);
        ticker_run(engine);
        outbox_flush(&engine->outbox);
        control_flush(engine);
        free_dead(engine);
    }
    while (engine->session_count > 0)
        session_close(engine, engine->sessions[0]);
    while (parking_end_first(engine))
        ;
    free_dead(engine);
    outbox_close(&engine->outbox);
}
