#include "rtp.h"

#include "wire.h"

enum { FIRST_RTCP_TYPE = 192, LAST_RTCP_TYPE = 223 };

bool rtp_is_rtcp(const uint8_t *data, size_t size)
{
    return size >= 2 && data[0] >> 6 == 2 && data[1] >= FIRST_RTCP_TYPE && data[1] <= LAST_RTCP_TYPE;
}

bool rtp_parse(const uint8_t *data, size_t size, struct rtp_packet *packet)
{
    if (size < RTP_HEADER_SIZE || data[0] >> 6 != 2 || rtp_is_rtcp(data, size))
        return false;
    size_t start = RTP_HEADER_SIZE + 4u * (data[0] & 0x0f);
    if (data[0] & 0x10) {
        if (size < start + 4)
            return false;
        start += 4 + 4u * wire_read16(data + start + 2);
    }
    if (size < start)
        return false;
    size_t padding = 0;
    if (data[0] & 0x20) {
        padding = data[size - 1];
        if (padding == 0 || padding > size - start)
            return false;
    }
    packet->payload_type = data[1] & 0x7f;
    packet->marker = data[1] & 0x80;
    packet->sequence = wire_read16(data + 2);
    packet->timestamp = wire_read32(data + 4);
    packet->ssrc = wire_read32(data + 8);
    packet->payload = data + start;
    packet->payload_size = size - start - padding;
    return true;
}

void rtp_write_header(uint8_t *out, const struct rtp_packet *packet)
{
    out[0] = 0x80;
    out[1] = (uint8_t)((packet->marker ? 0x80 : 0) | packet->payload_type);
    wire_write16(out + 2, packet->sequence);
    wire_write32(out + 4, packet->timestamp);
    wire_write32(out + 8, packet->ssrc);
}
