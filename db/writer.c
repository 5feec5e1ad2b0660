/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "db/batch.h"
#include "db/internal.h"
#include "db/symbols.h"

enum {
    RING_EVENTS = 65536,
    BATCH_EVENTS = 4096,
    COMMIT_LIMIT_MS = 200,
    BUSY_LIMIT_MS = 60000, /* how long a reader may hold us up */
    CACHE_KIB = 16384,
};

/*
 * One producer, one consumer. head and tail count events since the start and never wrap; a place is
 * free again when the transaction that holds its event has been committed. The lock and the
 * conditions are only for sleeping. (POSIX ones, since ThreadSanitizer does not see into GLib's.)
 */
struct db_writer {
    char *path;
    sqlite3 *db;
    int lock_fd; /* flock() on the file: one run at a time writes it */
    struct db_batch *batch;
    struct db_symbols *symbols;
    sqlite3_stmt *begin, *commit, *insert_symbol;
    struct db_record *ring;
    uint32_t ring_mask;
    uint32_t batch_events;
    uint32_t commit_limit_ms;
    GThread *thread;

    _Atomic uint64_t head; /* written by the emitting thread */
    _Atomic uint64_t tail; /* written by the writing thread */
    atomic_bool failed;

    pthread_mutex_t lock;
    pthread_cond_t wake;    /* the writing thread waits */
    pthread_cond_t written; /* the emitting thread waits */
    bool stop;     /* under lock */
    bool flush;    /* under lock */
    GError *error; /* under lock, set before failed */
};

static void writer_fail(struct db_writer *writer, const char *what)
{
    GError *error = NULL;

    db_error_sqlite(&error, DB_ERROR_WRITE, writer->db, writer->path, what);
    if (!sqlite3_get_autocommit(writer->db))
        sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_lock(&writer->lock);
    if (writer->error == NULL)
        writer->error = error;
    else
        g_error_free(error);
    atomic_store(&writer->failed, true);
    pthread_cond_broadcast(&writer->written);
    pthread_mutex_unlock(&writer->lock);
}

static bool run_statement(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK;
}

static bool symbol_insert(struct db_writer *writer, const struct db_symbol_row *row)
{
    sqlite3_stmt *insert = writer->insert_symbol;

    sqlite3_bind_int64(insert, 1, row->id);
    if (row->vmpl == EVENT_NO_VMPL)
        sqlite3_bind_null(insert, 2);
    else
        sqlite3_bind_int64(insert, 2, row->vmpl);
    sqlite3_bind_int64(insert, 3, (sqlite3_int64)row->rip);
    sqlite3_bind_text(insert, 4, row->symbol.name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 5, (sqlite3_int64)row->symbol.low);
    sqlite3_bind_int64(insert, 6, (sqlite3_int64)row->symbol.high);
    sqlite3_bind_null(insert, 7);
    sqlite3_bind_null(insert, 8);
    if (row->symbol.file[0] != '\0') {
        sqlite3_bind_text(insert, 7, row->symbol.file, -1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 8, row->symbol.line);
    }
    return run_statement(insert);
}

/*
 * Symbols are known before the events that name them are published, so these include all of them.
 */
static bool symbols_insert(struct db_writer *writer)
{
    GArray *rows = db_symbols_take(writer->symbols);
    bool ok = true;

    for (guint i = 0; i < rows->len && ok; i++)
        ok = symbol_insert(writer, &g_array_index(rows, struct db_symbol_row, i));
    g_array_unref(rows);
    return ok;
}

/* One transaction with count events. */
static void batch_write(struct db_writer *writer, uint32_t count)
{
    uint64_t tail = atomic_load_explicit(&writer->tail, memory_order_relaxed);

    if (!run_statement(writer->begin) || !symbols_insert(writer) ||
        db_batch_insert(writer->batch, writer->ring, writer->ring_mask,
                        (uint32_t)tail & writer->ring_mask, count) != SQLITE_OK ||
        !run_statement(writer->commit)) {
        writer_fail(writer, "cannot write the trace");
        return;
    }
    pthread_mutex_lock(&writer->lock);
    atomic_store_explicit(&writer->tail, tail + count, memory_order_release);
    pthread_cond_broadcast(&writer->written);
    pthread_mutex_unlock(&writer->lock);
}

static uint64_t waiting_count(struct db_writer *writer)
{
    return atomic_load_explicit(&writer->head, memory_order_acquire) -
           atomic_load_explicit(&writer->tail, memory_order_relaxed);
}

