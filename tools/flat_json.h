/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A JSON object whose values are all strings: how a database keeps the options of its run. */
#ifndef PROVA_TOOLS_FLAT_JSON_H
#define PROVA_TOOLS_FLAT_JSON_H

#include <glib.h>
#include <stdbool.h>

/* {"name": "value", ...}: call begin, add for each (value NULL: left out), end. */
void flat_json_begin(GString *out);
void flat_json_add(GString *out, const char *name, const char *value);
void flat_json_end(GString *out);

/* Name -> value; NULL if the text is no such object. g_hash_table_unref(). */
GHashTable *flat_json_parse(const char *text);

#endif
