/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions: formats to the byte, what is refused, limits, every named query, and the checks. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "db/check.h"
#include "db/error.h"
#include "db/query.h"
#include "db/writer.h"
#include "rmp/rmp.h"
#include "tests/unit/stream_build.h"

struct fixture {
    char *directory, *path;
    struct db_reader *reader;
};

static bool symbolize(void *user, uint64_t rip, uint8_t vmpl, struct db_symbol *out)
{
    (void)user, (void)vmpl;
    g_snprintf(out->name, sizeof(out->name), "grant_page");
    g_snprintf(out->file, sizeof(out->file), "monitor/psc.c");
    out->line = (uint32_t)rip & 0xff;
    out->low = rip;
    out->high = rip + 1;
    return true;
}

/* Page 1 goes from the monitor's GPA 0x7000 to the guest's 0x64000 with its content. */
static struct stream *attack(void)
{
    struct stream *s = stream_new();
    struct event *event;

    s_page(s, 1, 7);
    s_store(s, 1);
    s_assign(s, 1, 100, PAGE_4K);
    s_validate(s, 1, true);
    s_adjust(s, 1, 3, 0xf, false);
    g_array_index(s->events, struct event, s->events->len - 1).rip = UINT64_C(0xffffffff80000010);
    event = stream_add(s, EVENT_CONSOLE, ACTOR_HV);
    event->console.port = 0x3f8;
    event->console.length = 13;
    memcpy(event->console.text, "hi, \"you\"\n\x01\xc3\xa9", 13);
    event = stream_add(s, EVENT_VMGEXIT, ACTOR_E0);
    event->vmgexit.protocol = VMGEXIT_MSR;
    event->vmgexit.code = 0x14;
    return s;
}

static void set_up(struct fixture *f, gconstpointer data)
{
    static const struct db_run run = {.title = "t"};
    static const struct db_writer_options options = {.symbolize = symbolize};
    static const struct db_run_end end = {.stream_hash = "0123456789abcdef0123456789abcdef"};
    GError *error = NULL;
    struct db_writer *writer;
    struct stream *s = attack();

    (void)data;
    f->directory = g_dir_make_tmp("prova-db-XXXXXX", NULL);
    f->path = g_build_filename(f->directory, "run.db", NULL);
    writer = db_writer_open(f->path, &run, &options, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < s->events->len; i++)
        db_writer_observe(writer, &g_array_index(s->events, struct event, i));
    g_assert_true(db_writer_close(writer, &end, &error));
    f->reader = db_reader_open(f->path, &error);
    g_assert_no_error(error);
    stream_free(s);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    db_reader_close(f->reader);
    g_unlink(f->path);
    g_assert_cmpint(g_rmdir(f->directory), ==, 0); /* nothing was left beside it */
    g_free(f->directory);
    g_free(f->path);
}

static char *ask_full(struct fixture *f, const char *sql, const struct db_query_options *options,
                      uint64_t *rows, GError **error)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    db_query_run(f->reader, sql, options, out, rows, error);
    fclose(out);
    return text;
}

static void assert_answer(struct fixture *f, enum db_format format, const char *sql,
                          const char *want)
{
    struct db_query_options options = {.format = format};
    GError *error = NULL;
    char *got = ask_full(f, sql, &options, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, want);
    free(got);
}