static struct timespec time_after(uint32_t limit_ms)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += limit_ms / 1000;
    time.tv_nsec += (long)(limit_ms % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/* Sleeps until a batch is full, time is up, or somebody asks. Returns what there is to write. */
static uint32_t batch_wait(struct db_writer *writer, bool *stop)
{
    struct timespec until = time_after(writer->commit_limit_ms);
    uint64_t count;

    pthread_mutex_lock(&writer->lock);
    while (!writer->stop && !writer->flush && waiting_count(writer) < writer->batch_events)
        if (pthread_cond_timedwait(&writer->wake, &writer->lock, &until) == ETIMEDOUT)
            break;
    count = waiting_count(writer);
    if (count <= writer->batch_events)
        writer->flush = false;
    *stop = writer->stop;
    pthread_mutex_unlock(&writer->lock);
    return (uint32_t)MIN(count, writer->batch_events);
}

static gpointer writer_thread(gpointer data)
{
    struct db_writer *writer = data;
    bool stop = false;

    while (!atomic_load(&writer->failed)) {
        uint32_t count = batch_wait(writer, &stop);

        if (count > 0)
            batch_write(writer, count);
        else if (stop)
            break;
    }
    return NULL;
}

/* The ring is full: waits for a commit. False if there will be none. */
static bool space_wait(struct db_writer *writer, uint64_t head)
{
    pthread_mutex_lock(&writer->lock);
    pthread_cond_signal(&writer->wake);
    while (head - atomic_load(&writer->tail) > writer->ring_mask && !atomic_load(&writer->failed))
        pthread_cond_wait(&writer->written, &writer->lock);
    pthread_mutex_unlock(&writer->lock);
    return !atomic_load(&writer->failed);
}

void db_writer_observe(void *user, const struct event *event)
{
    struct db_writer *writer = user;
    uint64_t head = atomic_load_explicit(&writer->head, memory_order_relaxed);
    struct db_record *record;

    if (atomic_load_explicit(&writer->failed, memory_order_relaxed))
        return;
    if (head - atomic_load_explicit(&writer->tail, memory_order_acquire) > writer->ring_mask &&
        !space_wait(writer, head))
        return;
    record = &writer->ring[head & writer->ring_mask];
    record->event = *event;
    record->symbol = db_symbols_number(writer->symbols, event->rip, event->vmpl);
    atomic_store_explicit(&writer->head, head + 1, memory_order_release);
    if (((head + 1) & (writer->batch_events - 1)) == 0) {
        pthread_mutex_lock(&writer->lock);
        pthread_cond_signal(&writer->wake);
        pthread_mutex_unlock(&writer->lock);
    }
}

bool db_writer_failed(const struct db_writer *writer)
{
    return atomic_load(&writer->failed);
}

static bool error_report(struct db_writer *writer, GError **error)
{
    if (!atomic_load(&writer->failed))
        return true;
    pthread_mutex_lock(&writer->lock);
    g_propagate_error(error, g_error_copy(writer->error));
    pthread_mutex_unlock(&writer->lock);
    return false;
}

bool db_writer_flush(struct db_writer *writer, GError **error)
{
    uint64_t head = atomic_load_explicit(&writer->head, memory_order_relaxed);

    pthread_mutex_lock(&writer->lock);
    while (atomic_load(&writer->tail) < head && !atomic_load(&writer->failed)) {
        writer->flush = true;
        pthread_cond_signal(&writer->wake);
        pthread_cond_wait(&writer->written, &writer->lock);
    }
    pthread_mutex_unlock(&writer->lock);
    return error_report(writer, error);
}

/*
 * A rollback journal without fsync: what has been committed survives the process, at no cost to the
 * run (only a crash of the whole host could lose it), and readers need nothing beside the file.
 */
static bool writer_connect(struct db_writer *writer, GError **error)
{
    char *name = db_file_name(writer->path);
    char pragmas[192];
    bool ok;

    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF; PRAGMA cache_size=-%d; "
             "PRAGMA foreign_keys=OFF",
             CACHE_KIB);
    ok = sqlite3_open_v2(name, &writer->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
             SQLITE_OK &&
         sqlite3_busy_timeout(writer->db, BUSY_LIMIT_MS) == SQLITE_OK &&
         sqlite3_exec(writer->db, pragmas, NULL, NULL, NULL) == SQLITE_OK &&
         sqlite3_prepare_v2(writer->db, "BEGIN IMMEDIATE", -1, &writer->begin, NULL) == SQLITE_OK &&
         sqlite3_prepare_v2(writer->db, "COMMIT", -1, &writer->commit, NULL) == SQLITE_OK &&
         sqlite3_prepare_v2(writer->db,
                            "INSERT INTO symbol (id, vmpl, address, name, low, high, file, line) "
                            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                            -1, &writer->insert_symbol, NULL) == SQLITE_OK &&
         (writer->batch = db_batch_new(writer->db, writer->batch_events)) != NULL;
    if (!ok)
        db_error_sqlite(error, DB_ERROR_OPEN, writer->db, writer->path, "cannot be written");
    g_free(name);
    return ok;
}

/* Two runs that wrote to one name would take each other's journal for their own. */
static bool writer_lock(const char *path, int *lock_fd, GError **error)
{
    /* A pipe of that name would wait for a writer; db_file_create() refuses it. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    *lock_fd = fd;
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        g_set_error(error, DB_ERROR, DB_ERROR_BUSY,
                    "%s: another run is writing it; wait for it or choose another name", path);
    else
        g_set_error(error, DB_ERROR, DB_ERROR_OPEN, "%s: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    *lock_fd = -1;
    return false;
}

static void writer_free(struct db_writer *writer)
{
    db_batch_free(writer->batch);
    sqlite3_finalize(writer->begin);
    sqlite3_finalize(writer->commit);
    sqlite3_finalize(writer->insert_symbol);
    sqlite3_close(writer->db);
    if (writer->lock_fd >= 0)
        close(writer->lock_fd); /* last: closing any descriptor drops SQLite's own locks */
    db_symbols_free(writer->symbols);
    g_clear_error(&writer->error);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->wake);
    pthread_cond_destroy(&writer->written);
    g_free(writer->ring);
    g_free(writer->path);
    g_free(writer);
}

