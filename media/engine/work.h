/* One command that is being carried out: its arguments, each read with the reason why it will not do. */
#ifndef MEDIA_WORK_H
#define MEDIA_WORK_H

#include <stdbool.h>
#include <stdint.h>

struct command;
struct engine;
struct line;
struct session;
union address;

struct work {
    struct engine *engine;
    struct session *session;
    struct command *command;
    struct line *reply;   /* Of success; a handler adds what it has to say. */
    char reason[512];     /* Why it failed. */
};

/* Notes the reason and returns false. */
bool work_fail(struct work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each of these puts an argument into `*out` and returns true, or fails. Without the argument `*out` stays as it is. */

/* Decoded; NULL when absent. */
bool work_text(struct work *work, const char *key, char **out);
bool work_number(struct work *work, const char *key, uint64_t lowest, uint64_t highest, uint64_t *out);
/* Of the session's own IP version. */
bool work_address(struct work *work, const char *key, union address *out);
/* The place of the argument among `names`. */
bool work_choice(struct work *work, const char *key, const char *const *names, unsigned count, unsigned *out);
/* Given in seconds, up to a day. */
bool work_seconds(struct work *work, const char *key, uint64_t *out_ns);

#endif