static void test_formats(struct fixture *f, gconstpointer data)
{
    static const char sql[] = "SELECT 1 AS n, 'a,\"b' AS \"the text\", NULL AS x, x'00ff' AS b "
                              "UNION ALL SELECT 1234, 'two' || char(10) || 'lines', 2.5, 'é'";

    (void)data;
    assert_answer(f, DB_FORMAT_TABLE, sql,
                  "   n  the text      x  b\n"
                  "   1  a,\"b             00ff\n"
                  "1234  two\\nlines  2.5  é\n");
    assert_answer(f, DB_FORMAT_CSV, sql,
                  "n,the text,x,b\n"
                  "1,\"a,\"\"b\",,00ff\n"
                  "1234,\"two\nlines\",2.5,é\n");
    assert_answer(f, DB_FORMAT_JSON, sql,
                  "[\n"
                  "  {\"n\": 1, \"the text\": \"a,\\\"b\", \"x\": null, \"b\": \"00ff\"},\n"
                  "  {\"n\": 1234, \"the text\": \"two\\u000alines\", \"x\": 2.5, \"b\": \"é\"}\n"
                  "]\n");
    assert_answer(f, DB_FORMAT_JSON, "SELECT 1 WHERE 0", "[]\n");
    assert_answer(f, DB_FORMAT_CSV, "SELECT 1 AS a WHERE 0 -- nothing", "a\n");
    assert_answer(f, DB_FORMAT_JSON, "SELECT 9e999 AS inf, CAST(x'ff41' AS TEXT) AS bad",
                  "[\n  {\"inf\": null, \"bad\": \"\xef\xbf\xbd" "A\"}\n]\n");
    assert_answer(f, DB_FORMAT_CSV, "SELECT text FROM console_text",
                  "text\n\"hi, \"\"you\"\"\n\x01é\"\n");
    assert_answer(f, DB_FORMAT_TABLE, "SELECT text FROM console_text",
                  "text\nhi, \"you\"\\n\\x01é\n");
}

static void assert_refused(struct fixture *f, const char *sql, enum db_error code)
{
    struct db_query_options options = {0};
    GError *error = NULL;
    char *text = ask_full(f, sql, &options, NULL, &error);

    g_test_message("%s", sql);
    g_assert_error(error, DB_ERROR, (gint)code);
    g_clear_error(&error);
    free(text);
}

static void test_refused(struct fixture *f, gconstpointer data)
{
    static const char *const forbidden[] = {
        "DELETE FROM event",
        "INSERT INTO run_secret VALUES (1, 'x', 0)",
        "UPDATE run SET title = 'x'",
        "DROP TABLE event",
        "CREATE TABLE t(a)",
        "CREATE TEMP TABLE t(a)",
        "CREATE VIEW v AS SELECT 1",
        "ATTACH ':memory:' AS other",
        "VACUUM INTO '/tmp/prova-should-not-exist'",
        "PRAGMA user_version = 4",
        "PRAGMA writable_schema = 1",
        "PRAGMA journal_mode = WAL",
        "SELECT load_extension('x')",
        "BEGIN",
        "REINDEX",
        "WITH a AS (SELECT 1) DELETE FROM event",
    };

    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++)
        assert_refused(f, forbidden[i], DB_ERROR_FORBIDDEN);
    assert_refused(f, "UPDATE sqlite_master SET sql = ''", DB_ERROR_SQL);
    assert_refused(f, "SELECT * FROM pragma_journal_mode", DB_ERROR_FORBIDDEN);
    assert_answer(f, DB_FORMAT_CSV, "SELECT count(*) AS n FROM pragma_foreign_key_check", "n\n0\n");
    assert_answer(f, DB_FORMAT_CSV, "SELECT value FROM json_each('[7]')", "value\n7\n");
    assert_refused(f, "SELEC 1", DB_ERROR_SQL);
    assert_refused(f, "no-such-query", DB_ERROR_SQL);
    assert_refused(f, "", DB_ERROR_SQL);
    assert_refused(f, "  -- nothing", DB_ERROR_SQL);
    assert_refused(f, "SELECT 1; SELECT 2", DB_ERROR_SQL);
    assert_refused(f, "SELECT 1; DELETE FROM event", DB_ERROR_SQL);
    assert_refused(f, "SELECT nothing FROM event", DB_ERROR_SQL);
    assert_answer(f, DB_FORMAT_CSV, "PRAGMA user_version", "user_version\n3\n");
    assert_answer(f, DB_FORMAT_CSV, "SELECT title FROM run", "title\nt\n");
}

