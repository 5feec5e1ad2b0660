/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scenarios that come with the command: scenarios/NAME.lua, scenarios/attacks/NN_name.lua,
 * scenarios/linux/name.lua, scenarios/reserve/name.lua.
 */
#ifndef PROVA_TOOLS_LIBRARY_H
#define PROVA_TOOLS_LIBRARY_H

#include <glib.h>
#include <stdbool.h>

struct library_entry {
    char *name;        /* below scenarios/, without .lua: "boot", "attacks/01_double_map" */
    const char *group; /* "", "attacks", "linux", "reserve" */
    const char *plain; /* name without the group */
    char *path;
    char *target; /* a symbolic link: the name it stands for; NULL otherwise */
};

/* All of them, by group and name; g_ptr_array_unref(). Empty if there is no such folder. */
GPtrArray *library_load(void);

/* The entry of that name, with or without its group and .lua; NULL if there is none. */
const struct library_entry *library_find(const GPtrArray *library, const char *name);

/*
 * The path of a scenario: a file's own, or that of a name of the library. NULL and error (with the
 * name that was most likely meant) if a plain name is unknown; a path need not exist.
 */
char *library_path(const char *name, GError **error);

/* Whether a pattern with * and ? describes the entry's name, with or without its group. */
bool library_matches(const struct library_entry *entry, const char *pattern);

#endif
