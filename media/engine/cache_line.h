/* Memory by the processor's cache lines: what is used together lies together. */
#ifndef MEDIA_CACHE_LINE_H
#define MEDIA_CACHE_LINE_H

#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

static inline size_t cache_line_round(size_t size)
{
    return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Has the processor fetch what lies from `from` up to `to`, to be written. */
static inline void cache_line_prefetch(const void *from, const void *to)
{
    for (const char *line = from; line < (const char *)to; line += CACHE_LINE)
        __builtin_prefetch(line, 1);
}

/* Zeroed memory that begins on a line, for `free`; NULL when there is none. */
static inline void *cache_line_zeroed(size_t size)
{
    void *memory = aligned_alloc(CACHE_LINE, cache_line_round(size));
    return memory ? memset(memory, 0, size) : NULL;
}

#endif
