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

enum { WIDE_RATE = 16000, DRAIN_MS = 50, UNIT_NS = 1000000000 / RTP_CLOCK_RATE, MOST_ASTRAY = RTP_CLOCK_RATE / 5 };

/* Where a side's timestamps lie in the recording. */
struct side_clock {
    bool started;
    uint32_t timestamp;
    int64_t position;
};

struct recording {
    /* The packet thread's: */
    uint64_t started_at;
    uint64_t dropped;
    struct side_clock sides[2];
    /* The writer's: */
    char session[COMMAND_MAX_NAME];
    char *path;
    bool failed;
    unsigned rate;  /* Samples a second in the file. */
    struct g722_decoder g722[2];
    struct wav_writer wav;
};

static void signal_fd(int fd)
{
    uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

static void tell(struct recorder *recorder, const struct recording *recording, int error, uint64_t dropped)
{
    struct record_notice *notice = calloc(1, sizeof *notice);
    if (!notice)
        return;
    memcpy(notice->session, recording->session, sizeof notice->session);
    notice->failed = error != 0;
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
    tell(recorder, recording, error, 0);
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

static void write_frame(struct recorder *recorder, struct recording *recording, const struct record_item *item)
{
    int16_t samples[2 * RTP_FRAME_SIZE];
    unsigned each = recording->rate / RTP_CLOCK_RATE;
    for (unsigned i = 0; i < item->size; i++) {
        int16_t pair[2];
        decode(recorder, recording, item, i, pair);
        samples[each * i] = each == 2 ? pair[0] : (int16_t)((pair[0] + pair[1]) / 2);
        if (each == 2)
            samples[2 * i + 1] = pair[1];
    }
    int error = wav_put(&recording->wav, item->side, item->position * each, samples, item->size * each);
    if (error)
        fail(recorder, recording, error);
}

static void finish(struct recorder *recorder, struct recording *recording, const struct record_item *item)
{
    if (!recording->failed) {
        int error = wav_close(&recording->wav, item->position * (recording->rate / RTP_CLOCK_RATE));
        tell(recorder, recording, error, item->dropped);
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
        error = wav_open(&recording->wav, recording->path, recording->rate);
        if (error)
            fail(recorder, recording, error);
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
        if (poll(&wake, 1, busy ? DRAIN_MS : -1) > 0) {
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

struct recording *recorder_start(struct recorder *recorder, const struct session *session, const char *path, uint64_t now,
                                 const char **reason)
{
    if (recorder->recordings >= RECORDER_MOST) {
        *reason = "2048 recordings are running already";
        return NULL;
    }
    struct record_item *item = record_queue_reserve(&recorder->queue, RECORD_START);
    struct recording *recording = calloc(1, sizeof *recording);
    char *own_path = strdup(path);
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
    recording->rate = session->codec == CODEC_G722 ? WIDE_RATE : RTP_CLOCK_RATE;
    g722_init(&recording->g722[RECORD_SAID]);
    g722_init(&recording->g722[RECORD_HEARD]);
    item->recording = recording;
    record_queue_push(&recorder->queue);
    signal_fd(recorder->wake_fd);
    return recording;
}

/* By the sender's timestamps, which tell of gaps and order; by the clock where they stray from it by a fifth of a second. */
static int64_t position_of(struct recording *recording, enum record_side side, uint32_t timestamp, uint64_t now)
{
    struct side_clock *clock = &recording->sides[side];
    int64_t present = (int64_t)((now - recording->started_at) / UNIT_NS);
    int64_t position = clock->position + (int32_t)(timestamp - clock->timestamp);
    int64_t astray = position > present ? position - present : present - position;
    if (!clock->started || astray > MOST_ASTRAY) {
        clock->started = true;
        position = present;
    }
    clock->timestamp = timestamp;
    clock->position = position;
    return position;
}

void recorder_take(struct recorder *recorder, struct recording *recording, enum record_side side, enum codec codec,
                   const struct rtp_packet *packet, uint64_t now)
{
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
    /* There is always room: no more than RECORDER_MOST starts and ends can wait, and frames leave that much free. */
    struct record_item *item = record_queue_reserve(&recorder->queue, RECORD_STOP);
    recorder->recordings--;
    item->recording = recording;
    item->position = (int64_t)((now - recording->started_at) / UNIT_NS);
    item->dropped = recording->dropped;
    record_queue_push(&recorder->queue);
    signal_fd(recorder->wake_fd);
}

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
        line_start(&line, notice->failed ? "record_failed" : "record_ended", notice->session);
        if (notice->failed)
            line_text(&line, "reason", notice->reason);
        line_real(&line, "seconds", notice->seconds);
        line_number(&line, "dropped_frames", notice->dropped_frames);
        control_event(engine, &line);
        free(notice);
    }
}
