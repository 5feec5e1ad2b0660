/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events go into the file and come back bit for bit; none is lost, whoever is slow or killed. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/error.h"
#include "db/reader.h"
#include "db/writer.h"
#include "tests/unit/event_random.h"
#include "trace/trace.h"

struct fixture {
    char *directory;
    char *path;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->directory = g_dir_make_tmp("prova-db-XXXXXX", NULL);
    g_assert_nonnull(f->directory);
    f->path = g_build_filename(f->directory, "run.db", NULL);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    GDir *directory = g_dir_open(f->directory, 0, NULL);
    const char *name;

    (void)data;
    while ((name = g_dir_read_name(directory)) != NULL) {
        char *path = g_build_filename(f->directory, name, NULL);

        g_unlink(path);
        g_free(path);
    }
    g_dir_close(directory);
    g_rmdir(f->directory);
    g_free(f->directory);
    g_free(f->path);
}

static const struct db_run plain_run = {.title = "test", .seed = 7};
static const struct db_run_end plain_end = {
    .exit_reason = "done", .stream_hash = "0123456789abcdef0123456789abcdef"};

static struct db_writer *writer_open(const struct fixture *f, const struct db_writer_options *o)
{
    GError *error = NULL;
    struct db_writer *writer = db_writer_open(f->path, &plain_run, o, &error);

    g_assert_no_error(error);
    g_assert_nonnull(writer);
    return writer;
}

static void writer_close(struct db_writer *writer)
{
    GError *error = NULL;

    db_writer_close(writer, &plain_end, &error);
    g_assert_no_error(error);
}

static struct db_reader *reader_open(const struct fixture *f)
{
    GError *error = NULL;
    struct db_reader *reader = db_reader_open(f->path, &error);

    g_assert_no_error(error);
    return reader;
}

static void event_assert_equal(const struct event *got, const struct event *want)
{
    if (memcmp(got, want, sizeof(*got)) == 0)
        return;
    for (size_t i = 0; i < sizeof(*got); i++)
        if (((const uint8_t *)got)[i] != ((const uint8_t *)want)[i])
            g_error("event %" G_GUINT64_FORMAT " (%s) differs at byte %zu", want->seq,
                    event_kind_name(want->kind), i);
}

