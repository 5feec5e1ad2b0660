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

GByteArray *report_hex_parse(const char *text)
{
    GByteArray *bytes = g_byte_array_new();
    for (; *text != 0; text += 2) {
        int value = byte_parse(text); /* the zero byte at the end is no digit */
        if (value < 0) {
            g_byte_array_unref(bytes);
            return NULL;
        }
        uint8_t byte = (uint8_t)value;
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

void report_item_free(struct report_item *item)
{
    g_free(item->name);
    g_clear_pointer(&item->manifest, g_byte_array_unref);
    g_clear_pointer(&item->aux, g_byte_array_unref);
    g_free(item);
}

struct psp_evidence report_item_evidence(const struct report_item *item)
{
    struct psp_evidence evidence = {.firmware = item->report.firmware};
    if (item->attest) {
        evidence.monitor = &item->report.monitor;
    } else if (item->manifest != NULL) {
        evidence.manifest = item->manifest->data;
        evidence.manifest_bytes = item->manifest->len;
    }
    return evidence;
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

static struct report_item *item_add(GPtrArray *items, const char *name, bool attest)
{
    struct report_item *item = g_new0(struct report_item, 1);
    item->name = g_strdup(name);
    item->attest = attest;
    g_ptr_array_add(items, item);
    return item;
}

/* The last one that has no name, if there is one. */
static bool attest_parse(const char *name, const char *bytes, size_t len, GPtrArray *items,
                         GError **error)
{
    const char *begin = g_strrstr_len(bytes, (gssize)len, REPORT_TEXT_BEGIN);
    if (begin == NULL)
        return true;
    begin += strlen(REPORT_TEXT_BEGIN);
    const char *end = g_strstr_len(begin, (gssize)(bytes + len - begin), REPORT_TEXT_END);
    if (end == NULL)
        return bad(error, name, "the report in the text has no '" REPORT_TEXT_END "'");
    struct report_item *item = item_add(items, REPORT_NAME_ATTEST, true);
    return block_parse(name, begin, end, &item->report, error);
}

static bool items_parse(const char *name, const char *bytes, size_t len, GPtrArray *items,
                        GError **error)
{
    /* No text with a report is that short. */
    if (len == sizeof(struct report) || len == REPORT_FIRMWARE_BYTES) {
        bool attest = len == sizeof(struct report);
        const char *kind = attest ? REPORT_NAME_ATTEST : REPORT_NAME_FIRMWARE;
        memcpy(&item_add(items, kind, attest)->report, bytes, len);
        return true;
    }
    if (!attest_parse(name, bytes, len, items, error) ||
        !report_blocks_parse(name, bytes, len, items, error))
        return false;
    if (items->len != 0)
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                "%s: neither a report of %zu bytes nor one of %d nor a text with a line '%s' or "
                "'-----BEGIN PROVA NAME REPORT-----'",
                name, sizeof(struct report), REPORT_FIRMWARE_BYTES, REPORT_TEXT_BEGIN);
    return false;
}

GPtrArray *report_file_parse(const char *name, const char *bytes, size_t len, GError **error)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)report_item_free);
    if (items_parse(name, bytes, len, items, error))
        return items;
    g_ptr_array_unref(items);
    return NULL;
}
