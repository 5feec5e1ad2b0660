/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/library.h"

#include <string.h>

#include "emu/error.h"
#include "tools/tool.h"

static const char *const groups[] = {"", "attacks", "linux", "reserve"};
static const char suffix[] = ".lua";

static void entry_free(gpointer data)
{
    struct library_entry *entry = data;
    g_free(entry->name);
    g_free(entry->path);
    g_free(entry->target);
    g_free(entry);
}

static char *without_suffix(const char *name)
{
    size_t length = strlen(name);
    return g_strndup(name, g_str_has_suffix(name, suffix) ? length - strlen(suffix) : length);
}

static void entry_add(GPtrArray *library, const char *dir, const char *group, const char *file)
{
    struct library_entry *entry = g_new0(struct library_entry, 1);
    char *plain = without_suffix(file);
    entry->name = group[0] ? g_strconcat(group, "/", plain, NULL) : g_strdup(plain);
    entry->group = group;
    entry->plain = entry->name + (group[0] ? strlen(group) + 1 : 0);
    entry->path = g_build_filename(dir, file, NULL);
    char *link = g_file_read_link(entry->path, NULL);
    if (link != NULL)
        entry->target = without_suffix(link);
    g_free(link);
    g_free(plain);
    g_ptr_array_add(library, entry);
}

static void group_load(GPtrArray *library, const char *top, const char *group)
{
    char *dir = g_build_filename(top, group, NULL);
    GDir *folder = g_dir_open(dir, 0, NULL);
    const char *file;
    while (folder != NULL && (file = g_dir_read_name(folder)) != NULL)
        if (g_str_has_suffix(file, suffix))
            entry_add(library, dir, group, file);
    if (folder != NULL)
        g_dir_close(folder);
    g_free(dir);
}

static int entry_compare(gconstpointer a, gconstpointer b)
{
    const struct library_entry *left = *(struct library_entry *const *)a;
    const struct library_entry *right = *(struct library_entry *const *)b;
    int by_group = strcmp(left->group, right->group); /* "" comes first */
    return by_group ? by_group : strcmp(left->plain, right->plain);
}

GPtrArray *library_load(void)
{
    GPtrArray *library = g_ptr_array_new_with_free_func(entry_free);
    char *top = tool_scenario_dir();
    for (size_t i = 0; top != NULL && i < G_N_ELEMENTS(groups); i++)
        group_load(library, top, groups[i]);
    g_free(top);
    g_ptr_array_sort(library, entry_compare);
    return library;
}

const struct library_entry *library_find(const GPtrArray *library, const char *name)
{
    const struct library_entry *found = NULL;
    char *wanted = without_suffix(name);
    for (guint i = 0; i < library->len && found == NULL; i++) {
        const struct library_entry *entry = g_ptr_array_index(library, i);
        if (strcmp(entry->name, wanted) == 0 || strcmp(entry->plain, wanted) == 0)
            found = entry;
    }
    g_free(wanted);
    return found;
}

/* A path rather than a name: it says so, or starts where no name of the library does. */
static bool is_path(const char *name)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL)
        return g_str_has_suffix(name, suffix);
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        if (strlen(groups[i]) == (size_t)(slash - name) &&
            strncmp(groups[i], name, strlen(groups[i])) == 0)
            return g_str_has_suffix(name, suffix);
    return true;
}

static void unknown_say(const GPtrArray *library, const char *name, GError **error)
{
    const char **names = g_new0(const char *, library->len + 1);
    bool grouped = strchr(name, '/') != NULL;
    for (guint i = 0; i < library->len; i++) {
        const struct library_entry *entry = g_ptr_array_index(library, i);
        names[i] = grouped ? entry->name : entry->plain;
    }
    const char *nearest = script_nearest(name, names);
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "no scenario '%s'%s%s%s (prova list scenarios)",
                name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                nearest ? "'?" : "");
    g_free(names);
}

char *library_path(const char *name, GError **error)
{
    /* A folder of that name (/boot) is in nobody's way. */
    bool there = g_file_test(name, G_FILE_TEST_EXISTS), plain = strchr(name, '/') == NULL;
    if (there && (!plain || !g_file_test(name, G_FILE_TEST_IS_DIR)))
        return g_strdup(name);
    GPtrArray *library = library_load();
    const struct library_entry *entry = library_find(library, name);
    char *path = NULL;
    if (entry != NULL)
        path = g_strdup(entry->path);
    else if (is_path(name))
        path = g_strdup(name);
    else
        unknown_say(library, name, error);
    g_ptr_array_unref(library);
    return path;
}

bool library_matches(const struct library_entry *entry, const char *pattern)
{
    return g_pattern_match_simple(pattern, entry->name) ||
           g_pattern_match_simple(pattern, entry->plain);
}