static int64_t query_int(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t value;

    g_assert_cmpint(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* The stored run hashes to the hash of the stream: nothing of a record is lost. */
static void test_round_trip(struct fixture *f, gconstpointer data)
{
    enum { EVENTS = 20000 };
    struct event *events = g_new0(struct event, EVENTS), got;
    struct trace *trace = trace_new(), *replayed = trace_new();
    struct db_writer *writer = writer_open(f, NULL);
    struct db_reader *reader;
    char want_hash[33], got_hash[33];
    GError *error = NULL;
    unsigned kinds_seen[EVENT_KIND_COUNT] = {0};

    (void)data;
    g_assert_true(trace_attach(trace, db_writer_observe, writer));
    for (unsigned i = 0; i < EVENTS; i++) {
        event_random(&events[i]);
        kinds_seen[events[i].kind]++;
        trace_emit(trace, &events[i]);
    }
    for (unsigned kind = 1; kind < EVENT_RULE; kind++)
        g_assert_cmpuint(kinds_seen[kind], >, 100);
    writer_close(writer);

    reader = reader_open(f);
    for (unsigned i = 0; i < EVENTS; i++) {
        g_assert_cmpint(db_reader_next(reader, &got, &error), ==, DB_NEXT_EVENT);
        event_assert_equal(&got, &events[i]);
        trace_emit(replayed, &got);
    }
    g_assert_cmpint(db_reader_next(reader, &got, &error), ==, DB_NEXT_END);
    trace_hash_hex(trace, want_hash);
    trace_hash_hex(replayed, got_hash);
    g_assert_cmpstr(got_hash, ==, want_hash);

    for (unsigned i = 0; i < 20; i++) {
        unsigned at = (unsigned)g_test_rand_int_range(0, EVENTS - 5);

        g_assert_true(db_reader_seek(reader, at + 1, &error));
        for (unsigned k = 0; k < 5; k++) {
            g_assert_cmpint(db_reader_next(reader, &got, &error), ==, DB_NEXT_EVENT);
            event_assert_equal(&got, &events[at + k]);
        }
    }
    db_reader_close(reader);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM pragma_foreign_key_check"), ==, 0);
    trace_free(trace);
    trace_free(replayed);
    g_free(events);
}

static void emit_many(struct db_writer *writer, uint64_t first, uint64_t count)
{
    for (uint64_t seq = first; seq < first + count; seq++) {
        struct event event;

        memset(&event, 0, sizeof(event));
        event.seq = seq;
        event.time = seq * 10;
        event.kind = seq % 3 == 0 ? EVENT_STORE : EVENT_RMP;
        if (event.kind == EVENT_RMP)
            event.rmp.insn = RMP_INSN_PVALIDATE;
        db_writer_observe(writer, &event);
    }
}

/* A ring much smaller than the run: the emitting thread waits and nothing is dropped. */
static void test_backpressure(struct fixture *f, gconstpointer data)
{
    static const struct db_writer_options small = {.ring_events = 64, .batch_events = 16};
    struct db_writer *writer = writer_open(f, &small);

    (void)data;
    emit_many(writer, 1, 30000);
    writer_close(writer);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM event"), ==, 30000);
    g_assert_cmpint(query_int(f, "SELECT max(seq) FROM event"), ==, 30000);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM store"), ==, 10000);
}

/*
 * What is observed is in the file after a flush, and soon without one; a reader may look meanwhile.
 */
static void test_committed_soon(struct fixture *f, gconstpointer data)
{
    static const struct db_writer_options quick = {.commit_limit_ms = 20};
    struct db_writer *writer = writer_open(f, &quick);
    GError *error = NULL;

    (void)data;
    emit_many(writer, 1, 10);
    g_assert_true(db_writer_flush(writer, &error));
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM event"), ==, 10);
    emit_many(writer, 11, 10);
    for (unsigned i = 0; i < 500 && query_int(f, "SELECT count(*) FROM event") != 20; i++)
        g_usleep(10000);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM event"), ==, 20);
    writer_close(writer);
}

/* kill -9 at an arbitrary moment: the file is whole and ends at a committed event. */
static void test_killed(struct fixture *f, gconstpointer data)
{
    (void)data;
    for (unsigned round = 0; round < 8; round++) {
        struct db_run_info info;
        struct db_reader *reader;
        struct event event;
        uint64_t count = 0;
        GError *error = NULL;
        int status, started[2];
        char byte;
        pid_t child;

        g_assert_cmpint(pipe(started), ==, 0);
        child = fork();
        if (child == 0) {
            static const struct db_writer_options small = {.ring_events = 4096,
                                                           .batch_events = 1024};
            struct db_writer *writer = db_writer_open(f->path, &plain_run, &small, NULL);

            if (writer == NULL)
                _exit(1);
            emit_many(writer, 1, 100);
            if (!db_writer_flush(writer, NULL) || write(started[1], "x", 1) != 1)
                _exit(3);
            emit_many(writer, 101, UINT64_MAX / 2);
            _exit(2);
        }
        g_assert_cmpint(child, >, 0);
        close(started[1]);
        g_assert_cmpint(read(started[0], &byte, 1), ==, 1); /* something has been committed */
        close(started[0]);
        g_usleep(1000 + round * 17000);
        kill(child, SIGKILL);
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFSIGNALED(status)); /* it had not ended by itself */

        reader = reader_open(f);
        g_assert_true(db_reader_run(reader, &info, &error));
        g_assert_no_error(error);
        g_assert_false(info.finished);
        while (db_reader_next(reader, &event, &error) == DB_NEXT_EVENT)
            g_assert_cmpuint(event.seq, ==, ++count);
        g_assert_no_error(error);
        g_assert_cmpuint(count, ==, info.events_count);
        g_assert_cmpuint(count, >=, 100);
        db_run_info_clear(&info);
        db_reader_close(reader);
        g_assert_cmpint(query_int(f, "SELECT count(*) FROM pragma_integrity_check "
                                     "WHERE integrity_check = 'ok'"), ==, 1);
        g_assert_cmpint(query_int(f, "SELECT count(*) FROM pragma_foreign_key_check"), ==, 0);
    }
}

/* The disk is full: the run goes on, closing says so, and what was committed is there. */
static void test_disk_full(struct fixture *f, gconstpointer data)
{
    int status;
    pid_t child = fork();

    (void)data;
    if (child == 0) {
        struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
        struct db_writer *writer;
        GError *error = NULL;

        signal(SIGXFSZ, SIG_IGN);
        writer = db_writer_open(f->path, &plain_run, NULL, NULL);
        if (writer == NULL || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        emit_many(writer, 1, 300000);
        if (!db_writer_failed(writer) || db_writer_flush(writer, NULL))
            _exit(2);
        if (db_writer_close(writer, &plain_end, &error) || error == NULL)
            _exit(3);
        _exit(g_error_matches(error, DB_ERROR, DB_ERROR_WRITE) &&
                      strstr(error->message, "run.db") != NULL
                  ? 42
                  : 4);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 42);
    db_reader_close(reader_open(f));
    g_assert_cmpint(query_int(f, "SELECT count(*) = max(seq) FROM rmp_decoded WHERE seq = 1"), ==,
                    1);
    g_assert_cmpint(query_int(f, "SELECT finished FROM run"), ==, 0);
}

static unsigned asked_count;

static bool symbolize(void *user, uint64_t rip, uint8_t vmpl, struct db_symbol *out)
{
    g_assert_true(user == &asked_count);
    asked_count++;
    if (rip % 3 == 0)
        return false;
    g_snprintf(out->name, sizeof(out->name), "f%u_%u", (unsigned)(rip / 16), vmpl);
    g_strlcpy(out->file, rip % 2 ? "monitor.c" : "", sizeof(out->file));
    out->line = (uint32_t)rip;
    out->low = rip & ~UINT64_C(15);
    out->high = out->low + 16;
    return true;
}

/* Each (vmpl, rip) is asked for once, and each event finds its own. */
static void test_symbols(struct fixture *f, gconstpointer data)
{
    static const struct db_writer_options options = {
        .symbolize = symbolize, .symbolize_user = &asked_count, .batch_events = 64};
    struct db_writer *writer = writer_open(f, &options);
    struct db_reader *reader;
    char *text;

    (void)data;
    asked_count = 0;
    for (unsigned i = 1; i <= 40000; i++) {
        struct event event;

        memset(&event, 0, sizeof(event));
        event.seq = i;
        event.kind = EVENT_STORE;
        event.rip = i % 10000;
        event.vmpl = (uint8_t)(i % 2);
        db_writer_observe(writer, &event);
    }
    writer_close(writer);
    g_assert_cmpuint(asked_count, ==, 9999); /* rip 0 is nobody's */
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM symbol"), ==, 6666);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM event e JOIN symbol s ON s.id = e.symbol "
                                 "WHERE s.address <> e.rip OR s.vmpl <> e.vmpl"), ==, 0);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM event WHERE symbol IS NULL"), ==,
                    4 * (3333 + 1));
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM pragma_foreign_key_check"), ==, 0);
    reader = reader_open(f);
    text = db_reader_symbol(reader, 17);
    g_assert_cmpstr(text, ==, "f1_1 (monitor.c:17)");
    g_free(text);
    text = db_reader_symbol(reader, 20);
    g_assert_cmpstr(text, ==, "f1_0");
    g_free(text);
    g_assert_null(db_reader_symbol(reader, 18));
    db_reader_close(reader);
}

