/* Control lines: `word session key=value ...`, values percent-encoded. One grammar for commands, replies and events. */
#ifndef MEDIA_COMMAND_H
#define MEDIA_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMMAND_MAX_LINE = 32768,  /* Bytes of one line. */
    COMMAND_MAX_ARGUMENTS = 16,
    COMMAND_MAX_NAME = 64,     /* Bytes of a session's name. */
};

struct command {
    char *verb;
    char *session;
    unsigned count;
    struct {
        char *key;
        char *value;
    } arguments[COMMAND_MAX_ARGUMENTS];
};

/* Splits a line in place, `size` bytes without its line feed and with room for a final zero. NULL, or what is wrong with it. */
const char *command_parse(char *line, size_t size, struct command *command);

/* An argument's value, NULL when it is absent. */
char *command_text(struct command *command, const char *key);

/* Reads a whole number within bounds into `*out`, left alone when the argument is absent; false when it is not one. */
bool command_number(struct command *command, const char *key, uint64_t lowest, uint64_t highest, uint64_t *out);

/* Cuts the first element off a comma-separated list and decodes it; NULL at the end, and `*bad` set where it is not well encoded. */
char *command_next_element(char **list, bool *bad);

/* Decodes percent-encoding in place; false when it is malformed or hides a zero byte. */
bool command_decode(char *text);

/* Writes `text` percent-encoded, cut to fit; returns the bytes written without the final zero. */
size_t command_encode(const char *text, char *out, size_t size);

#endif
