/* Sessions that are over, whose sockets wait to be used again: making and closing them is most of what the kernel does for a short call.

   What is parked is not configured, so the intake throws away whatever comes to it. `peer` is turned away from the party, whose packets
   come to `any` like a stranger's. */
#ifndef MEDIA_PARKING_H
#define MEDIA_PARKING_H

#include <stdbool.h>

#include "address.h"

struct engine;
struct session;

struct parking {
    struct session *first;  /* Parked longest. */
    struct session *last;
    unsigned count;
    unsigned most;
};

/* Makes room for so many of `pairs` ports, and of the process's descriptors, that the others are missed by nobody. */
void parking_open(struct parking *parking, unsigned pairs);

/* Parks a session that is out of the engine's table and has nothing left to send; false where its sockets are to be closed instead. */
bool parking_put(struct engine *engine, struct session *session);

/* A parked session on `host` that nobody has sent to for the quarantine; all but its sockets is the old session's. NULL for none. */
struct session *parking_take(struct engine *engine, const union address *host);

/* Closes what is parked longest, so that its port and descriptors are free; false where nothing is parked. */
bool parking_end_first(struct engine *engine);

/* Called each 20 ms: closes what nobody needed for a while, a few at a time. */
void parking_sweep(struct engine *engine);

#endif
