#include "execute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "engine.h"
#include "report.h"
#include "tones.h"
#include "wav_writer.h"
#include "work.h"

static bool do_open(struct work *work)
{
    char *host;
    char *label;
    uint64_t timeout_ns = 0;
    if (!work_text(work, "address", &host) || !work_text(work, "label", &label) || !work_seconds(work, "timeout", &timeout_ns))
        return false;
    if (!host)
        return work_fail(work, "address is missing");
    const char *name = work->command->session;
    if (engine_find(work->engine, name))
        return work_fail(work, "the session is open already");
    const char *reason;
    struct session *session = session_open(work->engine, name, host, &reason);
    if (!session)
        return work_fail(work, "%s", reason);
    session->timeout_ns = timeout_ns;
    snprintf(session->label, sizeof session->label, "%s", label ? label : "");
    line_number(work->reply, "port", session->port);
    return true;
}

/* Keys are heard and sounded as tones where there are no telephone events for them. */
static bool turn_to_tones(struct work *work)
{
    struct session *session = work->session;
    bool wanted = session->dtmf_payload_type == SESSION_NO_DTMF;
    session->dtmf_sender.audible = wanted;
    if (wanted && session->tones && tones_codec(session->tones) == session->codec)
        return true;
    tones_free(session->tones);
    session->tones = wanted ? tones_new(&work->engine->g711, session->codec) : NULL;
    return !wanted || session->tones ? true : work_fail(work, "out of memory");
}

static bool do_configure(struct work *work)
{
    struct session *session = work->session;
    unsigned codec = session->configured ? session->codec : REPORT_CODECS;
    unsigned direction = DIRECTION_SENDRECV;
    uint64_t payload_type = 128;
    uint64_t dtmf = 128;
    uint64_t own_dtmf = SESSION_NO_OWN_DTMF;
    uint64_t timeout_ns = session->timeout_ns;
    union address remote = {0};
    union address rtcp = {0};
    if (!work_choice(work, "codec", REPORT_CODEC_NAMES, REPORT_CODECS, &codec) || !work_number(work, "payload", 0, 127, &payload_type) ||
        !work_number(work, "dtmf", 0, 127, &dtmf) || !work_number(work, "own_dtmf", 0, 127, &own_dtmf) ||
        !work_choice(work, "direction", REPORT_DIRECTION_NAMES, 4, &direction) || !work_address(work, "remote", &remote) ||
        !work_address(work, "rtcp", &rtcp) || !work_seconds(work, "timeout", &timeout_ns))
        return false;
    if (codec == REPORT_CODECS || payload_type == 128)
        return work_fail(work, "codec and payload are needed");
    if (dtmf == payload_type || own_dtmf == payload_type)
        return work_fail(work, "dtmf and payload must differ");
    session->codec = codec;
    session->payload_type = (uint8_t)payload_type;
    session->dtmf_payload_type = dtmf == 128 ? SESSION_NO_DTMF : (int)dtmf;
    session->own_dtmf_payload_type = (uint8_t)own_dtmf;
    session->direction = direction;
    session->timeout_ns = timeout_ns;
    session->timeout_told = false;
    session->listening_since = work->engine->now;
    if (!turn_to_tones(work))
        return false;
    session->configured = true;
    union address before = session->source.remote;
    source_lock_reset(&session->source, &remote);
    bool signalled = address_equal(&session->source.remote, &remote);
    session->rtcp.signalled = rtcp;
    /* Of a party that was learned elsewhere, behind NAT, it is known better where its reports are. */
    if (signalled || !address_equal(&before, &session->source.remote))
        rtcp_turn(&session->rtcp, &session->source.remote, signalled);
    if (address_equal(&before, &session->source.remote))
        return true;
    int error = session_aim(work->engine, session);
    return error ? work_fail(work, "the remote address cannot be used: %s", strerror(error)) : true;
}

static struct playlist *layer_of(struct work *work)
{
    static const char *const NAMES[] = {"music", "announcement"};
    unsigned layer = 2;
    if (!work_choice(work, "layer", NAMES, 2, &layer))
        return NULL;
    if (layer == 2) {
        work_fail(work, "layer is missing");
        return NULL;
    }
    return layer == 0 ? &work->session->music : &work->session->announcement;
}

static void release_clips(struct work *work, struct clip **clips, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        clip_release(&work->engine->clips, clips[i]);
}

