/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one description of how an event record lies in its tables: for each kind, the columns after
 * seq, in the order of db/schema.sql, with the place of each in struct event. The writer reads
 * records by it, the reader fills them by it, and a test holds it against the schema.
 */
#ifndef PROVA_DB_COLUMNS_H
#define PROVA_DB_COLUMNS_H

#include <stddef.h>

#include "trace/event.h"

enum db_column_type {
    DB_U8,
    DB_U16,
    DB_U32,
    DB_U64,
    DB_U8_OR_NULL,  /* NULL for 0xff (no VMPL) */
    DB_U16_OR_NULL, /* NULL for 0xffff (no processor) */
    DB_U64_OR_NULL, /* NULL for 0 (no event) */
    DB_BLOB,        /* all bytes of the field */
    DB_TEXT,        /* NUL-padded */
    DB_CONSOLE,     /* as many bytes as console.length says */
    DB_RULE_KIND,   /* enum rule_kind as its name */
};

struct db_column {
    const char *name;
    uint8_t type;   /* enum db_column_type */
    uint8_t offset; /* in struct event */
    uint8_t bytes;
};

enum { DB_COLUMNS_MAX = 20 };
struct db_table {
    const char *name;
    uint8_t columns_count;
    struct db_column columns[DB_COLUMNS_MAX];
};

/* The header columns of table event between seq and symbol: time .. rip. */
extern const struct db_table db_event_table;

/* The table of a kind, NULL if there is no such kind. */
const struct db_table *db_table_of(uint16_t kind);

#endif
