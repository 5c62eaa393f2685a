/* Big-endian numbers in packets. */
#ifndef MEDIA_WIRE_H
#define MEDIA_WIRE_H

#include <stdint.h>

static inline uint16_t wire_read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_write16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void wire_write32(uint8_t *p, uint32_t value)
{
    wire_write16(p, (uint16_t)(value >> 16));
    wire_write16(p + 2, (uint16_t)value);
}

#endif
