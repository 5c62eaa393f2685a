/* Sessions and the engine described in control lines. */
#ifndef MEDIA_REPORT_H
#define MEDIA_REPORT_H

#include <stdint.h>

struct engine;
struct line;
struct session;

enum { REPORT_CODECS = 3 };
extern const char *const REPORT_CODEC_NAMES[REPORT_CODECS];
extern const char *const REPORT_DIRECTION_NAMES[4];

/* Packets, losses and quality so far. */
void report_counters(struct line *line, const struct session *session);

/* What a new controller must know to take a session over. */
void report_session(struct line *line, const struct session *session, uint64_t now);

void report_engine(struct line *line, const struct engine *engine);

#endif
