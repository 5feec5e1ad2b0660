/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/reader.h"

#include <string.h>
#include <sys/stat.h>

#include "db/columns.h"
#include "db/internal.h"

/*
 * All tables are in order of seq, so one statement over each, stepped when its kind comes up in
 * table event, reads the whole run sequentially.
 */
struct db_reader {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *events;
    sqlite3_stmt *kinds[EVENT_KIND_COUNT];
    uint64_t seek_seq;
};

static bool statement_prepare(struct db_reader *reader, const char *sql, sqlite3_stmt **out,
                              GError **error)
{
    if (sqlite3_prepare_v2(reader->db, sql, -1, out, NULL) == SQLITE_OK)
        return true;
    db_error_sqlite(error, DB_ERROR_FORMAT, reader->db, reader->path, "cannot be read");
    return false;
}

/*
 * A killed run leaves the journal of its last transaction. Rolling it back needs write access,
 * which is used for nothing else. (Where there is none, opening for reading says so.)
 */
static void recover(const char *name)
{
    char *journal = g_strconcat(name, "-journal", NULL);
    struct stat status;
    sqlite3 *db = NULL;

    if (stat(journal, &status) == 0 && status.st_size > 0) {
        if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
            sqlite3_busy_timeout(db, 2000);
            sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
        }
        sqlite3_close(db);
    }
    g_free(journal);
}

/*
 * SQLite notices missing pages only when it needs one; a cut file should be told at once. Bytes 16
 * and 28 of the file: page size, and how many pages it has. Read through SQLite's own handle and
 * under its lock: closing another one would drop the lock (POSIX), and a run may be writing.
 */
static bool check_length_locked(struct db_reader *reader, GError **error)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 bytes = 0;
    uint8_t header[32];
    int64_t page_bytes, want;

    if (sqlite3_file_control(reader->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL ||
        file->pMethods->xFileSize(file, &bytes) != SQLITE_OK ||
        file->pMethods->xRead(file, header, sizeof(header), 0) != SQLITE_OK) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT, "%s: cannot be read", reader->path);
        return false;
    }
    page_bytes = header[16] << 8 | header[17];
    page_bytes = page_bytes == 1 ? 65536 : page_bytes;
    want = (int64_t)header[28] << 24 | header[29] << 16 | header[30] << 8 | header[31];
    want *= page_bytes;
    if (bytes >= want)
        return true;
    g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                "%s: truncated: %" G_GINT64_FORMAT " bytes, should be %" G_GINT64_FORMAT
                "; copy it again, or run again",
                reader->path, (gint64)bytes, (gint64)want);
    return false;
}

