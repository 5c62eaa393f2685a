#include "line.h"

#include <stdio.h>

#include "command.h"

void line_start(struct line *line, const char *word, const char *session)
{
    line->size = (size_t)snprintf(line->text, sizeof line->text, "%s %s", word, session);
}

static void add(struct line *line, int written)
{
    if (written > 0 && (size_t)written < sizeof line->text - line->size)
        line->size += (size_t)written;
    else
        line->text[line->size] = 0;
}

void line_text(struct line *line, const char *key, const char *value)
{
    char encoded[LINE_SIZE];
    command_encode(value, encoded, sizeof encoded);
    add(line, snprintf(line->text + line->size, sizeof line->text - line->size, " %s=%s", key, encoded));
}

void line_number(struct line *line, const char *key, uint64_t value)
{
    add(line, snprintf(line->text + line->size, sizeof line->text - line->size, " %s=%llu", key, (unsigned long long)value));
}

void line_real(struct line *line, const char *key, double value)
{
    add(line, snprintf(line->text + line->size, sizeof line->text - line->size, " %s=%.3f", key, value));
}
