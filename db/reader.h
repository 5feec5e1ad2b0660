/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run read back: its description, and its events as the very records that were emitted, bit for
 * bit, in order. Derived events (rule, verdict) are not part of the stream and are not returned.
 */
#ifndef PROVA_DB_READER_H
#define PROVA_DB_READER_H

#include <glib.h>
#include <stdbool.h>

#include "trace/event.h"

struct db_reader;

/*
 * Opens for reading. Says clearly if path is missing, no database, not Prova's, of another version,
 * or damaged. A transaction that a killed run left unfinished is rolled back first. Another process
 * may be writing the file; this one may not.
 */
struct db_reader *db_reader_open(const char *path, GError **error);
void db_reader_close(struct db_reader *reader);

struct db_run_input {
    char *role, *path, *sha256; /* sha256: 64 hex digits */
    uint64_t bytes;
};

/* NULL strings: not recorded. finished is false for a run that was killed or given up. */
struct db_run_info {
    char *title, *version, *options, *token;
    char *exit_reason, *stream_hash;
    uint64_t seed;
    uint64_t events_count; /* sequence number of the last event in the file */
    int exit_code;
    bool finished;
    struct db_run_input *inputs;
    size_t inputs_count;
};
bool db_reader_run(struct db_reader *reader, struct db_run_info *info, GError **error);
void db_run_info_clear(struct db_run_info *info);

enum db_next { DB_NEXT_EVENT, DB_NEXT_END, DB_NEXT_ERROR };

/* The next call of db_reader_next() returns the first event with a sequence number >= seq. */
bool db_reader_seek(struct db_reader *reader, uint64_t seq, GError **error);
enum db_next db_reader_next(struct db_reader *reader, struct event *event, GError **error);

/* "symbol (file:line)" of an event, or NULL; free with g_free(). */
char *db_reader_symbol(struct db_reader *reader, uint64_t seq);

#endif