/* Waiting for a commit must not depend on somebody setting the clock. */
static void conditions_init(struct db_writer *writer)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wake, &monotonic);
    pthread_cond_init(&writer->written, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static bool file_prepare(struct db_writer *writer, const struct db_run *run, GError **error)
{
    int old_fd;
    bool ok;

    if (!writer_lock(writer->path, &old_fd, error))
        return false;
    ok = db_file_create(writer->path, run, error) &&
         writer_lock(writer->path, &writer->lock_fd, error);
    if (old_fd >= 0)
        close(old_fd);
    return ok && writer_connect(writer, error);
}

struct db_writer *db_writer_open(const char *path, const struct db_run *run,
                                 const struct db_writer_options *options, GError **error)
{
    static const struct db_writer_options defaults;
    const struct db_writer_options *o = options != NULL ? options : &defaults;
    uint32_t ring_events = o->ring_events != 0 ? o->ring_events : RING_EVENTS;
    struct db_writer *writer = g_new0(struct db_writer, 1);

    writer->path = g_strdup(path);
    writer->lock_fd = -1;
    writer->ring_mask = ring_events - 1;
    writer->batch_events = MIN(o->batch_events != 0 ? o->batch_events : BATCH_EVENTS, ring_events);
    writer->commit_limit_ms = o->commit_limit_ms != 0 ? o->commit_limit_ms : COMMIT_LIMIT_MS;
    assert((ring_events & writer->ring_mask) == 0);
    assert((writer->batch_events & (writer->batch_events - 1)) == 0);
    conditions_init(writer);
    if (!file_prepare(writer, run, error)) {
        writer_free(writer);
        return NULL;
    }
    writer->ring = g_new0(struct db_record, ring_events);
    writer->symbols = db_symbols_new(o->symbolize, o->symbolize_user);
    writer->thread = g_thread_new("prova-db", writer_thread, writer);
    return writer;
}

/* Indexes and the end of the run, in one transaction. */
static bool end_write(struct db_writer *writer, const struct db_run_end *end)
{
    sqlite3_stmt *update = NULL;
    bool ok;

    ok = run_statement(writer->begin) &&
         sqlite3_exec(writer->db, db_indexes_sql, NULL, NULL, NULL) == SQLITE_OK &&
         sqlite3_prepare_v2(writer->db,
                            "UPDATE run SET finished = 1, exit_reason = ?, exit_code = ?, "
                            "stream_hash = ?, token = coalesce(?, token), "
                            "events = (SELECT coalesce(max(seq), 0) FROM event)",
                            -1, &update, NULL) == SQLITE_OK;
    if (ok) {
        sqlite3_bind_text(update, 1, end->exit_reason, -1, SQLITE_STATIC);
        sqlite3_bind_int(update, 2, end->exit_code);
        sqlite3_bind_text(update, 3, end->stream_hash, -1, SQLITE_STATIC);
        sqlite3_bind_text(update, 4, end->token, -1, SQLITE_STATIC);
        ok = sqlite3_step(update) == SQLITE_DONE;
    }
    sqlite3_finalize(update);
    return ok && run_statement(writer->commit);
}

bool db_writer_close(struct db_writer *writer, const struct db_run_end *end, GError **error)
{
    bool ok;

    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    g_thread_join(writer->thread);
    if (!atomic_load(&writer->failed) && end != NULL && !end_write(writer, end))
        writer_fail(writer, "cannot finish the trace");
    if (!atomic_load(&writer->failed)) /* takes the empty journal away; no harm if it stays */
        sqlite3_exec(writer->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    ok = error_report(writer, error);
    writer_free(writer);
    return ok;
}