/* Takes the listed clips into use; their number, or 0 when one of them could not be. */
static uint32_t acquire_clips(struct work *work, char *list, struct clip **clips)
{
    uint32_t count = 0;
    bool bad = false;
    const char *reason = NULL;
    for (char *path; (path = command_next_element(&list, &bad));) {
        struct clip *clip = NULL;
        if (bad || count == PLAYLIST_MAX_CLIPS)
            work_fail(work, bad ? "clips is not a list of percent-encoded paths" : "more than 256 clips");
        else if (!(clip = clip_acquire(&work->engine->clips, path, &reason)))
            work_fail(work, "%s: %s", path, reason);
        if (!clip) {
            release_clips(work, clips, count);
            return 0;
        }
        clips[count++] = clip;
    }
    if (count == 0)
        work_fail(work, "clips is empty");
    return count;
}

static bool do_play(struct work *work)
{
    struct playlist *playlist = layer_of(work);
    char *list = command_text(work->command, "clips");
    uint64_t loop = 0;
    uint64_t after = 0;
    uint64_t play = 0;
    if (!playlist || !work_number(work, "loop", 0, 1, &loop) || !work_number(work, "after", 0, 1, &after) ||
        !work_number(work, "play", 0, UINT64_MAX, &play))
        return false;
    bool is_music = playlist == &work->session->music;
    if (after && !is_music)
        return work_fail(work, "after is for music alone");
    if (!list)
        return work_fail(work, "clips is missing");
    struct clip *clips[PLAYLIST_MAX_CLIPS];
    uint32_t count = acquire_clips(work, list, clips);
    if (count == 0)
        return false;
    struct clip **own = malloc(count * sizeof(struct clip *));
    if (!own) {
        release_clips(work, clips, count);
        return work_fail(work, "out of memory");
    }
    memcpy(own, clips, count * sizeof(struct clip *));
    if (after && playlist_active(playlist))
        playlist = &work->session->following_music;
    else if (is_music)
        playlist_clear(&work->session->following_music, &work->engine->clips);
    playlist_clear(playlist, &work->engine->clips);
    playlist_start(playlist, own, count, loop, play);
    ticker_add(&work->engine->ticker, work->session, work->engine->now);
    return true;
}

static bool do_stop(struct work *work)
{
    struct playlist *playlist = layer_of(work);
    if (!playlist)
        return false;
    if (playlist == &work->session->music)
        playlist_clear(&work->session->following_music, &work->engine->clips);
    playlist_clear(playlist, &work->engine->clips);
    return true;
}

static bool do_bridge(struct work *work)
{
    const char *name = command_text(work->command, "with");
    struct session *other = name ? engine_find(work->engine, name) : NULL;
    if (!other)
        return work_fail(work, "with=%.64s is no open session", name ? name : "");
    if (other == work->session)
        return work_fail(work, "a session cannot be bridged with itself");
    if (!work->session->configured || !other->configured)
        return work_fail(work, "both sessions must be configured first");
    if (!g711_convertible(work->session->codec, other->codec))
        return work_fail(work, "%s cannot be made %s in the relay", REPORT_CODEC_NAMES[work->session->codec],
                    REPORT_CODEC_NAMES[other->codec]);
    session_bridge(work->engine, work->session, other);
    return true;
}

static bool do_unbridge(struct work *work)
{
    session_unbridge(work->engine, work->session);
    return true;
}

static bool do_dtmf(struct work *work)
{
    char *digits;
    uint64_t duration_ms = 100;
    if (!work_text(work, "digits", &digits) || !work_number(work, "duration_ms", DTMF_MIN_MS, DTMF_MAX_MS, &duration_ms))
        return false;
    if (!work->session->configured)
        return work_fail(work, "the session must be configured first");
    if (!digits || !dtmf_queue(&work->session->dtmf_sender, digits, (unsigned)duration_ms))
        return work_fail(work, "digits must be 1 to 64 of 0-9 * # A-D, with those still being sent");
    ticker_add(&work->engine->ticker, work->session, work->engine->now);
    return true;
}

static bool do_ignore_tones(struct work *work)
{
    work->session->deaf_to_tones = true;
    if (work->session->tones)
        work->session->dtmf_receiver.active = false;
    return true;
}

static bool do_record(struct work *work)
{
    struct session *session = work->session;
    struct record_wish wish = {0};
    uint64_t channels = WAV_MOST_CHANNELS;
    char *path;
    const char *reason;
    if (!work_text(work, "path", &path) || !work_number(work, "channels", 1, WAV_MOST_CHANNELS, &channels) ||
        !work_number(work, "longest_ms", 0, RECORDER_LONGEST_MS, &wish.longest_ms) ||
        !work_number(work, "silence_ms", 0, RECORDER_LONGEST_MS, &wish.silence_ms))
        return false;
    if (!path)
        return work_fail(work, "path is missing");
    if (session->recording)
        return work_fail(work, "the session is being recorded already");
    if (!session->configured)
        return work_fail(work, "the session must be configured first");
    wish.path = path;
    wish.said_only = channels == 1;
    session->recording = recorder_start(&work->engine->recorder, session, &wish, work->engine->now, &reason);
    return session->recording ? true : work_fail(work, "%s", reason);
}

