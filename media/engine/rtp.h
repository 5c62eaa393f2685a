/* RTP packets: validation and headers (RFC 3550 §5.1, §5.3.1, appendix A.1). */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTP_HEADER_SIZE = 12,
    RTP_MAX_SIZE = 1500,      /* Largest datagram taken or sent, bytes: an Ethernet frame. */
    RTP_CLOCK_RATE = 8000,    /* Hz; also for G.722, by the error that RFC 3551 §4.5.2 keeps. */
    RTP_FRAME_SAMPLES = 160,  /* Timestamp units in one 20 ms frame. */
    RTP_FRAME_SIZE = 160,     /* Bytes in one 20 ms frame of PCMA, PCMU and G722 alike. */
    RTP_FRAME_NS = 20000000,  /* Nanoseconds in one frame. */
};

/* A received packet, header in host order; `payload` points into the datagram. */
struct rtp_packet {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    const uint8_t *payload;
    size_t payload_size;
};

/* Reads a datagram; false when it is no RTP version 2 packet or its extension or padding do not fit in it. */
bool rtp_parse(const uint8_t *data, size_t size, struct rtp_packet *packet);

/* True for a datagram that is RTCP by its packet type, as phones that multiplex unasked send it (RFC 5761 §4). */
bool rtp_is_rtcp(const uint8_t *data, size_t size);

/* Writes the 12 header bytes: version 2, no padding, extension or CSRC. */
void rtp_write_header(uint8_t *out, const struct rtp_packet *packet);

#endif
