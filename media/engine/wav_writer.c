#include "wav_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_SIZE = 44, PCM = 1, SAMPLE_SIZE = 2 };

/* Bytes of a sample of all channels. */
static unsigned block_size(const struct wav_writer *writer)
{
    return SAMPLE_SIZE * writer->channels;
}

static uint8_t *little(uint8_t *out, uint32_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        *out++ = (uint8_t)value;
    return out;
}

static int write_header(const struct wav_writer *writer, uint32_t data_size)
{
    uint8_t header[HEADER_SIZE];
    uint8_t *out = header;
    memcpy(out, "RIFF", 4);
    out = little(out + 4, data_size + HEADER_SIZE - 8, 4);
    memcpy(out, "WAVEfmt ", 8);
    out = little(out + 8, 16, 4);
    out = little(out, PCM, 2);
    out = little(out, writer->channels, 2);
    out = little(out, writer->rate, 4);
    out = little(out, writer->rate * block_size(writer), 4);
    out = little(out, block_size(writer), 2);
    out = little(out, SAMPLE_SIZE * 8, 2);
    memcpy(out, "data", 4);
    little(out + 4, data_size, 4);
    return fwrite(header, 1, HEADER_SIZE, writer->file) == HEADER_SIZE ? 0 : errno;
}

int wav_open(struct wav_writer *writer, const char *path, unsigned rate, unsigned channels)
{
    memset(writer, 0, sizeof *writer);
    writer->rate = rate;
    writer->channels = channels;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return errno;
    writer->file = fdopen(fd, "wb");
    if (!writer->file) {
        int error = errno;
        close(fd);
        return error;
    }
    /* A file that is never closed says "to the end", as streams do. */
    return write_header(writer, UINT32_MAX - HEADER_SIZE);
}

static int write_until(struct wav_writer *writer, int64_t end)
{
    while (writer->written < end) {
        unsigned first = (unsigned)(writer->written % WAV_WINDOW);
        int64_t count = end - writer->written;
        if (count > WAV_WINDOW - first)
            count = WAV_WINDOW - first;
        int16_t *samples = &writer->window[first * writer->channels];
        if (fwrite(samples, block_size(writer), (size_t)count, writer->file) != (size_t)count)
            return errno;
        memset(samples, 0, (size_t)count * block_size(writer));
        writer->written += count;
    }
    return 0;
}

int wav_put(struct wav_writer *writer, unsigned channel, int64_t position, const int16_t *samples, unsigned count)
{
    int64_t end = position + count;
    if (end > writer->end)
        writer->end = end;
    for (unsigned i = 0; i < count; i++) {
        if (position + i < writer->written)
            continue;
        if (position + i >= writer->written + WAV_WINDOW) {
            int error = write_until(writer, position + i - WAV_WINDOW / 2);
            if (error)
                return error;
        }
        writer->window[(position + i) % WAV_WINDOW * writer->channels + channel] = samples[i];
    }
    return write_until(writer, writer->end - writer->rate);
}

int wav_close(struct wav_writer *writer, int64_t end)
{
    int error = write_until(writer, end > writer->end ? end : writer->end);
    if (!error && fseek(writer->file, 0, SEEK_SET) < 0)
        error = errno;
    if (!error)
        error = write_header(writer, (uint32_t)(writer->written * block_size(writer)));
    if (fclose(writer->file) != 0 && !error)
        error = errno;
    writer->file = NULL;
    return error;
}
