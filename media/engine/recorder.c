#include "recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine.h"
#include "g722.h"
#include "rtp.h"
#include "wav_writer.h"

enum {
    WIDE_RATE = 16000,
    DRAIN_MS = 50,
    UNIT_NS = 1000000000 / RTP_CLOCK_RATE,
    LONGEST_LATE_NS = 1000000000,
    MOST_ASTRAY = RTP_CLOCK_RATE / 5,
    LOUD = 328,  /* Mean of the samples of a frame, without sign, from which it is no silence: 40 dB below full scale. */
};

static const uint64_t MS_NS = 1000000;

/* Where a side's timestamps lie in the recording. */
struct side_clock {
    bool started;
    uint32_t timestamp;
    int64_t position;
    uint64_t in_time_at;  /* When its packets were last less than MOST_ASTRAY late. */
};

struct recording {
    /* The packet thread's: */
    uint64_t started_at;
    uint64_t dropped;
    struct side_clock sides[2];
    bool said_only;
    /* The writer's: */
    char session[COMMAND_MAX_NAME];
    char *path;
    bool failed;
    unsigned rate;  /* Samples a second in the file. */
    int64_t longest;  /* Timestamp units. */
    uint64_t silence;  /* Nanoseconds, 0 where nobody wants to know. */
    uint64_t loud_at;  /* When the party was heard last. */
    bool silence_told;
    struct recording *next_listened;
    struct g722_decoder g722[2];
    struct wav_writer wav;
};

