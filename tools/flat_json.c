/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/flat_json.h"

#include <string.h>

/* Bytes that are not UTF-8 (a scenario may hold any) are written as \udcXX, and read back as such.
 * */
static void string_append(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *at = text; *at != '\0';) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\udc%02x", (unsigned char)*at++);
            continue;
        }
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", (char)c);
        else if (c == '\n')
            g_string_append(out, "\\n");
        else if (c < 0x20)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_unichar(out, c);
        at = g_utf8_next_char(at);
    }
    g_string_append_c(out, '"');
}

void flat_json_begin(GString *out)
{
    g_string_append_c(out, '{');
}

void flat_json_add(GString *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (out->len > 0 && out->str[out->len - 1] != '{')
        g_string_append_c(out, ',');
    string_append(out, name);
    g_string_append_c(out, ':');
    string_append(out, value);
}

void flat_json_end(GString *out)
{
    g_string_append_c(out, '}');
}

static void space_skip(const char **at)
{
    while (**at != '\0' && strchr(" \t\r\n", **at) != NULL)
        (*at)++;
}

/* Four hexadecimal digits, or -1. */
static gint32 unit_read(const char **at)
{
    gint32 value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(**at);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
        (*at)++;
    }
    return value;
}

static bool escape_read(const char **at, GString *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = *(*at)++;
    if (c == 'u') {
        gint32 unit = unit_read(at);
        if (unit <= 0)
            return false;
        if (unit >= 0xdc00 && unit <= 0xdcff)
            g_string_append_c(out, (char)(unit & 0xff));
        else
            g_string_append_unichar(out, (gunichar)unit);
        return true;
    }
    const char *place = c != '\0' ? strchr(from, c) : NULL;
    if (place == NULL)
        return false;
    g_string_append_c(out, to[place - from]);
    return true;
}

/* A string in quotes; NULL if there is none. */
static char *string_read(const char **at)
{
    space_skip(at);
    if (**at != '"')
        return NULL;
    (*at)++;
    GString *out = g_string_new(NULL);
    while (**at != '"') {
        bool fine = **at != '\0';
        if (fine && **at == '\\') {
            (*at)++;
            fine = escape_read(at, out);
        } else if (fine) {
            g_string_append_c(out, *(*at)++);
        }
        if (!fine) {
            g_string_free(out, TRUE);
            return NULL;
        }
    }
    (*at)++;
    return g_string_free(out, FALSE);
}

static bool mark_read(const char **at, char mark)
{
    space_skip(at);
    if (**at != mark)
        return false;
    (*at)++;
    return true;
}

static bool members_read(const char **at, GHashTable *members)
{
    if (!mark_read(at, '{'))
        return false;
    if (mark_read(at, '}'))
        return true;
    do {
        char *name = string_read(at);
        char *value = name && mark_read(at, ':') ? string_read(at) : NULL;
        if (value == NULL) {
            g_free(name);
            return false;
        }
        g_hash_table_replace(members, name, value);
    } while (mark_read(at, ','));
    return mark_read(at, '}');
}

GHashTable *flat_json_parse(const char *text)
{
    GHashTable *members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (members_read(&text, members)) {
        space_skip(&text);
        if (*text == '\0')
            return members;
    }
    g_hash_table_unref(members);
    return NULL;
}
