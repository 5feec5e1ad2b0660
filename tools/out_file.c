/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/out_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/error.h"

enum { START_BYTES_MAX = 256 };

static bool refuse(GError **error, const char *option, const char *path, const char *why)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--%s %s: %s", option, path, why);
    return false;
}

/* The file is one that an earlier run wrote. */
static bool file_starts(const char *path, const char *wanted)
{
    char start[START_BYTES_MAX] = "";
    size_t bytes = strlen(wanted);
    g_assert(bytes < sizeof(start));
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(start, 1, bytes, file) : 0;
    if (file != NULL)
        fclose(file);
    return got == bytes && memcmp(start, wanted, bytes) == 0;
}

bool out_file_check(const char *option, const char *path, const char *start, GError **error)
{
    struct stat status;
    if (path[0] == '\0')
        return refuse(error, option, path, "it names no file");
    if (stat(path, &status) == 0) {
        if (!S_ISREG(status.st_mode) || (status.st_size > 0 && !file_starts(path, start)))
            return refuse(error, option, path,
                          "exists and is not a report of prova; it was left alone, choose another "
                          "name");
    } else if (errno != ENOENT) {
        return refuse(error, option, path, g_strerror(errno));
    }
    char *folder = g_path_get_dirname(path);
    int failed = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
    g_free(folder);
    return failed == 0 || refuse(error, option, path, g_strerror(failed));
}

bool out_file_write(const char *option, const char *path, const char *start, const GString *text,
                    GError **error)
{
    GError *reason = NULL;
    if (!out_file_check(option, path, start, error))
        return false;
    if (g_file_set_contents(path, text->str, (gssize)text->len, &reason))
        return true;
    refuse(error, option, path, reason->message);
    g_error_free(reason);
    return false;
}
