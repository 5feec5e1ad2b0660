/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A batch of events as a virtual table of SQLite, so that one `INSERT INTO rmp SELECT ... FROM
 * batch` writes all rows of a kind: no statement is started, bound or reset for a row. That is more
 * than twice as fast as a prepared insert for each (tests/bench/bench_db.c).
 */
#ifndef PROVA_DB_BATCH_H
#define PROVA_DB_BATCH_H

#include <sqlite3.h>
#include <stdbool.h>

#include "trace/event.h"

/* An event and the symbol of its RIP (0: none). */
struct db_record {
    struct event event;
    uint32_t symbol;
};

struct db_batch;

/* For at most records_max events at a time. The connection owns what it registers there. */
struct db_batch *db_batch_new(sqlite3 *db, uint32_t records_max);
/* Finalises the statements; before sqlite3_close(). */
void db_batch_free(struct db_batch *batch);

/*
 * Inserts the records inside the transaction that is open. They lie in a ring: ring_mask + 1
 * places, the first at index first. SQLITE_OK, or the error.
 */
int db_batch_insert(struct db_batch *batch, const struct db_record *ring, uint32_t ring_mask,
                    uint32_t first, uint32_t count);

#endif