static void signal_fd(int fd)
{
    uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

static void tell(struct recorder *recorder, const struct recording *recording, enum record_notice_kind kind, int error,
                 uint64_t dropped)
{
    struct record_notice *notice = calloc(1, sizeof *notice);
    if (!notice)
        return;
    memcpy(notice->session, recording->session, sizeof notice->session);
    notice->kind = kind;
    if (error && strerror_r(error, notice->reason, sizeof notice->reason) != 0)
        notice->reason[0] = 0;
    notice->seconds = (double)recording->wav.written / recording->rate;
    notice->dropped_frames = dropped;
    pthread_mutex_lock(&recorder->notice_lock);
    notice->next = recorder->notices;
    recorder->notices = notice;
    pthread_mutex_unlock(&recorder->notice_lock);
    signal_fd(recorder->notice_fd);
}

static void fail(struct recorder *recorder, struct recording *recording, int error)
{
    if (recording->wav.file)
        fclose(recording->wav.file);
    recording->wav.file = NULL;
    recording->failed = true;
    tell(recorder, recording, RECORD_HAS_FAILED, error, 0);
}

/* Decodes one payload byte, 125 us of sound, to two samples. */
static void decode(const struct recorder *recorder, struct recording *recording, const struct record_item *item, unsigned i,
                   int16_t out[2])
{
    if (item->codec == CODEC_G722) {
        g722_decode(&recording->g722[item->side], item->data[i], out);
        return;
    }
    const int16_t *linear = item->codec == CODEC_PCMA ? recorder->g711->linear_of_alaw : recorder->g711->linear_of_ulaw;
    out[0] = out[1] = linear[item->data[i]];
}

/* Recordings whose silence is to be told are looked at all the time: who is silent may send nothing. */
static void start_listening(struct recorder *recorder, struct recording *recording)
{
    recording->loud_at = engine_clock();
    if (!recording->silence)
        return;
    recording->next_listened = recorder->listened;
    recorder->listened = recording;
}

static void stop_listening(struct recorder *recorder, const struct recording *recording)
{
    struct recording **link = &recorder->listened;
    while (*link && *link != recording)
        link = &(*link)->next_listened;
    if (*link)
        *link = recording->next_listened;
}

static void notice_voice(struct recording *recording, const int16_t *samples, unsigned count)
{
    unsigned long sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += (unsigned long)labs(samples[i]);
    if (sum < (unsigned long)LOUD * count)
        return;
    recording->loud_at = engine_clock();
    recording->silence_told = false;
}

static void tell_silences(struct recorder *recorder)
{
    uint64_t now = recorder->listened ? engine_clock() : 0;
    for (struct recording *recording = recorder->listened; recording; recording = recording->next_listened) {
        if (recording->failed || recording->silence_told || now - recording->loud_at < recording->silence)
            continue;
        recording->silence_told = true;
        tell(recorder, recording, RECORD_IS_SILENT, 0, 0);
    }
}

static void write_frame(struct recorder *recorder, struct recording *recording, const struct record_item *item)
{
    int16_t samples[2 * RTP_FRAME_SIZE];
    unsigned each = recording->rate / RTP_CLOCK_RATE;
    if (item->position + item->size > recording->longest)
        return;
    for (unsigned i = 0; i < item->size; i++) {
        int16_t pair[2];
        decode(recorder, recording, item, i, pair);
        samples[each * i] = each == 2 ? pair[0] : (int16_t)((pair[0] + pair[1]) / 2);
        if (each == 2)
            samples[2 * i + 1] = pair[1];
    }
    if (item->side == RECORD_SAID)
        notice_voice(recording, samples, item->size * each);
    int error = wav_put(&recording->wav, item->side, item->position * each, samples, item->size * each);
    if (error)
        fail(recorder, recording, error);
}

static void finish(struct recorder *recorder, struct recording *recording, const struct record_item *item)
{
    stop_listening(recorder, recording);
    if (!recording->failed) {
        int64_t end = item->position < recording->longest ? item->position : recording->longest;
        int error = wav_close(&recording->wav, end * (recording->rate / RTP_CLOCK_RATE));
        tell(recorder, recording, error ? RECORD_HAS_FAILED : RECORD_HAS_ENDED, error, item->dropped);
    }
    free(recording->path);
    free(recording);
}

static bool write_item(struct recorder *recorder, const struct record_item *item)
{
    struct recording *recording = item->recording;
    int error;
    switch (item->kind) {
    case RECORD_START:
        error = wav_open(&recording->wav, recording->path, recording->rate, recording->said_only ? 1 : WAV_MOST_CHANNELS);
        if (error)
            fail(recorder, recording, error);
        start_listening(recorder, recording);
        return true;
    case RECORD_FRAME:
        if (!recording->failed)
            write_frame(recorder, recording, item);
        return true;
    case RECORD_STOP:
        finish(recorder, recording, item);
        return true;
    case RECORD_QUIT:
        break;
    }
    return false;
}

/* The writer looks at the queue every 50 ms while there are recordings, and is woken for the start and end of one: waking it for each
   frame would cost the packet thread a system call. */
static void *write_recordings(void *argument)
{
    struct recorder *recorder = argument;
    struct pollfd wake = {.fd = recorder->wake_fd, .events = POLLIN};
    bool busy = false;
    for (;;) {
        if (poll(&wake, 1, busy || recorder->listened ? DRAIN_MS : -1) > 0) {
            uint64_t count;
            (void)!read(recorder->wake_fd, &count, sizeof count);
        }
        busy = false;
        for (struct record_item *item; (item = record_queue_peek(&recorder->queue));) {
            busy = true;
            if (!write_item(recorder, item))
                return NULL;
            record_queue_pop(&recorder->queue);
        }
        tell_silences(recorder);
    }
}

bool recorder_open(struct recorder *recorder, const struct g711 *g711, int epoll_fd)
{
    memset(recorder, 0, sizeof *recorder);
    recorder->g711 = g711;
    recorder->watch.kind = WATCH_RECORDER;
    pthread_mutex_init(&recorder->notice_lock, NULL);
    recorder->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    recorder->notice_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!record_queue_open(&recorder->queue) || recorder->wake_fd < 0 || recorder->notice_fd < 0)
        return false;
    if (!engine_watch(epoll_fd, recorder->notice_fd, &recorder->watch))
        return false;
    recorder->running = pthread_create(&recorder->thread, NULL, write_recordings, recorder) == 0;
    return recorder->running;
}

void recorder_close(struct recorder *recorder)
{
    if (recorder->running) {
        struct record_item *item;
        while (!(item = record_queue_reserve(&recorder->queue, RECORD_QUIT)))
            sched_yield();
        record_queue_push(&recorder->queue);
        signal_fd(recorder->wake_fd);
        pthread_join(recorder->thread, NULL);
    }
    while (recorder->notices) {
        struct record_notice *notice = recorder->notices;
        recorder->notices = notice->next;
        free(notice);
    }
    record_queue_close(&recorder->queue);
    pthread_mutex_destroy(&recorder->notice_lock);
    if (recorder->wake_fd >= 0)
        close(recorder->wake_fd);
    if (recorder->notice_fd >= 0)
        close(recorder->notice_fd);
}

