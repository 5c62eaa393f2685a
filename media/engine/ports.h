/* The pool of RTP ports: even ones, each with the odd one above it for RTCP (RFC 3550 §11). */
#ifndef MEDIA_PORTS_H
#define MEDIA_PORTS_H

#include <stdbool.h>
#include <stdint.h>

struct ports {
    unsigned first;
    unsigned last;
    unsigned free_count;
    unsigned capacity;
    unsigned head;
    uint16_t *free;  /* Ring, longest free first: a late packet of an ended call seldom meets a new one. */
};

/* Takes the range `first` to `last`; false when it holds no pair or memory is out. */
bool ports_init(struct ports *ports, unsigned first, unsigned last);
void ports_close(struct ports *ports);

/* The RTP port that has been free the longest, 0 when none is left. */
unsigned ports_take(struct ports *ports);
/* A port's place in the range, from 0 and below `capacity`. */
static inline unsigned ports_place(const struct ports *ports, unsigned port)
{
    return (port - ports->first) / 2;
}

void ports_give_back(struct ports *ports, unsigned port);

#endif
