/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports and what belongs to them as base64 in the text of a console. */
#include <string.h>

#include "emu/error.h"
#include "tools/report_file.h"

#define MARK_BEGIN "-----BEGIN PROVA "
#define MARK_END   "-----END PROVA "
#define MARK_TAIL  "-----"

static const char *const parts[] = {"REPORT", "MANIFEST", "AUX"};
enum { PART_REPORT, PART_MANIFEST, PART_AUX, PARTS };

struct blocks {
    const char *file; /* for messages */
    const char *at, *end;
    GPtrArray *items;
    struct report_item *item; /* whose report was the last one */
};

/* The next line without the white space around it; false at the end. Free with g_free(). */
static bool line_next(struct blocks *blocks, char **line)
{
    if (blocks->at >= blocks->end)
        return false;
    const char *newline = memchr(blocks->at, '\n', (size_t)(blocks->end - blocks->at));
    const char *stop = newline != NULL ? newline : blocks->end;
    *line = g_strstrip(g_strndup(blocks->at, (size_t)(stop - blocks->at)));
    blocks->at = newline != NULL ? newline + 1 : blocks->end;
    return true;
}

/* The part that a line begins, and its report's name; PARTS if the line is no such mark. */
static unsigned mark_parse(const char *line, char **name)
{
    if (!g_str_has_prefix(line, MARK_BEGIN) || !g_str_has_suffix(line, MARK_TAIL))
        return PARTS;
    const char *from = line + strlen(MARK_BEGIN);
    size_t len = strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    for (unsigned part = 0; len != 0 && part < PARTS; part++) {
        char *rest = g_strdup_printf(" %s" MARK_TAIL, parts[part]);
        bool same = strcmp(from + len, rest) == 0;
        g_free(rest);
        if (same) {
            *name = g_strndup(from, len);
            return part;
        }
    }
    return PARTS;
}

static bool bad(const struct blocks *blocks, const char *name, unsigned part, const char *what,
                GError **error)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: %s %s in the text: %s", blocks->file, name,
                parts[part], what);
    return false;
}

/* Complete base64 and nothing else: g_base64_decode() passes over what it does not know. */
static bool base64_is_whole(const GString *text)
{
    size_t digits = strspn(text->str, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789+/");
    return text->len % 4 == 0 && digits + 2 >= text->len &&
           digits + strspn(text->str + digits, "=") == text->len;
}

/* From behind the mark to its END. NULL: *error. */
static GByteArray *block_read(struct blocks *blocks, const char *name, unsigned part,
                              GError **error)
{
    g_autofree char *mark = g_strdup_printf(MARK_END "%s %s" MARK_TAIL, name, parts[part]);
    GString *text = g_string_new(NULL);
    GByteArray *bytes = NULL;
    bool ended = false;
    for (char *line; !ended && line_next(blocks, &line); g_free(line)) {
        ended = strcmp(line, mark) == 0;
        if (!ended)
            g_string_append(text, line);
    }
    if (!ended) {
        bad(blocks, name, part, "its END is missing: is the guest's output complete?", error);
    } else if (!base64_is_whole(text)) {
        bad(blocks, name, part, "something other than base64 is in it, or some is missing", error);
    } else {
        gsize len;
        guchar *decoded = g_base64_decode(text->str, &len);
        bytes = g_byte_array_new_take(decoded, len);
    }
    g_string_free(text, TRUE);
    return bytes;
}

static bool report_take(struct blocks *blocks, const char *name, const GByteArray *bytes,
                        GError **error)
{
    if (bytes->len != REPORT_FIRMWARE_BYTES) {
        g_autofree char *what =
            g_strdup_printf("it has %u bytes, not %d", bytes->len, REPORT_FIRMWARE_BYTES);
        return bad(blocks, name, PART_REPORT, what, error);
    }
    blocks->item = g_new0(struct report_item, 1);
    blocks->item->name = g_strdup(name);
    memcpy(blocks->item->report.firmware, bytes->data, REPORT_FIRMWARE_BYTES);
    g_ptr_array_add(blocks->items, blocks->item);
    return true;
}

static bool part_take(struct blocks *blocks, const char *name, unsigned part, GError **error)
{
    GByteArray *bytes = block_read(blocks, name, part, error);
    bool fine = bytes != NULL;
    if (fine && part == PART_REPORT) {
        fine = report_take(blocks, name, bytes, error);
    } else if (fine) {
        struct report_item *item = blocks->item;
        GByteArray **to = item == NULL             ? NULL
                          : part == PART_MANIFEST ? &item->manifest
                                                   : &item->aux;
        if (to == NULL || strcmp(item->name, name) != 0 || *to != NULL)
            fine = bad(blocks, name, part, "it is not behind a report of this name", error);
        else if (bytes->len == 0)
            fine = bad(blocks, name, part, "it is empty", error);
        else
            *to = g_byte_array_ref(bytes);
    }
    g_clear_pointer(&bytes, g_byte_array_unref);
    return fine;
}

bool report_blocks_parse(const char *name, const char *bytes, size_t len, GPtrArray *items,
                         GError **error)
{
    struct blocks blocks = {.file = name, .at = bytes, .end = bytes + len, .items = items};
    bool fine = true;
    for (char *line; fine && line_next(&blocks, &line); g_free(line)) {
        char *whose = NULL;
        unsigned part = mark_parse(line, &whose);
        if (part < PARTS)
            fine = part_take(&blocks, whose, part, error);
        g_free(whose);
    }
    /* By its name it is no plain one, and without this nobody could tell whose it is. */
    for (guint i = 0; fine && i < items->len; i++) {
        const struct report_item *item = g_ptr_array_index(items, i);
        if (strcmp(item->name, REPORT_NAME_SVSM) == 0 && item->manifest == NULL)
            fine = bad(&blocks, item->name, PART_MANIFEST, "it is missing", error);
    }
    return fine;
}
