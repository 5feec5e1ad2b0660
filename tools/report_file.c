/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/report_file.h"

#include <string.h>

#include "emu/error.h"

static bool bad(GError **error, const char *name, const char *what)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: %s", name, what);
    return false;
}

/* The two digits at text as a byte; negative if they are none. */
static int byte_parse(const char *text)
{
    int high = g_ascii_xdigit_value(text[0]);
    int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool report_hex_parse(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int value = byte_parse(text + 2 * i);
        if (value < 0)
            return false;
        out[i] = (uint8_t)value;
    }
    return true;
}

/* The lines between begin and end. */
static bool block_parse(const char *name, const char *begin, const char *end, struct report *out,
                        GError **error)
{
    uint8_t *bytes = (uint8_t *)out;
    size_t count = 0;
    for (const char *at = begin; at < end;) {
        if (g_ascii_isspace(*at)) {
            at++;
            continue;
        }
        int value = byte_parse(at); /* the end marker stops it: '-' is no digit */
        if (value < 0)
            return bad(error, name, "something other than hexadecimal digits within the report");
        if (count == sizeof(*out))
            return bad(error, name, "the report in the text is too long");
        bytes[count++] = (uint8_t)value;
        at += 2;
    }
    if (count != sizeof(*out)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: the report in the text has %zu bytes, not %zu: is the guest's output "
                    "complete?",
                    name, count, sizeof(*out));
        return false;
    }
    return true;
}

bool report_file_parse(const char *name, const char *bytes, size_t len, struct report *out,
                       GError **error)
{
    const char *begin = g_strrstr_len(bytes, (gssize)len, REPORT_TEXT_BEGIN);
    if (begin == NULL && len == sizeof(*out)) {
        memcpy(out, bytes, sizeof(*out));
        return true;
    }
    if (begin == NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: neither a report of %zu bytes nor a text with a line '%s'", name,
                    sizeof(*out), REPORT_TEXT_BEGIN);
        return false;
    }
    begin += strlen(REPORT_TEXT_BEGIN);
    const char *end = g_strstr_len(begin, (gssize)(bytes + len - begin), REPORT_TEXT_END);
    if (end == NULL)
        return bad(error, name, "the report in the text has no '" REPORT_TEXT_END "'");
    return block_parse(name, begin, end, out, error);
}
