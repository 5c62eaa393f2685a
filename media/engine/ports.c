#include "ports.h"

#include <stdlib.h>

bool ports_init(struct ports *ports, unsigned first, unsigned last)
{
    first += first % 2;
    if (first == 0 || last > 65535 || first + 1 > last)
        return false;
    *ports = (struct ports){.first = first, .last = last, .capacity = (last - first + 1) / 2};
    ports->free = malloc(ports->capacity * sizeof *ports->free);
    if (!ports->free)
        return false;
    for (unsigned i = 0; i < ports->capacity; i++)
        ports_give_back(ports, first + 2 * i);
    return true;
}

void ports_close(struct ports *ports)
{
    free(ports->free);
}

unsigned ports_take(struct ports *ports)
{
    if (ports->free_count == 0)
        return 0;
    unsigned port = ports->free[ports->head];
    ports->head = (ports->head + 1) % ports->capacity;
    ports->free_count--;
    return port;
}

void ports_give_back(struct ports *ports, unsigned port)
{
    ports->free[(ports->head + ports->free_count) % ports->capacity] = (uint16_t)port;
    ports->free_count++;
}
