#define _GNU_SOURCE
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "execute.h"

enum { LINES_BETWEEN_CLOCKS = 16 };
static const uint64_t MOST_WORK_NS = 1000000;

bool control_open(struct engine *engine, int listen_fd)
{
    struct control *control = &engine->control;
    control->listen_fd = listen_fd;
    control->fd = -1;
    control->lost_at = engine->now;
    control->listen_watch.kind = WATCH_LISTENER;
    control->watch.kind = WATCH_CONTROLLER;
    return engine_watch(engine->epoll_fd, listen_fd, &control->listen_watch);
}

static void watch_for(struct engine *engine, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = &engine->control.watch};
    epoll_ctl(engine->epoll_fd, EPOLL_CTL_MOD, engine->control.fd, &event);
}

static bool is_reply(const char *line)
{
    return !strncmp(line, "ok ", 3) || !strncmp(line, "error ", 6) || !strncmp(line, "item ", 5);
}

/* Keeps the events that were not sent, for the controller that comes. */
static void drop_replies(struct control *control)
{
    size_t kept = 0;
    for (size_t at = 0; at < control->out_size;) {
        char *line = control->out + at;
        size_t size = (size_t)((char *)memchr(line, '\n', control->out_size - at) - line) + 1;
        at += size;
        if (is_reply(line) || kept + size > CONTROL_MOST_KEPT)
            continue;
        memmove(control->out + kept, line, size);
        kept += size;
    }
    control->out_size = kept;
}

static void lose(struct engine *engine)
{
    struct control *control = &engine->control;
    close(control->fd);
    control->fd = -1;
    control->lost_at = engine->now;
    control->in_size = control->in_place = 0;
    control->writing = false;
    drop_replies(control);
}

void control_close(struct engine *engine)
{
    struct control *control = &engine->control;
    if (control_connected(control)) {
        control_flush(engine);
        if (control_connected(control))
            lose(engine);
    }
    free(control->out);
}

void control_accept(struct engine *engine)
{
    struct control *control = &engine->control;
    int fd = accept4(control->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (control_connected(control)) {
        /* So that the two do not take turns for ever. */
        static const char REPLACED[] = "replaced -\n";
        control_flush(engine);
        if (control_connected(control)) {
            (void)!send(control->fd, REPLACED, sizeof REPLACED - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
            lose(engine);
        }
    }
    if (!engine_watch(engine->epoll_fd, fd, &control->watch)) {
        close(fd);
        return;
    }
    control->fd = fd;
    if (control->events_lost > 0) {
        struct line line;
        line_start(&line, "events_lost", "-");
        line_number(&line, "count", control->events_lost);
        control->events_lost = 0;
        control_event(engine, &line);
    }
}

static bool reserve(struct control *control, size_t size)
{
    if (control->out_size + size <= control->out_capacity)
        return true;
    size_t capacity = (control->out_size + size) * 2;
    char *out = realloc(control->out, capacity);
    if (!out)
        return false;
    control->out = out;
    control->out_capacity = capacity;
    return true;
}

static bool append(struct control *control, const struct line *line)
{
    if (!reserve(control, line->size + 1))
        return false;
    memcpy(control->out + control->out_size, line->text, line->size);
    control->out_size += line->size;
    control->out[control->out_size++] = '\n';
    return true;
}

void control_reply(struct engine *engine, const struct line *line)
{
    if (control_connected(&engine->control))
        append(&engine->control, line);
}

void control_event(struct engine *engine, const struct line *line)
{
    struct control *control = &engine->control;
    bool room = control_connected(control) || control->out_size + line->size < CONTROL_MOST_KEPT;
    if (!room || !append(control, line))
        control->events_lost++;
}

void control_digit(struct engine *engine, const struct session *session, const struct dtmf_digit *digit)
{
    struct line line;
    line_start(&line, "dtmf", session->name);
    line_text(&line, "digit", (char[]){digit->digit, 0});
    line_number(&line, "duration_ms", digit->duration_ms);
    control_event(engine, &line);
}

/* Whole lines only: each packet can be read by itself. */
static size_t packet_size(const struct control *control, size_t from)
{
    size_t left = control->out_size - from;
    if (left <= CONTROL_PACKET_SIZE)
        return left;
    const char *end = memrchr(control->out + from, '\n', CONTROL_PACKET_SIZE);
    return (size_t)(end - (control->out + from)) + 1;
}

void control_flush(struct engine *engine)
{
    struct control *control = &engine->control;
    if (!control_connected(control) || control->out_size == 0)
        return;
    size_t sent = 0;
    int error = 0;
    while (sent < control->out_size && !error) {
        size_t size = packet_size(control, sent);
        if (send(control->fd, control->out + sent, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            error = errno;
        else
            sent += size;
    }
    memmove(control->out, control->out + sent, control->out_size - sent);
    control->out_size -= sent;
    bool must_wait = error == EAGAIN || error == EINTR || error == ENOBUFS;
    if ((error && !must_wait) || control->out_size > CONTROL_MOST_WAITING) {
        lose(engine);
        return;
    }
    if (must_wait != control->writing) {
        control->writing = must_wait;
        watch_for(engine, must_wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

static void refuse_packet(struct engine *engine)
{
    struct line line;
    line_start(&line, "error", "-");
    line_text(&line, "reason", "a packet above 65536 bytes");
    control_reply(engine, &line);
}

static bool read_packet(struct engine *engine)
{
    struct control *control = &engine->control;
    ssize_t size = recv(control->fd, control->in, CONTROL_PACKET_SIZE, MSG_DONTWAIT | MSG_TRUNC);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        lose(engine);
        return false;
    }
    if (size < 0)
        return false;
    if (size > CONTROL_PACKET_SIZE) {
        refuse_packet(engine);
        size = 0;
    }
    control->in_size = (size_t)size;
    control->in_place = 0;
    return true;
}

static void work_line(struct engine *engine)
{
    struct control *control = &engine->control;
    char *line = control->in + control->in_place;
    size_t left = control->in_size - control->in_place;
    char *end = memchr(line, '\n', left);
    size_t size = end ? (size_t)(end - line) : left;
    control->in_place += size + (end ? 1 : 0);
    if (size > 0)
        execute_line(engine, line, size);
}

void control_work(struct engine *engine)
{
    struct control *control = &engine->control;
    uint64_t end = engine_clock() + MOST_WORK_NS;
    while (engine_clock() < end && control_connected(control)) {
        if (!control_pending(control) && !read_packet(engine))
            return;
        for (int i = 0; i < LINES_BETWEEN_CLOCKS && control_pending(control); i++)
            work_line(engine);
    }
}
