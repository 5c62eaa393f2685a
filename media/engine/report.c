#include "report.h"

#include <stdio.h>

#include "engine.h"
#include "quality.h"

const char *const REPORT_CODEC_NAMES[REPORT_CODECS] = {"PCMA", "PCMU", "G722"};
const char *const REPORT_DIRECTION_NAMES[4] = {"inactive", "sendonly", "recvonly", "sendrecv"};

static double loss_fraction(const struct session *session)
{
    uint64_t expected = reception_expected(&session->reception);
    return expected ? (double)reception_lost(&session->reception) / (double)expected : 0;
}

void report_counters(struct line *line, const struct session *session)
{
    const struct reception *reception = &session->reception;
    double jitter_ms = reception_jitter_ms(reception);
    line_number(line, "packets_in", session->counters.packets_in);
    line_number(line, "octets_in", session->counters.octets_in);
    line_number(line, "packets_out", session->transmit.packets);
    line_number(line, "octets_out", session->transmit.octets);
    line_number(line, "lost", reception_lost(reception));
    line_number(line, "late", reception->late);
    line_real(line, "jitter_ms", jitter_ms);
    line_number(line, "foreign", session->counters.foreign);
    line_number(line, "malformed", session->counters.malformed);
    line_number(line, "relay_dropped", session->counters.relay_dropped);
    line_real(line, "mos", quality_mos(loss_fraction(session), jitter_ms, session->rtcp.round_trip_ms));
    if (!session->rtcp.reported)
        return;
    line_real(line, "round_trip_ms", session->rtcp.round_trip_ms);
    line_real(line, "peer_loss", session->rtcp.peer_fraction_lost / 256.0);
    line_real(line, "peer_jitter_ms", session->rtcp.peer_jitter * 1000.0 / RTP_CLOCK_RATE);
}

static void report_playlist(struct line *line, const char *key, const struct playlist *playlist)
{
    char place[96];
    if (!playlist_active(playlist))
        return;
    snprintf(place, sizeof place, "%llu:%u:%u", (unsigned long long)playlist->number, playlist->index,
             playlist_frame(playlist));
    line_text(line, key, place);
}

void report_session(struct line *line, const struct session *session, uint64_t now)
{
    char address[ADDRESS_TEXT_SIZE];
    line_text(line, "label", session->label);
    line_number(line, "port", session->port);
    if (session->configured) {
        line_text(line, "codec", REPORT_CODEC_NAMES[session->codec]);
        line_text(line, "direction", REPORT_DIRECTION_NAMES[session->direction]);
    }
    if (address_known(&session->source.remote)) {
        address_format(&session->source.remote, address);
        line_text(line, "remote", address);
    }
    if (session->bridge)
        line_text(line, "bridge", session->bridge->name);
    report_playlist(line, "music", &session->music);
    report_playlist(line, "announcement", &session->announcement);
    line_number(line, "recording", session->recording != NULL);
    line_number(line, "silent_ms", (now - session->heard_at) / 1000000);
}

void report_engine(struct line *line, const struct engine *engine)
{
    line_number(line, "sessions", engine->session_count);
    line_number(line, "free_ports", engine->ports.free_count + engine->parking.count);
    line_number(line, "recordings", engine->recorder.recordings);
    line_number(line, "send_refused", engine->outbox.refused);
    line_number(line, "batched", engine->outbox.ring_open);
}