static void test_limits(struct fixture *f, gconstpointer data)
{
    static const char endless[] =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    atomic_bool interrupted = true;
    struct db_query_options rows = {.format = DB_FORMAT_CSV, .limit_rows = 2};
    struct db_query_options late = {.limit_ms = 50};
    struct db_query_options stop = {.interrupted = &interrupted};
    GError *error = NULL;
    uint64_t count;
    char *text;

    (void)data;
    text = ask_full(f, "SELECT seq FROM event ORDER BY seq", &rows, &count, &error);
    g_assert_error(error, DB_ERROR, DB_ERROR_LIMIT);
    g_assert_cmpstr(text, ==, "seq\n1\n2\n");
    g_assert_cmpuint(count, ==, 2);
    g_clear_error(&error);
    free(text);
    text = ask_full(f, "SELECT seq FROM event WHERE seq <= 2 ORDER BY seq", &rows, &count, &error);
    g_assert_no_error(error); /* exactly as many as allowed */
    free(text);
    text = ask_full(f, endless, &late, NULL, &error);
    g_assert_error(error, DB_ERROR, DB_ERROR_LIMIT);
    g_clear_error(&error);
    free(text);
    text = ask_full(f, endless, &stop, NULL, &error);
    g_assert_error(error, DB_ERROR, DB_ERROR_INTERRUPTED);
    g_clear_error(&error);
    free(text);
    assert_answer(f, DB_FORMAT_CSV, "SELECT 1 AS a", "a\n1\n"); /* the next one runs */
}

