/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All invariants and ghost rules (db/invariants/NN-name.sql), run over a database. Each query
 * returns the violating events, first column seq; none means that it holds.
 */
#ifndef PROVA_DB_CHECK_H
#define PROVA_DB_CHECK_H

#include "db/query.h"

/* One statement as it stands in the tree. */
struct db_invariant {
    const char *name;
    enum rule_kind kind;   /* RULE_INVARIANT or RULE_GHOST */
    const char *statement; /* one line of English */
    const char *source;    /* lemma or manual section */
    const char *sql;       /* the whole file */
};
const struct db_invariant *db_invariant_list(size_t *count); /* in file order */
const struct db_invariant *db_invariant_find(const char *name);

struct db_verdict {
    const struct db_invariant *invariant;
    bool holds;
    uint64_t seq;  /* first violating event, 0 if it holds */
    uint64_t rows; /* violating events */
};

struct db_check {
    struct db_verdict *verdicts;
    size_t verdicts_count;
    size_t violated_count;
};

/* Only the named one if name is not NULL. interrupted may be NULL. */
bool db_check_run(struct db_reader *reader, const char *name, const atomic_bool *interrupted,
                  struct db_check *check, GError **error);
void db_check_clear(struct db_check *check);

/* name, kind, holds, seq, rows, and for each violation the symbol and source line. */
bool db_check_print(struct db_reader *reader, const struct db_check *check, enum db_format format,
                    FILE *out, GError **error);

/* The violating events of one verdict, every column of its query. */
bool db_check_rows(struct db_reader *reader, const struct db_invariant *invariant,
                   const struct db_query_options *options, FILE *out, GError **error);

#endif
