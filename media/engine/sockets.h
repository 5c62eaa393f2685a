/* A session's sockets. */
#ifndef MEDIA_SOCKETS_H
#define MEDIA_SOCKETS_H

#include <stdbool.h>

#include "address.h"

/* RTP has two sockets on one port. `peer` is connected to the address we send to, so that the kernel need not look for the route of
   each packet, and hands it only what comes from there. `any` hears everybody else: a phone whose address is still to be learned, and
   strangers, who are counted. */
struct sockets {
    int any;
    int peer;  /* -1 while there is nobody to send to. */
    int rtcp;
    int resting;  /* A `peer` of an earlier session, to be turned to the next party; -1 for none. */
};

/* Binds `any` and `rtcp` to a port and the next; 0 or an errno. */
int sockets_bind(struct sockets *sockets, const union address *local);

/* Connects a new `peer` from `local` to `remote`; closes the old one, and leaves none where `remote` is unknown. 0 or an errno. */
int sockets_aim(struct sockets *sockets, const union address *local, const union address *remote);

/* Turns `peer` away from its party and has it rest, for sockets_wake in a later session; false where there is none, or it
   cannot be. */
bool sockets_rest(struct sockets *sockets, const union address *local);

/* True where nothing waits in `any` and `rtcp`. */
bool sockets_silent(const struct sockets *sockets);

/* Makes the resting socket the `peer` of `remote`; false where there is none or it cannot be. */
bool sockets_wake(struct sockets *sockets, const union address *remote);

void sockets_close(struct sockets *sockets);

#endif