static void test_parameters(struct fixture *f, gconstpointer data)
{
    struct db_param params[2] = {{"gpa", "0x64fff"}, {"extra", "1"}};
    struct db_query_options options = {.format = DB_FORMAT_CSV, .params = params,
                                       .params_count = 1};
    GError *error = NULL;
    uint64_t count;
    char *text;

    (void)data;
    text = ask_full(f, "who-changed-page", &options, &count, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(count, ==, 3);
    g_assert_nonnull(strstr(text, ",RMPUPDATE,ok,4K asid 5 gpa 0x7000 valid 31/0/0/0,"
                                  "4K asid 5 gpa 0x64000 31/0/0/0,"));
    g_assert_nonnull(strstr(text, ",RMPADJUST,"));
    g_assert_nonnull(strstr(text, ",grant_page,monitor/psc.c:16\n"));
    free(text);
    options.params_count = 2;
    text = ask_full(f, "who-changed-page", &options, NULL, &error);
    g_assert_error(error, DB_ERROR, DB_ERROR_PARAMETER);
    g_clear_error(&error);
    free(text);
    options.params_count = 0;
    text = ask_full(f, "who-changed-page", &options, NULL, &error);
    g_assert_error(error, DB_ERROR, DB_ERROR_PARAMETER);
    g_assert_nonnull(strstr(error->message, ":gpa"));
    g_clear_error(&error);
    free(text);
    params[0] = (struct db_param){"x", "0xffffffffffffffff"};
    params[1] = (struct db_param){"y", "-5"};
    options.params_count = 2;
    text = ask_full(f, "SELECT :x AS x, :y AS y, typeof(:y) AS t", &options, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, "x,y,t\n-1,-5,integer\n");
    free(text);
}

/* All of them run, on a parameter each where they want one. */
static void test_named(struct fixture *f, gconstpointer data)
{
    size_t count;
    const struct db_query_info *list = db_query_list(&count);
    unsigned rows_total = 0;

    (void)data;
    g_assert_cmpuint(count, >=, 10);
    for (size_t i = 0; i < count; i++) {
        struct db_param params[1];
        struct db_query_options options = {.params = params};
        GError *error = NULL;
        uint64_t rows;

        g_test_message("%s", list[i].name);
        g_assert_true(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
        if (strstr(list[i].sql, ":gpa") != NULL)
            params[options.params_count++] = (struct db_param){"gpa", "0x7000"};
        if (strstr(list[i].sql, ":spa") != NULL)
            params[options.params_count++] = (struct db_param){"spa", "0x1000"};
        if (strstr(list[i].sql, ":seq") != NULL)
            params[options.params_count++] = (struct db_param){"seq", "5"};
        free(ask_full(f, list[i].name, &options, &rows, &error));
        g_assert_no_error(error);
        rows_total += (unsigned)rows;
    }
    g_assert_cmpuint(rows_total, >, 15);
}

static void test_rmp_at(struct fixture *f, gconstpointer data)
{
    static const char state[] = "SELECT printf('%x', gpa) AS gpa, validated, perm3 FROM rmp_at "
                                "WHERE spa = 0x1000 AND seq <= :at AND until > :at";
    static const char *const want[][2] = {
        {"2", "gpa,validated,perm3\n7000,0,0\n"},  {"4", "gpa,validated,perm3\n7000,1,0\n"},
        {"5", "gpa,validated,perm3\n64000,0,0\n"}, {"6", "gpa,validated,perm3\n64000,1,0\n"},
        {"9", "gpa,validated,perm3\n64000,1,15\n"},
    };

    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        struct db_param params[1] = {{"at", want[i][0]}};
        struct db_query_options options = {.format = DB_FORMAT_CSV, .params = params,
                                           .params_count = 1};
        GError *error = NULL;
        char *got = ask_full(f, state, &options, NULL, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(got, ==, want[i][1]);
        free(got);
    }
}

static void test_check(struct fixture *f, gconstpointer data)
{
    struct db_check check;
    GError *error = NULL;
    char *text = NULL;
    size_t length, invariants_count;
    FILE *out;

    (void)data;
    db_invariant_list(&invariants_count);
    for (unsigned round = 0; round < 2; round++) { /* a second time on the same connection */
        g_assert_true(db_check_run(f->reader, NULL, NULL, &check, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(check.verdicts_count, ==, invariants_count);
        g_assert_cmpuint(check.violated_count, ==, 3);
        for (size_t i = 0; i < check.verdicts_count; i++) {
            const struct db_verdict *verdict = &check.verdicts[i];
            bool broken = strstr("vmpl0-confidentiality vmpl0-integrity grant-before-scrub",
                                 verdict->invariant->name) != NULL;

            g_assert_cmpint(verdict->holds, ==, !broken);
            g_assert_cmpuint(verdict->seq, ==, broken ? 7 : 0);
            g_assert_cmpuint(verdict->rows, ==, broken);
        }
        out = open_memstream(&text, &length);
        g_assert_true(db_check_print(f->reader, &check, DB_FORMAT_CSV, out, &error));
        fclose(out);
        g_assert_nonnull(strstr(text, "single-binding,invariant,holds,,0,,,,\n"));
        g_assert_nonnull(strstr(text, "vmpl0-integrity,invariant,violated,7,1,grant_page,"
                                      "monitor/psc.c:16,E0,0\n"));
        free(text);
        db_check_clear(&check);
    }
    g_assert_true(db_check_run(f->reader, "vmpl0-integrity", NULL, &check, &error));
    g_assert_cmpuint(check.verdicts_count, ==, 1);
    db_check_clear(&check);
    g_assert_false(db_check_run(f->reader, "no-such", NULL, &check, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_PARAMETER);
    g_clear_error(&error);
}

#define ADD(path, function) g_test_add(path, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/db/query/formats", test_formats);
    ADD("/db/query/refused", test_refused);
    ADD("/db/query/limits", test_limits);
    ADD("/db/query/parameters", test_parameters);
    ADD("/db/query/named", test_named);
    ADD("/db/query/rmp-at", test_rmp_at);
    ADD("/db/check", test_check);
    return g_test_run();
}
