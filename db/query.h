/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SQL asked of a run: the user's own, or a named query (db/queries/NAME.sql) with :parameters. The
 * file cannot be changed: writing, ATTACH, PRAGMA with a value and load_extension are refused.
 */
#ifndef PROVA_DB_QUERY_H
#define PROVA_DB_QUERY_H

#include <stdatomic.h>
#include <stdio.h>

#include "db/reader.h"

enum db_format { DB_FORMAT_TABLE, DB_FORMAT_CSV, DB_FORMAT_JSON };

struct db_query_info {
    const char *name;
    const char *description; /* one line */
    const char *sql;
};
const struct db_query_info *db_query_list(size_t *count); /* ordered by name */
const struct db_query_info *db_query_find(const char *name);

/*
 * name without the colon. A value that is a decimal or 0x number is bound as one, else as text; a
 * named query takes numbers only.
 */
struct db_param {
    const char *name;
    const char *value;
};

struct db_query_options {
    enum db_format format;
    uint64_t limit_rows;           /* 0: none. More rows are an error, after the rows within it */
    uint64_t limit_ms;             /* 0: none */
    const atomic_bool *interrupted; /* may be NULL; set it (from a signal handler) to stop */
    const struct db_param *params;
    size_t params_count;
};

/*
 * Runs a named query if there is one of that name, else the text as SQL (one statement). Writes to
 * out; *rows (may be NULL) is the number of rows. Table output is held until complete.
 */
bool db_query_run(struct db_reader *reader, const char *name_or_sql,
                  const struct db_query_options *options, FILE *out, uint64_t *rows,
                  GError **error);

#endif
