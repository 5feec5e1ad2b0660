/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event stream into a SQLite file (docs/database.md). db_writer_observe() copies an event into
 * a fixed ring; a thread of the writer's own takes batches out and writes each in one transaction,
 * so that a process killed at any moment leaves a readable file that ends at a committed event. A
 * full ring makes the caller wait; nothing is dropped.
 *
 * A write error (disk full, I/O) is remembered: writing stops, the run goes on, and
 * db_writer_close() reports it. The events committed before it stay readable.
 */
#ifndef PROVA_DB_WRITER_H
#define PROVA_DB_WRITER_H

#include <glib.h>
#include <stdbool.h>

#include "trace/event.h"

/* Something the run was made from: a binary, a scenario. */
struct db_input {
    const char *role; /* "scenario", "monitor", "guest", ... */
    const char *path; /* as the user named it */
    uint64_t bytes;
    uint8_t sha256[32];
};

/* A registered secret: which entities may read it (bit i: enum actor i). */
struct db_secret {
    const char *name;
    uint32_t readers;
};

/* What is known when the run starts. Strings are copied; NULL where there is none. */
struct db_run {
    const char *title;
    const char *version; /* of prova and the libraries that decide results */
    const char *options; /* JSON object */
    const char *token;   /* how to run it again */
    uint64_t seed;
    const struct db_input *inputs;
    size_t inputs_count;
    const struct db_secret *secrets;
    size_t secrets_count;
};

/* What is known when it has ended. */
struct db_run_end {
    const char *exit_reason; /* "terminated", "limit-events", ... */
    int exit_code;           /* of the command */
    const char *stream_hash; /* 32 hex digits, trace_hash_hex() */
    const char *token;       /* may be known only now; NULL leaves that of struct db_run */
};

enum { DB_SYMBOL_NAME_BYTES = 128, DB_SYMBOL_FILE_BYTES = 256 };
struct db_symbol {
    uint64_t low, high; /* address range of the function: [low, high) */
    uint32_t line;      /* 0 if unknown */
    char name[DB_SYMBOL_NAME_BYTES];
    char file[DB_SYMBOL_FILE_BYTES]; /* empty if unknown */
};

/*
 * Called on the thread that emits events, once for each (vmpl, rip) that an event names; the writer
 * remembers the answer. vmpl is EVENT_NO_VMPL for none. False: no symbol there.
 */
typedef bool db_symbolize_fn(void *user, uint64_t rip, uint8_t vmpl, struct db_symbol *out);

struct db_writer_options {
    db_symbolize_fn *symbolize; /* may be NULL */
    void *symbolize_user;
    uint32_t ring_events;     /* power of two; 0: 65536 */
    uint32_t batch_events;    /* most events of one transaction; 0: 4096 */
    uint32_t commit_limit_ms; /* longest an event waits for its transaction; 0: 200 */
};

struct db_writer;

/*
 * Creates path. A file there that is not a Prova database is never touched; an older Prova database
 * is replaced in one step, once the new one is usable. options may be NULL.
 */
struct db_writer *db_writer_open(const char *path, const struct db_run *run,
                                 const struct db_writer_options *options, GError **error);

/* A trace_observer_fn: trace_attach(trace, db_writer_observe, writer). One emitting thread. */
void db_writer_observe(void *writer, const struct event *event);

/* True if an error has stopped the writing (db_writer_close() says which). */
bool db_writer_failed(const struct db_writer *writer);

/* Waits until everything observed so far is committed. False if an error prevented it. */
bool db_writer_flush(struct db_writer *writer, GError **error);

/*
 * Writes what is left, builds the indexes, records the end and closes. end NULL: the run was given
 * up; the file stays without an end, as if killed. Frees the writer in any case.
 */
bool db_writer_close(struct db_writer *writer, const struct db_run_end *end, GError **error);

#endif
