/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/check.h"

#include <string.h>

#include "db/internal.h"
#include "db/output.h"

enum { PROGRESS_STEPS = 10000 };

const struct db_invariant *db_invariant_list(size_t *count)
{
    *count = db_invariants_count;
    return db_invariants;
}

const struct db_invariant *db_invariant_find(const char *name)
{
    for (size_t i = 0; i < db_invariants_count; i++)
        if (strcmp(db_invariants[i].name, name) == 0)
            return &db_invariants[i];
    return NULL;
}

/*
 * The views that several queries share, computed once and with indexes: a temporary table of a
 * view's name takes its place in the queries.
 */
static const char shared_create_sql[] =
    "CREATE TEMP TABLE page_change AS SELECT * FROM main.page_change;"
    "CREATE TEMP TABLE page_binding AS SELECT * FROM main.page_binding;"
    "CREATE INDEX temp.page_binding_place ON page_binding (place);"
    "CREATE INDEX temp.page_binding_spn ON page_binding (spn, seq);"
    "CREATE INDEX temp.page_binding_gpn ON page_binding (gpn, seq);"
    "CREATE TEMP TABLE page_content AS SELECT * FROM main.page_content"
    " WHERE (what = 'change' AND raised <> 0) OR what = 'alias';";
static const char shared_drop_sql[] = "DROP TABLE IF EXISTS temp.page_content;"
                                      "DROP TABLE IF EXISTS temp.page_binding;"
                                      "DROP TABLE IF EXISTS temp.page_change;";

int db_shared_create(sqlite3 *db)
{
    return sqlite3_exec(db, shared_create_sql, NULL, NULL, NULL);
}

void db_shared_drop(sqlite3 *db)
{
    sqlite3_exec(db, shared_drop_sql, NULL, NULL, NULL);
}

static int progress(void *user)
{
    const atomic_bool *interrupted = user;

    return interrupted != NULL && atomic_load(interrupted);
}

static bool check_failed(struct db_reader *reader, const char *what, GError **error)
{
    sqlite3 *db = db_reader_handle(reader);

    if (sqlite3_errcode(db) == SQLITE_INTERRUPT)
        g_set_error(error, DB_ERROR, DB_ERROR_INTERRUPTED, "the check was interrupted");
    else
        db_error_sqlite(error, DB_ERROR_FORMAT, db, db_reader_path(reader), what);
    return false;
}

static bool invariant_run(struct db_reader *reader, struct db_verdict *verdict, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int rc;

    if (sqlite3_prepare_v2(db_reader_handle(reader), verdict->invariant->sql, -1, &statement,
                           NULL) != SQLITE_OK)
        return check_failed(reader, verdict->invariant->name, error);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(statement, 0);

        if (verdict->rows++ == 0 || seq < verdict->seq)
            verdict->seq = seq;
    }
    verdict->holds = verdict->rows == 0;
    if (rc != SQLITE_DONE)
        check_failed(reader, verdict->invariant->name, error);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE;
}

static bool invariants_run(struct db_reader *reader, const char *name, struct db_check *check,
                           GError **error)
{
    for (size_t i = 0; i < db_invariants_count; i++) {
        struct db_verdict *verdict = &check->verdicts[check->verdicts_count];

        if (name != NULL && strcmp(name, db_invariants[i].name) != 0)
            continue;
        *verdict = (struct db_verdict){.invariant = &db_invariants[i]};
        if (!invariant_run(reader, verdict, error))
            return false;
        check->verdicts_count++;
        check->violated_count += !verdict->holds;
    }
    return true;
}

bool db_check_run(struct db_reader *reader, const char *name, const atomic_bool *interrupted,
                  struct db_check *check, GError **error)
{
    sqlite3 *db = db_reader_handle(reader);
    bool ok;

    memset(check, 0, sizeof(*check));
    if (name != NULL && db_invariant_find(name) == NULL) {
        g_set_error(error, DB_ERROR, DB_ERROR_PARAMETER,
                    "%s: no such invariant or rule; prova list shows them", name);
        return false;
    }
    check->verdicts = g_new0(struct db_verdict, db_invariants_count);
    sqlite3_progress_handler(db, PROGRESS_STEPS, progress, (void *)interrupted);
    ok = db_shared_create(db) == SQLITE_OK ||
         check_failed(reader, "cannot be checked", error);
    ok = ok && invariants_run(reader, name, check, error);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    db_shared_drop(db);
    if (!ok)
        db_check_clear(check);
    return ok;
}

void db_check_clear(struct db_check *check)
{
    g_free(check->verdicts);
    memset(check, 0, sizeof(*check));
}

static const char print_sql[] =
    "SELECT :name AS name, :kind AS kind, CASE WHEN :holds THEN 'holds' ELSE 'violated' END AS "
    "verdict, :seq AS seq, :rows AS events, symbol, source, actor, vcpu "
    "FROM (SELECT 1) LEFT JOIN event_named e ON e.seq = :seq";

/* Columns come from SQL, so that all formats go the one way of db/output.c. */
static void verdict_bind(sqlite3_stmt *statement, const struct db_verdict *verdict)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    sqlite3_bind_text(statement, sqlite3_bind_parameter_index(statement, ":name"),
                      verdict->invariant->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, sqlite3_bind_parameter_index(statement, ":kind"),
                      verdict->invariant->kind == RULE_INVARIANT ? "invariant" : "rule", -1,
                      SQLITE_STATIC);
    sqlite3_bind_int(statement, sqlite3_bind_parameter_index(statement, ":holds"), verdict->holds);
    if (!verdict->holds) /* else NULL */
        sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":seq"),
                           (sqlite3_int64)verdict->seq);
    sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":rows"),
                       (sqlite3_int64)verdict->rows);
}

bool db_check_print(struct db_reader *reader, const struct db_check *check, enum db_format format,
                    FILE *out, GError **error)
{
    sqlite3_stmt *statement = NULL;
    struct db_output *output;
    bool ok = true;

    if (sqlite3_prepare_v2(db_reader_handle(reader), print_sql, -1, &statement, NULL) != SQLITE_OK)
        return check_failed(reader, "cannot be read", error);
    output = db_output_new(format, statement, out);
    for (size_t i = 0; i < check->verdicts_count && ok; i++) {
        verdict_bind(statement, &check->verdicts[i]);
        ok = sqlite3_step(statement) == SQLITE_ROW;
        if (ok)
            db_output_row(output);
        else
            check_failed(reader, "cannot be read", error);
    }
    db_output_finish(output);
    sqlite3_finalize(statement);
    return ok;
}

bool db_check_rows(struct db_reader *reader, const struct db_invariant *invariant,
                   const struct db_query_options *options, FILE *out, GError **error)
{
    return db_query_run(reader, invariant->sql, options, out, NULL, error);
}
