/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of db/ share among themselves; nobody else includes this. */
#ifndef PROVA_DB_INTERNAL_H
#define PROVA_DB_INTERNAL_H

#include <sqlite3.h>

#include "db/check.h"
#include "db/error.h"
#include "db/query.h"
#include "db/reader.h"
#include "db/writer.h"

/* PRAGMA application_id, "Prva"; it lies big-endian at byte 68 of the file. */
enum { DB_APPLICATION_ID = 0x50727661, DB_SCHEMA_VERSION = 3 };

/* Texts of db/, put into the program by db/embed.cmake. */
extern const char db_schema_sql[];
extern const char db_views_sql[];
extern const char db_indexes_sql[];
extern const struct db_invariant db_invariants[];
extern const size_t db_invariants_count;
extern const struct db_query_info db_queries[];
extern const size_t db_queries_count;

/* Sets error from the connection's last error: "path: what: SQLite's message". */
void db_error_sqlite(GError **error, enum db_error code, sqlite3 *db, const char *path,
                     const char *what);

/* path so that SQLite takes it as a file's name whatever it is (":memory:"). Free with g_free(). */
char *db_file_name(const char *path);

/*
 * Looks at the first bytes of path: a Prova database of this version? Else sets error (FORMAT,
 * OPEN). Reads the file only.
 */
bool db_file_check(const char *path, GError **error);

/*
 * A new file with schema and description, put at path in one step (db/writer.h db_writer_open()).
 */
bool db_file_create(const char *path, const struct db_run *run, GError **error);

/* Read access for db/query.c and db/check.c. */
sqlite3 *db_reader_handle(struct db_reader *reader);
const char *db_reader_path(const struct db_reader *reader);

/* The views that the invariants share, as temporary tables (db/check.c). */
int db_shared_create(sqlite3 *db);
void db_shared_drop(sqlite3 *db);

#endif