static bool check_length(struct db_reader *reader, GError **error)
{
    bool ok = sqlite3_exec(reader->db, "BEGIN; SELECT id FROM run", NULL, NULL, NULL) == SQLITE_OK;

    if (ok)
        ok = check_length_locked(reader, error);
    else
        db_error_sqlite(error, DB_ERROR_FORMAT, reader->db, reader->path, "cannot be read");
    sqlite3_exec(reader->db, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

static bool reader_connect(struct db_reader *reader, GError **error)
{
    char *name = db_file_name(reader->path);
    bool ok;

    recover(name);
    ok = sqlite3_open_v2(name, &reader->db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
         sqlite3_busy_timeout(reader->db, 10000) == SQLITE_OK &&
         sqlite3_exec(reader->db, "PRAGMA trusted_schema=OFF", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok)
        db_error_sqlite(error, DB_ERROR_FORMAT, reader->db, reader->path, "cannot be read");
    g_free(name);
    return ok && check_length(reader, error);
}

struct db_reader *db_reader_open(const char *path, GError **error)
{
    struct db_reader *reader;

    if (!db_file_check(path, error))
        return NULL;
    reader = g_new0(struct db_reader, 1);
    reader->path = g_strdup(path);
    if (!reader_connect(reader, error)) {
        db_reader_close(reader);
        return NULL;
    }
    return reader;
}

static void statements_finalize(struct db_reader *reader)
{
    sqlite3_finalize(reader->events);
    reader->events = NULL;
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        sqlite3_finalize(reader->kinds[kind]);
        reader->kinds[kind] = NULL;
    }
}

void db_reader_close(struct db_reader *reader)
{
    if (reader == NULL)
        return;
    statements_finalize(reader);
    sqlite3_close(reader->db);
    g_free(reader->path);
    g_free(reader);
}

sqlite3 *db_reader_handle(struct db_reader *reader)
{
    return reader->db;
}

const char *db_reader_path(const struct db_reader *reader)
{
    return reader->path;
}

static char *column_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

static bool inputs_read(struct db_reader *reader, struct db_run_info *info, GError **error)
{
    GArray *inputs;
    sqlite3_stmt *statement;
    int rc;

    if (!statement_prepare(reader, "SELECT role, path, sha256, bytes FROM run_input ORDER BY id",
                           &statement, error))
        return false;
    inputs = g_array_new(FALSE, TRUE, sizeof(struct db_run_input));
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct db_run_input input = {
            .role = column_text(statement, 0),
            .path = column_text(statement, 1),
            .sha256 = column_text(statement, 2),
            .bytes = (uint64_t)sqlite3_column_int64(statement, 3),
        };

        g_array_append_val(inputs, input);
    }
    if (rc != SQLITE_DONE)
        db_error_sqlite(error, DB_ERROR_FORMAT, reader->db, reader->path, "cannot be read");
    sqlite3_finalize(statement);
    info->inputs_count = inputs->len;
    info->inputs = (struct db_run_input *)(void *)g_array_free(inputs, FALSE);
    return rc == SQLITE_DONE;
}

bool db_reader_run(struct db_reader *reader, struct db_run_info *info, GError **error)
{
    sqlite3_stmt *statement;
    bool found;

    memset(info, 0, sizeof(*info));
    if (!statement_prepare(reader,
                           "SELECT title, version, options, token, exit_reason, stream_hash, seed, "
                           "(SELECT coalesce(max(seq), 0) FROM event), exit_code, finished "
                           "FROM run",
                           &statement, error))
        return false;
    found = sqlite3_step(statement) == SQLITE_ROW;
    if (found) {
        info->title = column_text(statement, 0);
        info->version = column_text(statement, 1);
        info->options = column_text(statement, 2);
        info->token = column_text(statement, 3);
        info->exit_reason = column_text(statement, 4);
        info->stream_hash = column_text(statement, 5);
        info->seed = (uint64_t)sqlite3_column_int64(statement, 6);
        info->events_count = (uint64_t)sqlite3_column_int64(statement, 7);
        info->exit_code = sqlite3_column_int(statement, 8);
        info->finished = sqlite3_column_int(statement, 9) != 0;
    } else {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT, "%s: damaged: no description of the run",
                    reader->path);
    }
    sqlite3_finalize(statement);
    if (found && inputs_read(reader, info, error))
        return true;
    db_run_info_clear(info);
    return false;
}

void db_run_info_clear(struct db_run_info *info)
{
    for (size_t i = 0; i < info->inputs_count; i++) {
        g_free(info->inputs[i].role);
        g_free(info->inputs[i].path);
        g_free(info->inputs[i].sha256);
    }
    g_free(info->inputs);
    g_free(info->title);
    g_free(info->version);
    g_free(info->options);
    g_free(info->token);
    g_free(info->exit_reason);
    g_free(info->stream_hash);
    memset(info, 0, sizeof(*info));
}

/* "SELECT seq, a, b FROM table WHERE seq >= ? ORDER BY seq" */
static bool table_open(struct db_reader *reader, const struct db_table *table, sqlite3_stmt **out,
                       GError **error)
{
    GString *sql = g_string_new("SELECT seq");
    bool ok;

    for (unsigned i = 0; i < table->columns_count; i++)
        g_string_append_printf(sql, ", %s", table->columns[i].name);
    g_string_append_printf(sql, " FROM %s WHERE seq >= ? ORDER BY seq", table->name);
    ok = statement_prepare(reader, sql->str, out, error);
    if (ok)
        sqlite3_bind_int64(*out, 1, (sqlite3_int64)reader->seek_seq);
    g_string_free(sql, TRUE);
    return ok;
}