/* Breaches and verdicts keep what the record says, and are no part of the stream. */
static void test_derived(struct fixture *f, gconstpointer data)
{
    struct db_writer *writer = writer_open(f, NULL);
    struct db_reader *reader;
    struct event event;
    unsigned count = 0;

    (void)data;
    emit_many(writer, 1, 5);
    memset(&event, 0, sizeof(event));
    event.seq = event.rule.cause_seq = 4;
    event.kind = EVENT_RULE;
    event.rule.spa = 0x5000;
    event.rule.rule_id = 6;
    event.rule.kind = RULE_GHOST;
    g_strlcpy(event.rule.name, "double-validate", sizeof(event.rule.name));
    db_writer_observe(writer, &event);
    event.kind = EVENT_VERDICT;
    db_writer_observe(writer, &event);
    event.rule.cause_seq = 0;
    event.rule.holds = 1;
    event.rule.kind = RULE_INVARIANT;
    db_writer_observe(writer, &event);
    writer_close(writer);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM rule WHERE seq = 4 AND spa = 0x5000 AND "
                                 "kind = 'rule' AND name = 'double-validate' AND rule_id = 6"),
                    ==, 1);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM verdict WHERE seq = 4 AND holds = 0"), ==,
                    1);
    g_assert_cmpint(query_int(f, "SELECT count(*) FROM verdict WHERE seq IS NULL AND holds = 1 AND "
                                 "kind = 'invariant'"), ==, 1);
    reader = reader_open(f);
    while (db_reader_next(reader, &event, NULL) == DB_NEXT_EVENT)
        count++;
    g_assert_cmpuint(count, ==, 5);
    db_reader_close(reader);
}

#define ADD(path, function) g_test_add(path, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/db/stream/round-trip", test_round_trip);
    ADD("/db/stream/backpressure", test_backpressure);
    ADD("/db/stream/committed-soon", test_committed_soon);
    ADD("/db/stream/killed", test_killed);
    ADD("/db/stream/disk-full", test_disk_full);
    ADD("/db/stream/symbols", test_symbols);
    ADD("/db/stream/derived", test_derived);
    return g_test_run();
}
