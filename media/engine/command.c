#include "command.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool command_decode(char *text)
{
    char *out = text;
    while (*text) {
        if (*text != '%') {
            *out++ = *text++;
            continue;
        }
        int high = hex_digit(text[1]);
        int low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || high * 16 + low == 0)
            return false;
        *out++ = (char)(high * 16 + low);
        text += 3;
    }
    *out = 0;
    return true;
}

static bool plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("-_.~/:@[]+*#", c));
}

size_t command_encode(const char *text, char *out, size_t size)
{
    static const char HEX[] = "0123456789ABCDEF";
    size_t length = 0;
    for (; *text; text++) {
        bool as_is = plain(*text);
        if (length + (as_is ? 1 : 3) >= size)
            break;
        if (as_is) {
            out[length++] = *text;
            continue;
        }
        out[length++] = '%';
        out[length++] = HEX[(unsigned char)*text >> 4];
        out[length++] = HEX[*text & 0x0f];
    }
    out[length] = 0;
    return length;
}

static char *next_word(char **rest)
{
    char *word = *rest;
    if (!word || !*word)
        return NULL;
    char *space = strchr(word, ' ');
    if (space)
        *space++ = 0;
    *rest = space;
    return word;
}

static bool valid_name(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size >= COMMAND_MAX_NAME)
        return false;
    for (; *name; name++)
        if (!plain(*name))
            return false;
    return true;
}

const char *command_parse(char *line, size_t size, struct command *command)
{
    if (memchr(line, 0, size))
        return "a zero byte in the line";
    line[size] = 0;
    command->count = 0;
    command->verb = next_word(&line);
    command->session = next_word(&line);
    if (!command->verb || !*command->verb || !command->session)
        return "expected: verb session key=value ...";
    if (!valid_name(command->session))
        return "a session's name has 1 to 63 letters, digits or -_.~/:@[]+*#";
    for (char *word; (word = next_word(&line));) {
        char *equals = strchr(word, '=');
        if (!equals || equals == word)
            return "expected key=value";
        if (command->count == COMMAND_MAX_ARGUMENTS)
            return "more than 16 arguments";
        *equals = 0;
        for (unsigned i = 0; i < command->count; i++)
            if (!strcmp(command->arguments[i].key, word))
                return "an argument is given twice";
        command->arguments[command->count].key = word;
        command->arguments[command->count].value = equals + 1;
        command->count++;
    }
    return NULL;
}

char *command_text(struct command *command, const char *key)
{
    for (unsigned i = 0; i < command->count; i++)
        if (!strcmp(command->arguments[i].key, key))
            return command->arguments[i].value;
    return NULL;
}

bool command_number(struct command *command, const char *key, uint64_t lowest, uint64_t highest, uint64_t *out)
{
    const char *text = command_text(command, key);
    if (!text)
        return true;
    size_t length = strlen(text);
    if (length == 0 || length > 18)
        return false;
    uint64_t value = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value < lowest || value > highest)
        return false;
    *out = value;
    return true;
}

char *command_next_element(char **list, bool *bad)
{
    char *element = *list;
    if (!element || !*element)
        return NULL;
    char *comma = strchr(element, ',');
    if (comma)
        *comma++ = 0;
    *list = comma;
    if (!command_decode(element) || !*element)
        *bad = true;
    return element;
}
