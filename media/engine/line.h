/* Building a control line: `word session key=value ...`. */
#ifndef MEDIA_LINE_H
#define MEDIA_LINE_H

#include <stddef.h>
#include <stdint.h>

enum { LINE_SIZE = 4096 };

struct line {
    size_t size;
    char text[LINE_SIZE];
};

/* `session` is "-" where the line is about none. */
void line_start(struct line *line, const char *word, const char *session);

/* Add an argument; one that does not fit any more is left out. Text is percent-encoded. */
void line_text(struct line *line, const char *key, const char *value);
void line_number(struct line *line, const char *key, uint64_t value);
void line_real(struct line *line, const char *key, double value);

#endif
