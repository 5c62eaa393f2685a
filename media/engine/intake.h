/* Packets coming in: read in batches, judged, counted and passed on. */
#ifndef MEDIA_INTAKE_H
#define MEDIA_INTAKE_H

struct engine;
struct intake;
struct session;

/* Buffers for one batch; NULL when memory is out. */
struct intake *intake_new(void);
void intake_free(struct intake *intake);

/* Reads what waits in a session's RTP or RTCP socket, a bounded number of packets. */
void intake_rtp(struct engine *engine, struct session *session);
void intake_rtcp(struct engine *engine, struct session *session);

/* Reads all sessions whose packets nobody waits for. */
void intake_idle(struct engine *engine);

#endif
