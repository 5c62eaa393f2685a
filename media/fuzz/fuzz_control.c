#define _GNU_SOURCE
/* Fuzzes what comes from the controller: whole engines are commanded, with sessions, clips and sockets of their own.

   Each line of the input is a command, an empty one a pause after which sockets are used again. Recording is left out: it would write
   wherever the fuzzer says. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../engine/command.h"
#include "../engine/engine.h"
#include "../engine/execute.h"

static void check_coding(const char *line, size_t size)
{
    char text[256];
    char encoded[1024];
    size_t length = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, line, length);
    text[length] = 0;
    if (strlen(text) != length)
        return;
    command_encode(text, encoded, sizeof encoded);
    if (!command_decode(encoded) || strcmp(text, encoded))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
        abort();
    struct engine_options options = {.listen_fd = pair[0], .first_port = 47000, .last_port = 47007};
    const char *reason;
    struct engine *engine = engine_new(&options, &reason);
    if (!engine)
        abort();
    /* Replies are formed only while there is a controller. */
    engine->control.fd = dup(pair[1]);
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;
        char *line = malloc(length + 1);
        memcpy(line, data, length);
        check_coding(line, length);
        if (!memmem(line, length, "record", 6))
            execute_line(engine, line, length);
        free(line);
        engine->now += length ? 20000000 : 3000000000;
        ticker_run(engine);
        data += length + (end ? 1 : 0);
        size -= length + (end ? 1 : 0);
    }
    while (engine->session_count > 0)
        session_close(engine, engine->sessions[0]);
    engine_stop(engine);
    engine_run(engine);
    engine_free(engine);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
