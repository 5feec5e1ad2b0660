/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/input_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emu/error.h"

static bool bad(GError **error, const char *path, const char *what)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: %s", path, what);
    return false;
}

static bool stream_read(FILE *file, const char *path, GString *text, GError **error)
{
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof(part), file)) > 0;) {
        g_string_append_len(text, part, (gssize)n);
        if (text->len > INPUT_FILE_BYTES_MAX)
            return bad(error, path, "too large: it may have at most 64 MiB");
    }
    return ferror(file) ? bad(error, path, g_strerror(errno)) : true;
}
_Static_assert(INPUT_FILE_BYTES_MAX == 64 << 20, "the message says 64 MiB");

bool input_file_read(const char *path, char **bytes, size_t *len, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (file == NULL)
        return bad(error, path, g_strerror(errno));
    GString *text = g_string_new(NULL);
    bool fine = stream_read(file, path, text, error);
    if (!standard)
        fclose(file);
    *len = text->len;
    *bytes = g_string_free(text, !fine); /* NULL if it was freed */
    return fine;
}
