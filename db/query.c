/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/query.h"

#include <errno.h>
#include <string.h>

#include "db/internal.h"
#include "db/output.h"

enum { PROGRESS_STEPS = 1000 };

struct watch {
    const struct db_query_options *options;
    gint64 deadline_us; /* 0: none */
    bool late, interrupted;
    bool refused; /* the authorizer said no */
};

const struct db_query_info *db_query_list(size_t *count)
{
    *count = db_queries_count;
    return db_queries;
}

const struct db_query_info *db_query_find(const char *name)
{
    for (size_t i = 0; i < db_queries_count; i++)
        if (strcmp(db_queries[i].name, name) == 0)
            return &db_queries[i];
    return NULL;
}

/* Non-zero stops the statement. */
static int progress(void *user)
{
    struct watch *watch = user;

    watch->interrupted =
        watch->options->interrupted != NULL && atomic_load(watch->options->interrupted);
    watch->late = watch->deadline_us != 0 && g_get_monotonic_time() > watch->deadline_us;
    return watch->interrupted || watch->late;
}

static bool pragma_reads_only(const char *name)
{
    static const char *const allowed[] = {
        "table_info",       "table_xinfo",       "table_list",  "index_list", "index_info",
        "foreign_key_list", "foreign_key_check", "quick_check", "integrity_check",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
        if (g_ascii_strcasecmp(name, allowed[i]) == 0)
            return true;
    return false;
}

/* What a question may do. Everything else is refused before it runs. */
static int authorize(void *user, int action, const char *first, const char *second,
                     const char *schema, const char *trigger)
{
    struct watch *watch = user;
    bool allowed;

    (void)schema, (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        allowed = true;
        break;
    case SQLITE_UPDATE: /* how SQLite introduces a table-valued function; UPDATE itself fails */
        allowed = strcmp(first, "sqlite_master") == 0;
        break;
    case SQLITE_FUNCTION:
        allowed = second == NULL || g_ascii_strcasecmp(second, "load_extension") != 0;
        break;
    case SQLITE_PRAGMA:
        allowed = pragma_reads_only(first) ||
                  (second == NULL && (g_ascii_strcasecmp(first, "user_version") == 0 ||
                                      g_ascii_strcasecmp(first, "application_id") == 0));
        break;
    default:
        allowed = false;
    }
    if (!allowed)
        watch->refused = true;
    return allowed ? SQLITE_OK : SQLITE_DENY;
}

static bool refusal_report(GError **error)
{
    g_set_error(error, DB_ERROR, DB_ERROR_FORBIDDEN,
                "refused: a query may only read (SELECT, WITH, EXPLAIN, PRAGMA table_info)");
    return false;
}

/* Exactly one statement; what follows it may only be space and comments. */
static bool statement_prepare(struct db_reader *reader, const char *sql, const struct watch *watch,
                              sqlite3_stmt **out, GError **error)
{
    sqlite3 *db = db_reader_handle(reader);
    sqlite3_stmt *more = NULL;
    const char *tail;

    if (sqlite3_prepare_v2(db, sql, -1, out, &tail) != SQLITE_OK) {
        if (watch->refused)
            return refusal_report(error);
        g_set_error(error, DB_ERROR, DB_ERROR_SQL,
                    "SQL: %s; neither a named query (prova list) nor a valid statement",
                    sqlite3_errmsg(db));
        return false;
    }
    if (*out == NULL) {
        g_set_error(error, DB_ERROR, DB_ERROR_SQL, "SQL: there is no statement");
        return false;
    }
    if (sqlite3_prepare_v2(db, tail, -1, &more, NULL) == SQLITE_OK && more == NULL)
        return true;
    sqlite3_finalize(more);
    g_set_error(error, DB_ERROR, DB_ERROR_SQL, "SQL: one statement at a time");
    return false;
}

/* False: it is no number, and was bound as text. */
static bool param_bind(sqlite3_stmt *statement, int index, const char *text)
{
    bool hex = g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X");
    guint64 number = 0;
    gint64 negative = 0;

    if (hex && g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, &number, NULL))
        sqlite3_bind_int64(statement, index, (sqlite3_int64)number);
    else if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &number, NULL))
        sqlite3_bind_int64(statement, index, (sqlite3_int64)number);
    else if (g_ascii_string_to_signed(text, 10, G_MININT64, 0, &negative, NULL))
        sqlite3_bind_int64(statement, index, negative);
    else {
        sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
        return false;
    }
    return true;
}

