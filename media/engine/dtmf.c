#include "dtmf.h"

#include <string.h>

#include "rtp.h"
#include "wire.h"

static const char DIGITS[] = "0123456789*#ABCD";  /* By event code (RFC 4733 table 3). */

enum {
    END_BIT = 0x80,
    VOLUME = 10,           /* -10 dBm0, the level a phone's keypad commonly sends. */
    END_PACKETS = 3,       /* RFC 4733 §2.5.1.4: the final packet is sent three times in all. */
    PAUSE_FRAMES = 3,      /* 60 ms between digits; receivers want at least 40. */
    UNITS_PER_MS = RTP_CLOCK_RATE / 1000,
    LONGEST_SEGMENT = 0xffff,
};
static const uint64_t LOST_END_NS = 200000000;  /* Four of the 50 ms update intervals that senders commonly keep within. */

static int finish(struct dtmf_receiver *receiver, struct dtmf_digit *out)
{
    receiver->active = false;
    receiver->any_ended = true;
    receiver->ended_timestamp = receiver->timestamp;
    if (receiver->event >= sizeof DIGITS - 1)
        return 0;
    out->digit = DIGITS[receiver->event];
    out->duration_ms = (receiver->earlier + receiver->duration) / UNITS_PER_MS;
    return 1;
}

/* RFC 4733 §2.5.1.3: an event longer than 65,535 units goes on as a new segment that starts where the last one ended. */
static bool continues(const struct dtmf_receiver *receiver, const struct rtp_packet *packet, uint8_t event)
{
    return receiver->active && receiver->event == event && !packet->marker &&
           packet->timestamp == receiver->timestamp + LONGEST_SEGMENT;
}

int dtmf_receive(struct dtmf_receiver *receiver, const struct rtp_packet *packet, uint64_t now, struct dtmf_digit out[2])
{
    if (packet->payload_size < DTMF_PAYLOAD_SIZE)
        return 0;
    uint8_t event = packet->payload[0];
    bool ends = packet->payload[1] & END_BIT;
    uint16_t duration = wire_read16(packet->payload + 2);
    int ended = 0;

    if (packet->ssrc != receiver->ssrc) {
        /* Timestamps of another stream compare with none of these. */
        if (receiver->active)
            ended += finish(receiver, &out[0]);
        receiver->any_ended = false;
        receiver->ssrc = packet->ssrc;
    }
    if (receiver->any_ended && (int32_t)(packet->timestamp - receiver->ended_timestamp) <= 0 &&
        (int32_t)(receiver->ended_timestamp - packet->timestamp) < RTP_CLOCK_RATE)
        return 0;  /* A repeated or late packet of an event that was told already. */
    if (receiver->active && packet->timestamp != receiver->timestamp) {
        if ((int32_t)(packet->timestamp - receiver->timestamp) < 0 &&
            (int32_t)(receiver->timestamp - packet->timestamp) < RTP_CLOCK_RATE)
            return 0;
        if (continues(receiver, packet, event)) {
            receiver->earlier += LONGEST_SEGMENT;
            receiver->timestamp = packet->timestamp;
            receiver->duration = 0;
        } else {
            ended += finish(receiver, &out[0]);
        }
    }
    if (!receiver->active) {
        receiver->active = true;
        receiver->event = event;
        receiver->timestamp = packet->timestamp;
        receiver->duration = 0;
        receiver->earlier = 0;
    }
    if (duration > receiver->duration)
        receiver->duration = duration;
    receiver->last_at = now;
    if (ends)
        ended += finish(receiver, &out[ended]);
    return ended;
}

int dtmf_expire(struct dtmf_receiver *receiver, uint64_t now, struct dtmf_digit *out)
{
    if (!receiver->active || now - receiver->last_at < LOST_END_NS)
        return 0;
    return finish(receiver, out);
}

bool dtmf_queue(struct dtmf_sender *sender, const char *digits, unsigned duration_ms)
{
    size_t count = strlen(digits);
    if (count == 0 || count > DTMF_QUEUE_SIZE - sender->count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!strchr(DIGITS, digits[i]))
            return false;
    for (size_t i = 0; i < count; i++) {
        unsigned place = (sender->head + sender->count++) % DTMF_QUEUE_SIZE;
        sender->queue[place].event = (uint8_t)(strchr(DIGITS, digits[i]) - DIGITS);
        sender->queue[place].duration = (uint16_t)(duration_ms * UNITS_PER_MS);
    }
    return true;
}

void dtmf_write_payload(uint8_t payload[DTMF_PAYLOAD_SIZE], uint8_t event, bool ends, uint16_t duration)
{
    payload[0] = event;
    payload[1] = (uint8_t)((ends ? END_BIT : 0) | VOLUME);
    wire_write16(payload + 2, duration);
}

static void next_digit(struct dtmf_sender *sender)
{
    sender->head = (sender->head + 1) % DTMF_QUEUE_SIZE;
    sender->count--;
}

bool dtmf_next(struct dtmf_sender *sender, struct dtmf_packet *packet)
{
    if (!dtmf_sending(sender))
        return false;
    if (sender->phase == DTMF_PAUSE) {
        *packet = (struct dtmf_packet){0};
        if (++sender->step <= PAUSE_FRAMES)
            return sender->audible;
        sender->phase = DTMF_IDLE;
        if (sender->count == 0)
            return false;
    }
    packet->starts = sender->phase == DTMF_IDLE;
    if (packet->starts) {
        sender->phase = DTMF_TONE;
        sender->duration = 0;
    }
    packet->sounds = true;
    packet->at = sender->duration;
    if (sender->phase == DTMF_TONE) {
        uint16_t whole = sender->queue[sender->head].duration;
        unsigned reached = sender->duration + RTP_FRAME_SAMPLES;
        sender->duration = (uint16_t)(reached < whole ? reached : whole);
        if (sender->duration == whole) {
            sender->phase = DTMF_END;
            sender->step = 0;
        }
    }
    dtmf_write_payload(packet->payload, sender->queue[sender->head].event, sender->phase == DTMF_END, sender->duration);
    if (sender->phase == DTMF_END && (++sender->step == END_PACKETS || sender->audible)) {
        next_digit(sender);
        sender->phase = DTMF_PAUSE;
        sender->step = 0;
    }
    return true;
}
