/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built-in monitors and guests: NAME.elf and guest/NAME.elf in the image directory. */
#include "emu/run.h"

#include <string.h>

#include "emu/error.h"

static char *image_dir_of(const char *image_dir, bool guest)
{
    return guest ? g_build_filename(image_dir, "guest", NULL) : g_strdup(image_dir);
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **run_image_names(const char *image_dir, bool guest)
{
    GPtrArray *names = g_ptr_array_new();
    char *path = image_dir ? image_dir_of(image_dir, guest) : NULL;
    GDir *dir = path ? g_dir_open(path, 0, NULL) : NULL;
    const char *entry;
    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(entry, ".elf"))
            g_ptr_array_add(names, g_strndup(entry, strlen(entry) - strlen(".elf")));
    if (dir != NULL)
        g_dir_close(dir);
    g_free(path);
    if (names->len > 0) /* the order of a directory is the host's */
        qsort(names->pdata, names->len, sizeof(names->pdata[0]), name_compare);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static void set_not_found(const char *image_dir, const char *name, bool guest, GError **error)
{
    char **names = run_image_names(image_dir, guest);
    const char *nearest = script_nearest(name, (const char *const *)names);
    char *all = g_strjoinv(", ", names);
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                "no built-in %s '%s'%s%s%s, and no file of that name%s%s%s",
                guest ? "guest" : "monitor", name, nearest ? " (did you mean '" : "",
                nearest ? nearest : "", nearest ? "'?)" : "", all[0] ? "; built-in are: " : "", all,
                all[0] ? "" : "; there are no built-in ones beside this command");
    g_free(all);
    g_strfreev(names);
}

char *run_image_path(const char *image_dir, const char *name, bool guest, GError **error)
{
    if (strchr(name, G_DIR_SEPARATOR) == NULL && image_dir != NULL) {
        char *dir = image_dir_of(image_dir, guest);
        char *file = g_strconcat(name, ".elf", NULL);
        char *path = g_build_filename(dir, file, NULL);
        bool there = g_file_test(path, G_FILE_TEST_IS_REGULAR);
        g_free(dir);
        g_free(file);
        if (there)
            return path;
        g_free(path);
    }
    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return g_strdup(name);
    if (strchr(name, G_DIR_SEPARATOR) != NULL || g_str_has_suffix(name, ".elf"))
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: there is no such file", name);
    else
        set_not_found(image_dir, name, guest, error);
    return NULL;
}