/* One parameter of the command line; every parameter of a named query is a number. */
static bool param_take(sqlite3_stmt *statement, const struct db_param *param, bool numbers,
                       bool *bound, GError **error)
{
    char *name = g_strconcat(":", param->name, NULL);
    int index = sqlite3_bind_parameter_index(statement, name);
    bool ok = false;

    if (index == 0)
        g_set_error(error, DB_ERROR, DB_ERROR_PARAMETER, "the query has no parameter %s", name);
    else if (bound[index])
        g_set_error(error, DB_ERROR, DB_ERROR_PARAMETER, "parameter %s is given twice", name);
    else if (!param_bind(statement, index, param->value) && numbers)
        g_set_error(error, DB_ERROR, DB_ERROR_PARAMETER,
                    "%s=%s: it must be a number of 64 bits, such as 4096 or 0x1000", param->name,
                    param->value);
    else
        ok = bound[index] = true;
    g_free(name);
    return ok;
}

static bool params_bind(sqlite3_stmt *statement, const struct db_query_options *options,
                        bool numbers, GError **error)
{
    int wanted = sqlite3_bind_parameter_count(statement);
    bool *bound = g_new0(bool, wanted + 1);
    bool ok = true;

    for (size_t i = 0; i < options->params_count && ok; i++)
        ok = param_take(statement, &options->params[i], numbers, bound, error);
    for (int i = 1; i <= wanted && ok; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);

        ok = bound[i];
        if (!ok)
            g_set_error(error, DB_ERROR, DB_ERROR_PARAMETER,
                        "parameter %s has no value; give it as %s=VALUE", name != NULL ? name : "?",
                        name != NULL ? name + 1 : "NAME");
    }
    g_free(bound);
    return ok;
}

static bool run_failed(struct db_reader *reader, const struct watch *watch, GError **error)
{
    if (watch->refused) /* VACUUM attaches a file only when it runs */
        return refusal_report(error);
    if (watch->interrupted)
        g_set_error(error, DB_ERROR, DB_ERROR_INTERRUPTED, "the query was interrupted");
    else if (watch->late)
        g_set_error(error, DB_ERROR, DB_ERROR_LIMIT,
                    "the query took longer than its limit of %" G_GUINT64_FORMAT " ms",
                    watch->options->limit_ms);
    else
        g_set_error(error, DB_ERROR, DB_ERROR_SQL, "%s: SQL: %s", db_reader_path(reader),
                    sqlite3_errmsg(db_reader_handle(reader)));
    return false;
}

static bool rows_print(struct db_reader *reader, sqlite3_stmt *statement, struct watch *watch,
                       FILE *out, uint64_t *rows, GError **error)
{
    const struct db_query_options *options = watch->options;
    struct db_output *output = db_output_new(options->format, statement, out);
    bool over = false;
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        over = options->limit_rows != 0 && *rows == options->limit_rows;
        if (over)
            break;
        db_output_row(output);
        ++*rows;
    }
    db_output_finish(output);
    if (over) {
        g_set_error(error, DB_ERROR, DB_ERROR_LIMIT,
                    "more than %" G_GUINT64_FORMAT " rows; the rest was left out",
                    options->limit_rows);
        return false;
    }
    if (rc != SQLITE_DONE)
        return run_failed(reader, watch, error);
    if (fflush(out) != 0 || ferror(out)) {
        g_set_error(error, DB_ERROR, DB_ERROR_WRITE, "cannot write the result: %s",
                    g_strerror(errno));
        return false;
    }
    return true;
}

bool db_query_run(struct db_reader *reader, const char *name_or_sql,
                  const struct db_query_options *options, FILE *out, uint64_t *rows,
                  GError **error)
{
    const struct db_query_info *named = db_query_find(name_or_sql);
    sqlite3 *db = db_reader_handle(reader);
    struct watch watch = {.options = options};
    sqlite3_stmt *statement = NULL;
    bool ok;
    uint64_t count = 0;

    if (options->limit_ms != 0)
        watch.deadline_us = g_get_monotonic_time() + (gint64)options->limit_ms * 1000;
    sqlite3_set_authorizer(db, authorize, &watch);
    sqlite3_progress_handler(db, PROGRESS_STEPS, progress, &watch);
    ok = statement_prepare(reader, named != NULL ? named->sql : name_or_sql, &watch, &statement,
                           error) &&
         params_bind(statement, options, named != NULL, error) &&
         rows_print(reader, statement, &watch, out, &count, error);
    sqlite3_finalize(statement);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    sqlite3_set_authorizer(db, NULL, NULL);
    if (rows != NULL)
        *rows = count;
    return ok;
}