struct recording *recorder_start(struct recorder *recorder, const struct session *session, const struct record_wish *wish,
                                 uint64_t now, const char **reason)
{
    if (recorder->recordings >= RECORDER_MOST) {
        *reason = "2048 recordings are running already";
        return NULL;
    }
    struct record_item *item = record_queue_reserve(&recorder->queue, RECORD_START);
    struct recording *recording = calloc(1, sizeof *recording);
    char *own_path = strdup(wish->path);
    if (!item || !recording || !own_path) {
        *reason = item ? "out of memory" : "the disk does not keep up with the recordings";
        free(recording);
        free(own_path);
        return NULL;
    }
    recorder->recordings++;
    memcpy(recording->session, session->name, sizeof recording->session);
    recording->path = own_path;
    recording->started_at = now;
    recording->said_only = wish->said_only;
    recording->longest = wish->longest_ms ? (int64_t)(wish->longest_ms * MS_NS / UNIT_NS) : INT64_MAX;
    recording->silence = wish->silence_ms * MS_NS;
    recording->rate = session->codec == CODEC_G722 ? WIDE_RATE : RTP_CLOCK_RATE;
    g722_init(&recording->g722[RECORD_SAID]);
    g722_init(&recording->g722[RECORD_HEARD]);
    item->recording = recording;
    record_queue_push(&recorder->queue);
    signal_fd(recorder->wake_fd);
    return recording;
}

/* By the sender's timestamps, which tell of gaps and order; by the clock where they lead it by a fifth of a second, or stay behind it
   by as much for a second: what a network held up comes all at once and has caught up by then. */
static int64_t position_of(struct recording *recording, enum record_side side, uint32_t timestamp, uint64_t now)
{
    struct side_clock *clock = &recording->sides[side];
    int64_t present = (int64_t)((now - recording->started_at) / UNIT_NS);
    int64_t position = clock->position + (int32_t)(timestamp - clock->timestamp);
    if (!clock->started || position - present > MOST_ASTRAY ||
        (present - position > MOST_ASTRAY && now - clock->in_time_at > LONGEST_LATE_NS)) {
        clock->started = true;
        position = present;
    }
    if (present - position <= MOST_ASTRAY)
        clock->in_time_at = now;
    clock->timestamp = timestamp;
    clock->position = position;
    return position;
}

void recorder_source_changed(struct recording *recording)
{
    recording->sides[RECORD_SAID].started = false;
}

void recorder_take(struct recorder *recorder, struct recording *recording, enum record_side side, enum codec codec,
                   const struct rtp_packet *packet, uint64_t now)
{
    if (side == RECORD_HEARD && recording->said_only)
        return;
    int64_t position = position_of(recording, side, packet->timestamp, now);
    for (size_t at = 0; at < packet->payload_size; at += RTP_FRAME_SIZE) {
        struct record_item *item = record_queue_reserve(&recorder->queue, RECORD_FRAME);
        if (!item) {
            recording->dropped++;
            return;
        }
        size_t left = packet->payload_size - at;
        item->recording = recording;
        item->side = side;
        item->codec = codec;
        item->position = position + (int64_t)at;
        item->size = left < RTP_FRAME_SIZE ? (unsigned)left : RTP_FRAME_SIZE;
        memcpy(item->data, packet->payload + at, item->size);
        record_queue_push(&recorder->queue);
    }
}

void recorder_stop(struct recorder *recorder, struct recording *recording, uint64_t now)
{
    /* There is always room: frames and starts leave it. */
    struct record_item *item = record_queue_reserve(&recorder->queue, RECORD_STOP);
    recorder->recordings--;
    item->recording = recording;
    item->position = (int64_t)((now - recording->started_at) / UNIT_NS);
    item->dropped = recording->dropped;
    record_queue_push(&recorder->queue);
    signal_fd(recorder->wake_fd);
}

static const char *const NOTICE_WORDS[] = {
    [RECORD_HAS_ENDED] = "record_ended",
    [RECORD_HAS_FAILED] = "record_failed",
    [RECORD_IS_SILENT] = "record_silence",
};

void recorder_collect(struct engine *engine)
{
    struct recorder *recorder = &engine->recorder;
    uint64_t count;
    (void)!read(recorder->notice_fd, &count, sizeof count);
    pthread_mutex_lock(&recorder->notice_lock);
    struct record_notice *latest = recorder->notices;
    recorder->notices = NULL;
    pthread_mutex_unlock(&recorder->notice_lock);
    struct record_notice *oldest = NULL;
    while (latest) {
        struct record_notice *next = latest->next;
        latest->next = oldest;
        oldest = latest;
        latest = next;
    }
    while (oldest) {
        struct record_notice *notice = oldest;
        oldest = notice->next;
        struct line line;
        line_start(&line, NOTICE_WORDS[notice->kind], notice->session);
        if (notice->kind == RECORD_HAS_FAILED)
            line_text(&line, "reason", notice->reason);
        line_real(&line, "seconds", notice->seconds);
        line_number(&line, "dropped_frames", notice->dropped_frames);
        control_event(engine, &line);
        free(notice);
    }
}
