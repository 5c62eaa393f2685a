/* Carrying out the controller's commands. */
#ifndef MEDIA_EXECUTE_H
#define MEDIA_EXECUTE_H

#include <stddef.h>

struct engine;

/* Carries out one line of `size` bytes, with room for a zero behind it. A command with `id=` is always answered, `ok` or `error`; one
   without only when it failed. */
void execute_line(struct engine *engine, char *line, size_t size);

#endif
