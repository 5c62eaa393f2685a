/* The one timer: every playing session's 20 ms, spread over steps so that packets leave evenly. */
#ifndef MEDIA_TICKER_H
#define MEDIA_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

enum { TICKER_SLOTS = 5, TICKER_STEP_NS = 20000000 / TICKER_SLOTS };

struct ticker {
    int fd;
    struct watch watch;
    uint64_t origin;     /* Time of step 0. */
    uint64_t next;       /* The step the timer is set for, UINT64_MAX when it is off. */
    uint64_t armed;      /* The step the kernel knows of. */
    unsigned members[TICKER_SLOTS];  /* Sessions that live in each slot. */
    struct session *ticking[TICKER_SLOTS];
};

bool ticker_open(struct ticker *ticker, int epoll_fd, uint64_t now);
void ticker_close(struct ticker *ticker);

/* The slot for a new session. Slots are filled one after the other: each that is in use wakes the processor, and packets sent together
   cost less than the same ones apart. When all are full, the one with the fewest. */
unsigned ticker_join(struct ticker *ticker);
void ticker_leave(struct ticker *ticker, unsigned slot);

/* Has player_tick called for the session each 20 ms, until ticker_remove. Calling either again does nothing. */
void ticker_add(struct ticker *ticker, struct session *session, uint64_t now);
void ticker_remove(struct ticker *ticker, struct session *session);

/* Makes sure that the next sweep of all sessions comes. */
void ticker_expect_sweep(struct ticker *ticker, uint64_t now);

/* Runs the steps that are due. */
void ticker_run(struct engine *engine);

/* Sets the kernel's timer where the next step has changed. */
void ticker_arm(struct ticker *ticker);

#endif
