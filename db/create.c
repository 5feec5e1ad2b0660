/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new database is made under another name, complete with schema and description, and then
 * renamed: at path there is either what was there before or a usable Prova database, never half of
 * one.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/internal.h"

enum { HEADER_BYTES = 100, OFFSET_USER_VERSION = 60, OFFSET_APPLICATION_ID = 68 };

static uint32_t be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool db_file_check(const char *path, GError **error)
{
    uint8_t header[HEADER_BYTES];
    struct stat status;
    FILE *file;
    size_t got;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT, "%s: not a regular file", path);
        return false;
    }
    file = fopen(path, "rb");
    if (file == NULL) {
        g_set_error(error, DB_ERROR, DB_ERROR_OPEN, "%s: %s", path, g_strerror(errno));
        return false;
    }
    got = fread(header, 1, sizeof(header), file);
    fclose(file);
    if (got < sizeof(header) || memcmp(header, "SQLite format 3", 16) != 0) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                    "%s: not a SQLite database%s; expected the output of prova run --trace", path,
                    got < sizeof(header) ? " (the file is too short)" : "");
        return false;
    }
    if (be32(header + OFFSET_APPLICATION_ID) != DB_APPLICATION_ID) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                    "%s: a SQLite database, but not one of Prova; expected the output of prova run "
                    "--trace",
                    path);
        return false;
    }
    if (be32(header + OFFSET_USER_VERSION) != DB_SCHEMA_VERSION) {
        g_set_error(error, DB_ERROR, DB_ERROR_FORMAT,
                    "%s: schema version %u, this prova reads version %d; use the prova that wrote "
                    "it, or run again",
                    path, be32(header + OFFSET_USER_VERSION), DB_SCHEMA_VERSION);
        return false;
    }
    return true;
}

/* What is at path may go: nothing, an empty file, or a Prova database of any version. */
static bool may_replace(const char *path, GError **error)
{
    struct stat status;
    GError *found = NULL;

    if (lstat(path, &status) != 0) {
        if (errno == ENOENT)
            return true;
        g_set_error(error, DB_ERROR, DB_ERROR_OPEN, "%s: %s", path, g_strerror(errno));
        return false;
    }
    if (S_ISREG(status.st_mode) && status.st_size == 0)
        return true;
    if (S_ISREG(status.st_mode) &&
        (db_file_check(path, &found) || strstr(found->message, ": schema version ") != NULL)) {
        g_clear_error(&found);
        return true;
    }
    g_set_error(error, DB_ERROR, DB_ERROR_OPEN,
                "%s: exists and is not a Prova database; it was left alone, choose another name",
                path);
    g_clear_error(&found);
    return false;
}

/*
 * An older database may have the journal of a killed run beside it, which SQLite would apply to
 * whatever has that name next. Opening rolls it back and removes it.
 */
static bool settle_journal(const char *path, GError **error)
{
    char *name;
    struct stat status;
    sqlite3 *db = NULL;
    bool ok;

    if (stat(path, &status) != 0 || status.st_size == 0)
        return true;
    name = db_file_name(path);
    ok = sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
         sqlite3_exec(db, "BEGIN EXCLUSIVE; ROLLBACK", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok)
        db_error_sqlite(error, DB_ERROR_OPEN, db, path, "cannot replace the older run");
    sqlite3_close(db);
    g_free(name);
    return ok;
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC); /* NULL stays NULL */
}

/* Steps a statement that returns nothing, and finalises it. */
static bool finish(sqlite3_stmt *statement)
{
    bool ok = sqlite3_step(statement) == SQLITE_DONE;

    sqlite3_finalize(statement);
    return ok;
}

static bool insert_run(sqlite3 *db, const struct db_run *run)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(db,
                           "INSERT INTO run (id, title, version, options, token, seed) "
                           "VALUES (1, ?, ?, ?, ?, ?)",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    bind_text(statement, 1, run->title);
    bind_text(statement, 2, run->version);
    bind_text(statement, 3, run->options);
    bind_text(statement, 4, run->token);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)run->seed);
    return finish(statement);
}

static bool insert_input(sqlite3 *db, const struct db_input *input)
{
    sqlite3_stmt *statement;
    char hex[65];

    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", input->sha256[i]);
    if (sqlite3_prepare_v2(db,
                           "INSERT INTO run_input (role, path, bytes, sha256) VALUES (?, ?, ?, ?)",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    bind_text(statement, 1, input->role);
    bind_text(statement, 2, input->path);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)input->bytes);
    bind_text(statement, 4, hex);
    return finish(statement);
}

static bool insert_secret(sqlite3 *db, size_t id, const struct db_secret *secret)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(db, "INSERT INTO run_secret (id, name, readers) VALUES (?, ?, ?)", -1,
                           &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)id);
    bind_text(statement, 2, secret->name);
    sqlite3_bind_int64(statement, 3, secret->readers);
    return finish(statement);
}

static bool fill(sqlite3 *db, const struct db_run *run)
{
    char pragmas[160];

    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA application_id=%d; "
             "PRAGMA user_version=%d; BEGIN",
             DB_APPLICATION_ID, DB_SCHEMA_VERSION);
    if (sqlite3_exec(db, pragmas, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, db_schema_sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, db_views_sql, NULL, NULL, NULL) != SQLITE_OK || !insert_run(db, run))
        return false;
    for (size_t i = 0; i < run->inputs_count; i++)
        if (!insert_input(db, &run->inputs[i]))
            return false;
    for (size_t i = 0; i < run->secrets_count; i++)
        if (!insert_secret(db, i, &run->secrets[i]))
            return false;
    return sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

/* The file under its temporary name; on error nothing is left of it. */
static bool make(const char *temporary, const char *path, const struct db_run *run, GError **error)
{
    sqlite3 *db = NULL;
    char *name;
    bool ok;
    int fd;

    g_unlink(temporary); /* of a process that had this number and was killed here */
    fd = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) {
        g_set_error(error, DB_ERROR, DB_ERROR_OPEN, "%s: cannot be created: %s", path,
                    g_strerror(errno));
        return false;
    }
    close(fd);
    name = db_file_name(temporary);
    ok = sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK && fill(db, run);
    if (!ok)
        db_error_sqlite(error, DB_ERROR_OPEN, db, path, "cannot be created");
    sqlite3_close(db);
    g_free(name);
    if (!ok)
        g_unlink(temporary);
    return ok;
}

bool db_file_create(const char *path, const struct db_run *run, GError **error)
{
    char *temporary;
    bool ok = false;

    if (!may_replace(path, error) || !settle_journal(path, error))
        return false;
    temporary = g_strdup_printf("%s.%ld.new", path, (long)getpid());
    if (make(temporary, path, run, error)) {
        ok = rename(temporary, path) == 0;
        if (!ok) {
            g_set_error(error, DB_ERROR, DB_ERROR_OPEN, "%s: cannot be created: %s", path,
                        g_strerror(errno));
            g_unlink(temporary);
        }
    }
    g_free(temporary);
    return ok;
}
