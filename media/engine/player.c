#include "player.h"

#include "engine.h"
#include "tones.h"

/* Frames between two looks at a quiet party: a fifth of a second while it is told something that it may answer by a key, half a
   second while it hears music. What it says meanwhile waits in its socket. */
enum { LOOKS_WHEN_TOLD = 10, LOOKS_AT_MUSIC = 25 };

bool player_speaks(const struct session *session)
{
    return playlist_active(&session->announcement) || dtmf_sending(&session->dtmf_sender);
}

static void send_event(struct engine *engine, struct session *session, const struct dtmf_packet *digit, uint64_t due)
{
    struct dtmf_sender *sender = &session->dtmf_sender;
    if (digit->starts)
        sender->timestamp = transmit_timestamp(&session->transmit, due);
    session->relay.joined = false;
    if (!session_may_send(session) || session->dtmf_payload_type == SESSION_NO_DTMF)
        return;
    struct rtp_packet packet = {
        .payload_type = (uint8_t)session->dtmf_payload_type,
        .marker = digit->starts,
        .sequence = session->transmit.next_sequence,
        .timestamp = sender->timestamp,
        .payload = digit->payload,
        .payload_size = DTMF_PAYLOAD_SIZE,
    };
    session_send(engine, session, &packet, session->codec, due);
}

static void send_frame(struct engine *engine, struct session *session, const uint8_t *frame, enum codec codec, uint64_t due)
{
    session->relay.joined = false;
    if (!session_may_send(session))
        return;
    struct rtp_packet packet = {
        .payload_type = session->payload_type,
        .marker = transmit_after_silence(&session->transmit, due),
        .sequence = session->transmit.next_sequence,
        .timestamp = transmit_timestamp(&session->transmit, due),
        .payload = frame,
        .payload_size = RTP_FRAME_SIZE,
    };
    session_send(engine, session, &packet, codec, due);
}

static void tell_end(struct engine *engine, const struct session *session, const struct playlist *playlist, const char *layer)
{
    struct line line;
    line_start(&line, "play_ended", session->name);
    line_text(&line, "layer", layer);
    line_number(&line, "play", playlist->number);
    control_event(engine, &line);
}

static const uint8_t *next_frame(struct engine *engine, struct session *session, struct playlist *playlist, const char *layer,
                                 enum codec *codec)
{
    if (!playlist_active(playlist))
        return NULL;
    const uint8_t *frame = playlist_next(playlist, codec);
    if (frame)
        return frame;
    if (playlist->number)
        tell_end(engine, session, playlist, layer);
    playlist_clear(playlist, &engine->clips);
    return NULL;
}

static const uint8_t *next_music_frame(struct engine *engine, struct session *session, enum codec *codec)
{
    const uint8_t *frame = next_frame(engine, session, &session->music, "music", codec);
    if (!frame && playlist_active(&session->following_music)) {
        session->music = session->following_music;
        session->following_music = (struct playlist){0};
        frame = next_frame(engine, session, &session->music, "music", codec);
    }
    return frame;
}

static const uint8_t *next_played_frame(struct engine *engine, struct session *session, enum codec *codec)
{
    const uint8_t *frame = next_frame(engine, session, &session->announcement, "announcement", codec);
    /* Music waits where it is while there is somebody to talk to, or nobody who could hear it. */
    if (!frame && !session->bridge && session_may_send(session))
        frame = next_music_frame(engine, session, codec);
    return frame;
}

static bool needs_tick(const struct session *session)
{
    return player_speaks(session) || session->dtmf_receiver.active ||
           (playlist_active(&session->music) && !session->bridge);
}

static bool look_now(const struct session *session, uint64_t due)
{
    unsigned frames = playlist_active(&session->announcement) ? LOOKS_WHEN_TOLD : LOOKS_AT_MUSIC;
    return (due / RTP_FRAME_NS + session->place) % frames == 0;
}

void player_tick(struct engine *engine, struct session *session, uint64_t due)
{
    struct dtmf_digit ended;
    if (dtmf_expire(&session->dtmf_receiver, engine->now, &ended))
        session_key(engine, session, &ended);
    struct dtmf_packet digit;
    const uint8_t *frame = NULL;
    enum codec codec = session->codec;
    if (!dtmf_next(&session->dtmf_sender, &digit))
        frame = next_played_frame(engine, session, &codec);
    else if (session->tones)
        frame = tones_sound(session->tones, &digit);
    else
        send_event(engine, session, &digit, due);
    if (frame)
        send_frame(engine, session, frame, codec, due);
    if (session->quiet && look_now(session, due))
        intake_quiet(engine, session);
    if (needs_tick(session))
        return;
    ticker_remove(&engine->ticker, session);
    session_listen(engine, session, false);
}
