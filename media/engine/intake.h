/* Packets coming in: read in batches, judged, counted and passed on. */
#ifndef MEDIA_INTAKE_H
#define MEDIA_INTAKE_H

#include <stdbool.h>

struct engine;
struct intake;
struct session;

/* Buffers for one batch; NULL when memory is out. */
struct intake *intake_new(void);
void intake_free(struct intake *intake);

/* Reads what waits in a session's RTP sockets, a bounded number of packets. */
void intake_session(struct engine *engine, struct session *session);

/* Looks whether a quiet party has begun to speak. */
void intake_quiet(struct engine *engine, struct session *session);

/* Reads the sessions whose packets the other leg waits for; false when there was nothing. */
bool intake_relayed(struct engine *engine);

/* Reads all other sessions. */
void intake_idle(struct engine *engine);

#endif
