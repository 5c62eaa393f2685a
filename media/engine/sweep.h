/* What is looked at now and then in every session: reports due, silence, orphans. */
#ifndef MEDIA_SWEEP_H
#define MEDIA_SWEEP_H

struct engine;

/* Called each 20 ms; looks at a fiftieth of the sessions, so at each once a second, and at what is parked. */
void sweep(struct engine *engine);

#endif
