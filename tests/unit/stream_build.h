/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event streams for the tests of rules: a small model of the RMP that emits what the emulator
 * would, and the two judges, the online checkers and the queries of db/invariants/.
 */
#ifndef PROVA_TESTS_STREAM_BUILD_H
#define PROVA_TESTS_STREAM_BUILD_H

#include <glib.h>
#include <sqlite3.h>

#include "rmp/rmp.h"
#include "trace/event.h"

enum { STREAM_PAGES = 2048, STREAM_ASID = 5 };

struct stream {
    GArray *events; /* struct event, numbered */
    struct rmp_entry entries[STREAM_PAGES];
    /* What the labels of the bytes would say: VMPL0's from the launch or an earlier binding, or
     * stored by it in this one. */
    bool kept[STREAM_PAGES], stored[STREAM_PAGES];
};

struct stream *stream_new(void);
void stream_free(struct stream *s);
struct event *stream_add(struct stream *s, uint16_t kind, uint8_t actor);
/*
 * An RMP event from what the model holds now to `after` (which it takes over, for all its pages).
 */
struct event *stream_rmp(struct stream *s, uint8_t insn, uint64_t spn, struct rmp_entry after);

/* Each returns the sequence number of its event. Pages are numbers; 2 MiB ones by their first. */
uint64_t s_launch(struct stream *s, uint64_t spn, uint64_t gpn, bool monitor, uint8_t perm1);
uint64_t s_assign(struct stream *s, uint64_t spn, uint64_t gpn, enum page_size size);
uint64_t s_unassign(struct stream *s, uint64_t spn);
uint64_t s_validate(struct stream *s, uint64_t spn, bool valid);
uint64_t s_adjust(struct stream *s, uint64_t spn, unsigned vmpl, uint8_t mask, bool vmsa);
uint64_t s_smash(struct stream *s, uint64_t spn);
uint64_t s_firmware(struct stream *s, uint64_t spn, struct rmp_entry after);
uint64_t s_store(struct stream *s, uint64_t spn);
uint64_t s_scrub(struct stream *s, uint64_t spn);
uint64_t s_vmrun(struct stream *s, uint16_t vcpu, uint64_t spn, uint8_t result);
uint64_t s_exit(struct stream *s, uint16_t vcpu, uint64_t spn);
uint64_t s_secret(struct stream *s, uint64_t spn, bool allowed);

/* The stream's page, made ready: assigned and validated at gpn. */
void s_page(struct stream *s, uint64_t spn, uint64_t gpn);

struct breach {
    uint32_t rule_id;
    uint64_t seq, spa;
};

/* In order of seq, then rule. */
GArray *breaches_online(const struct stream *s);
/* db: stream_db_new(), with the stream inserted. shared: the way db_check_run() does it. */
GArray *breaches_sql(sqlite3 *db, bool shared);
GArray *breaches_sql_of(sqlite3 *db, const char *name); /* one query's, as it orders them */
struct db_batch;
sqlite3 *stream_db_new(struct db_batch **batch);
void stream_db_free(sqlite3 *db, struct db_batch *batch);
void stream_insert(struct db_batch *batch, const struct stream *s);

#endif