static bool do_stop_record(struct work *work)
{
    if (!work->session->recording)
        return work_fail(work, "the session is not being recorded");
    recorder_stop(&work->engine->recorder, work->session->recording, work->engine->now);
    work->session->recording = NULL;
    return true;
}

static bool do_counters(struct work *work)
{
    intake_session(work->engine, work->session);
    report_counters(work->reply, work->session);
    return true;
}

static bool do_close(struct work *work)
{
    /* What still waits in the socket was sent before the end and counts. */
    intake_session(work->engine, work->session);
    report_counters(work->reply, work->session);
    session_close(work->engine, work->session);
    return true;
}

static bool do_sessions(struct work *work)
{
    const char *id = command_text(work->command, "id");
    for (unsigned i = 0; i < work->engine->session_count; i++) {
        struct line line;
        const struct session *session = work->engine->sessions[i];
        line_start(&line, "item", session->name);
        if (id)
            line_text(&line, "id", id);
        report_session(&line, session, work->engine->now);
        control_reply(work->engine, &line);
    }
    line_number(work->reply, "count", work->engine->session_count);
    return true;
}

static bool do_status(struct work *work)
{
    report_engine(work->reply, work->engine);
    return true;
}

static const struct {
    const char *verb;
    bool needs_session;
    const char *keys;  /* Arguments besides `id`, each between spaces. */
    bool (*handle)(struct work *work);
} VERBS[] = {
    {"open", false, " address label timeout ", do_open},
    {"configure", true, " codec payload dtmf own_dtmf direction remote rtcp timeout ", do_configure},
    {"play", true, " layer clips loop after play ", do_play},
    {"stop", true, " layer ", do_stop},
    {"bridge", true, " with ", do_bridge},
    {"unbridge", true, " ", do_unbridge},
    {"dtmf", true, " digits duration_ms ", do_dtmf},
    {"ignore_tones", true, " ", do_ignore_tones},
    {"record", true, " path channels longest_ms silence_ms ", do_record},
    {"stop_record", true, " ", do_stop_record},
    {"counters", true, " ", do_counters},
    {"close", true, " ", do_close},
    {"sessions", false, " ", do_sessions},
    {"status", false, " ", do_status},
};

/* Refuses what the verb does not know: a misspelt key must not be a silent default. */
static bool known_arguments(struct work *work, const char *keys)
{
    for (unsigned i = 0; i < work->command->count; i++) {
        const char *key = work->command->arguments[i].key;
        char padded[34];
        if (!strcmp(key, "id"))
            continue;
        if (snprintf(padded, sizeof padded, " %s ", key) >= (int)sizeof padded || !strstr(keys, padded))
            return work_fail(work, "%.40s is not known here", key);
    }
    return true;
}

static bool carry_out(struct work *work)
{
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(work->command->verb, VERBS[i].verb))
            continue;
        work->session = engine_find(work->engine, work->command->session);
        if (VERBS[i].needs_session && !work->session)
            return work_fail(work, "no such session");
        return known_arguments(work, VERBS[i].keys) && VERBS[i].handle(work);
    }
    return work_fail(work, "no such verb");
}

void execute_line(struct engine *engine, char *line, size_t size)
{
    struct command command = {0};
    struct line reply;
    struct work work = {.engine = engine, .command = &command, .reply = &reply};
    const char *malformed = size > COMMAND_MAX_LINE ? "a line above 32768 bytes" : command_parse(line, size, &command);
    /* What tells the controller which of its commands failed. */
    static const char *const ECHOED[] = {"id", "layer", "play"};
    const char *id = malformed ? NULL : command_text(&command, "id");
    line_start(&reply, "ok", malformed ? "-" : command.session);
    if (id)
        line_text(&reply, "id", id);
    if (!malformed && carry_out(&work)) {
        if (id)
            control_reply(engine, &reply);
        return;
    }
    line_start(&reply, "error", malformed ? "-" : command.session);
    if (!malformed)
        line_text(&reply, "verb", command.verb);
    for (unsigned i = 0; !malformed && i < sizeof ECHOED / sizeof *ECHOED; i++) {
        const char *value = command_text(&command, ECHOED[i]);
        if (value)
            line_text(&reply, ECHOED[i], value);
    }
    line_text(&reply, "reason", malformed ? malformed : work.reason);
    control_reply(engine, &reply);
}
