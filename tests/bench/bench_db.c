/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many permission transitions (an `event` row and an `rmp` row each) go into the database in a
 * second, beside the yardstick: plain SQLite with one prepared insert for each row, the same rows,
 * the same transactions and settings.
 *
 * bench_db [TRANSITIONS [DIRECTORY]]
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/columns.h"
#include "db/writer.h"

enum { TRANSITIONS = 2000000, BATCH_EVENTS = 16384, ROUNDS = 3 };

/* A monitor that validates, scrubs and grants pages: addresses vary, a few instructions do it. */
static void transition(struct event *event, uint64_t seq)
{
    uint64_t page = seq / 2 & 0xffff;

    memset(event, 0, sizeof(*event));
    event->seq = seq;
    event->time = seq * 3170;
    event->rip = UINT64_C(0xffffffff80001000) + (seq & 63) * 4;
    event->kind = EVENT_RMP;
    event->rmp.spa = page << 12;
    event->rmp.gpa = page << 12;
    event->rmp.gva = UINT64_C(0xffff888000000000) + (page << 12);
    event->rmp.before_lo = UINT64_C(0x0008000000000001) | page << 12;
    event->rmp.before_hi = 0x1f;
    event->rmp.after_lo = event->rmp.before_lo | (seq & 1) << 62;
    event->rmp.after_hi = 0x0f00001f;
    event->rmp.insn = seq & 1 ? RMP_INSN_PVALIDATE : RMP_INSN_RMPADJUST;
    event->rmp.target_vmpl = 3;
    event->rmp.operand = 0xf;
}

static void must(sqlite3 *db, bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench_db: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void execute(sqlite3 *db, const char *sql)
{
    must(db, sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static int64_t field(const struct event *event, const struct db_column *column)
{
    uint64_t value = 0;

    memcpy(&value, (const uint8_t *)event + column->offset, column->bytes);
    return (int64_t)value;
}

static sqlite3_stmt *insert_of(sqlite3 *db, const struct db_table *table)
{
    GString *sql = g_string_new(NULL);
    sqlite3_stmt *statement;

    g_string_printf(sql, "INSERT INTO %s (seq", table->name);
    for (unsigned i = 0; i < table->columns_count; i++)
        g_string_append_printf(sql, ", %s", table->columns[i].name);
    g_string_append(sql, ") VALUES (?");
    for (unsigned i = 0; i < table->columns_count; i++)
        g_string_append(sql, ", ?");
    g_string_append(sql, ")");
    must(db, sqlite3_prepare_v2(db, sql->str, -1, &statement, NULL) == SQLITE_OK);
    g_string_free(sql, TRUE);
    return statement;
}

static void row_insert(sqlite3 *db, sqlite3_stmt *insert, const struct db_table *table,
                       const struct event *event)
{
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)event->seq);
    for (int i = 0; i < table->columns_count; i++)
        sqlite3_bind_int64(insert, i + 2, field(event, &table->columns[i]));
    must(db, sqlite3_step(insert) == SQLITE_DONE);
    sqlite3_reset(insert);
}

static struct db_writer *writer_open(const char *path)
{
    static const struct db_run run = {.title = "bench"};
    GError *error = NULL;
    struct db_writer *writer = db_writer_open(path, &run, NULL, &error);

    if (writer == NULL) {
        fprintf(stderr, "bench_db: %s\n", error->message);
        exit(1);
    }
    return writer;
}

static void writer_close(struct db_writer *writer)
{
    GError *error = NULL;

    if (!db_writer_close(writer, NULL, &error)) {
        fprintf(stderr, "bench_db: %s\n", error->message);
        exit(1);
    }
}

/* Seconds of the yardstick: the same schema, filled by plain SQLite in this thread. */
static double plain_time(const char *path, uint64_t count)
{
    gint64 start;
    sqlite3_stmt *event_insert, *rmp_insert;
    const struct db_table *rmp = db_table_of(EVENT_RMP);
    double seconds;
    sqlite3 *db;

    writer_close(writer_open(path)); /* an empty run */
    must(NULL, sqlite3_open(path, &db) == SQLITE_OK);
    execute(db, "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384");
    event_insert = insert_of(db, &db_event_table);
    rmp_insert = insert_of(db, rmp);
    start = g_get_monotonic_time();
    for (uint64_t seq = 1; seq <= count;) {
        execute(db, "BEGIN");
        for (unsigned i = 0; i < BATCH_EVENTS && seq <= count; i++, seq++) {
            struct event event;

            transition(&event, seq);
            row_insert(db, event_insert, &db_event_table, &event);
            row_insert(db, rmp_insert, rmp, &event);
        }
        execute(db, "COMMIT");
    }
    seconds = (double)(g_get_monotonic_time() - start) / 1e6;
    sqlite3_finalize(event_insert);
    sqlite3_finalize(rmp_insert);
    sqlite3_close(db);
    return seconds;
}

/* Seconds until all of it is committed. */
static double writer_time(const char *path, uint64_t count)
{
    struct db_writer *writer = writer_open(path);
    gint64 start = g_get_monotonic_time();
    double seconds;

    for (uint64_t seq = 1; seq <= count; seq++) {
        struct event event;

        transition(&event, seq);
        db_writer_observe(writer, &event);
    }
    if (!db_writer_flush(writer, NULL))
        exit(1);
    seconds = (double)(g_get_monotonic_time() - start) / 1e6;
    writer_close(writer);
    return seconds;
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : TRANSITIONS;
    const char *directory = argc > 2 ? argv[2] : g_get_tmp_dir();
    char *path = g_build_filename(directory, "prova-bench.db", NULL);
    double plain = 0, writer = 0;

    if (count == 0) {
        fprintf(stderr, "usage: bench_db [TRANSITIONS [DIRECTORY]]\n");
        return 2;
    }
    for (unsigned round = 0; round < ROUNDS; round++) { /* the best of each */
        double seconds = plain_time(path, count);

        plain = round == 0 || seconds < plain ? seconds : plain;
        seconds = writer_time(path, count);
        writer = round == 0 || seconds < writer ? seconds : writer;
    }
    printf("transitions: %" G_GUINT64_FORMAT "\n", count);
    printf("plain SQLite, prepared inserts: %.0f transitions/s\n", (double)count / plain);
    printf("database writer: %.0f transitions/s\n", (double)count / writer);
    printf("ratio: %.2f\n", plain / writer);
    g_unlink(path);
    g_free(path);
    return 0;
}