/* The inverse of db/batch.c field_result(). */
static void field_fill(struct event *event, const struct db_column *column, sqlite3_stmt *statement,
                       int index)
{
    uint8_t *field = (uint8_t *)event + column->offset;
    uint64_t value;
    const void *bytes;
    size_t length;

    switch ((enum db_column_type)column->type) {
    case DB_U8:
    case DB_U16:
    case DB_U32:
    case DB_U64:
    case DB_U64_OR_NULL:
        value = (uint64_t)sqlite3_column_int64(statement, index);
        memcpy(field, &value, column->bytes); /* little-endian (trace/trace.c) */
        return;
    case DB_U8_OR_NULL:
    case DB_U16_OR_NULL:
        value = UINT64_MAX;
        if (sqlite3_column_type(statement, index) != SQLITE_NULL)
            value = (uint64_t)sqlite3_column_int64(statement, index);
        memcpy(field, &value, column->bytes);
        return;
    case DB_BLOB:
    case DB_TEXT:
    case DB_CONSOLE:
        bytes = sqlite3_column_blob(statement, index);
        length = (size_t)sqlite3_column_bytes(statement, index);
        if (length > 0)
            memcpy(field, bytes, MIN(length, column->bytes));
        return;
    case DB_RULE_KIND:
        return; /* derived events are not read back */
    }
}

static void row_fill(struct event *event, const struct db_table *table, sqlite3_stmt *statement)
{
    for (int i = 0; i < table->columns_count; i++)
        field_fill(event, &table->columns[i], statement, i + 1);
}

bool db_reader_seek(struct db_reader *reader, uint64_t seq, GError **error)
{
    statements_finalize(reader);
    reader->seek_seq = seq;
    return table_open(reader, &db_event_table, &reader->events, error);
}

static enum db_next next_error(struct db_reader *reader, uint64_t seq, GError **error)
{
    if (error != NULL && *error != NULL)
        return DB_NEXT_ERROR;
    g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                "%s: damaged after event %" G_GUINT64_FORMAT ": %s; run again to get a new one",
                reader->path, seq, sqlite3_errmsg(reader->db));
    return DB_NEXT_ERROR;
}

enum db_next db_reader_next(struct db_reader *reader, struct event *event, GError **error)
{
    const struct db_table *table;
    sqlite3_stmt **rows;
    uint64_t last = reader->seek_seq;
    int rc;

    if (reader->events == NULL && !db_reader_seek(reader, reader->seek_seq, error))
        return DB_NEXT_ERROR;
    memset(event, 0, sizeof(*event));
    rc = sqlite3_step(reader->events);
    if (rc == SQLITE_DONE)
        return DB_NEXT_END;
    if (rc != SQLITE_ROW)
        return next_error(reader, last, error);
    event->seq = (uint64_t)sqlite3_column_int64(reader->events, 0);
    row_fill(event, &db_event_table, reader->events);
    table = db_table_of(event->kind);
    if (table == NULL || event->kind == EVENT_RULE || event->kind == EVENT_VERDICT) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                    "%s: damaged: event %" G_GUINT64_FORMAT " has kind %u, which there is not",
                    reader->path, event->seq, event->kind);
        return DB_NEXT_ERROR;
    }
    rows = &reader->kinds[event->kind];
    if (*rows == NULL) {
        uint64_t seek_seq = reader->seek_seq;
        bool ok;

        reader->seek_seq = event->seq; /* the first of its kind: nothing before it */
        ok = table_open(reader, table, rows, error);
        reader->seek_seq = seek_seq;
        if (!ok)
            return DB_NEXT_ERROR;
    }
    rc = sqlite3_step(*rows);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return next_error(reader, event->seq, error);
    if (rc == SQLITE_DONE || (uint64_t)sqlite3_column_int64(*rows, 0) != event->seq) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                    "%s: damaged: event %" G_GUINT64_FORMAT " is not in table %s", reader->path,
                    event->seq, table->name);
        return DB_NEXT_ERROR;
    }
    row_fill(event, table, *rows);
    return DB_NEXT_EVENT;
}

char *db_reader_symbol(struct db_reader *reader, uint64_t seq)
{
    sqlite3_stmt *statement;
    char *text = NULL;

    if (sqlite3_prepare_v2(reader->db,
                           "SELECT CASE WHEN source IS NULL THEN symbol "
                           "ELSE printf('%s (%s)', symbol, source) END "
                           "FROM event_named WHERE seq = ?",
                           -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = column_text(statement, 0);
    sqlite3_finalize(statement);
    return text;
}
