#include "work.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "command.h"
#include "session.h"

bool work_fail(struct work *work, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(work->reason, sizeof work->reason, format, arguments);
    va_end(arguments);
    return false;
}

bool work_text(struct work *work, const char *key, char **out)
{
    *out = command_text(work->command, key);
    if (*out && !command_decode(*out))
        return work_fail(work, "%s is not percent-encoded text", key);
    return true;
}

bool work_number(struct work *work, const char *key, uint64_t lowest, uint64_t highest, uint64_t *out)
{
    if (command_number(work->command, key, lowest, highest, out))
        return true;
    return work_fail(work, "%s must be a number from %llu to %llu", key, (unsigned long long)lowest, (unsigned long long)highest);
}

bool work_address(struct work *work, const char *key, union address *out)
{
    char *value;
    if (!work_text(work, key, &value))
        return false;
    if (!value)
        return true;
    if (!address_parse(value, out))
        return work_fail(work, "%s must be like 192.0.2.1:4000 or [2001:db8::1]:4000", key);
    if (out->any.sa_family != work->session->local.any.sa_family)
        return work_fail(work, "%s is of another IP version than the session's own address", key);
    return true;
}

bool work_choice(struct work *work, const char *key, const char *const *names, unsigned count, unsigned *out)
{
    const char *value = command_text(work->command, key);
    if (!value)
        return true;
    for (unsigned i = 0; i < count; i++) {
        if (names[i] && !strcmp(value, names[i])) {
            *out = i;
            return true;
        }
    }
    return work_fail(work, "%s=%.40s is not known", key, value);
}

bool work_seconds(struct work *work, const char *key, uint64_t *out_ns)
{
    uint64_t value = *out_ns / 1000000000;
    if (!work_number(work, key, 0, 86400, &value))
        return false;
    *out_ns = value * 1000000000;
    return true;
}
