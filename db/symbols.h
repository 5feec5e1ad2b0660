/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which symbol an instruction pointer belongs to, asked once for each (vmpl, rip). Numbers are
 * given in the order of first appearance, so the same run gives the same table.
 */
#ifndef PROVA_DB_SYMBOLS_H
#define PROVA_DB_SYMBOLS_H

#include "db/writer.h"

struct db_symbol_row {
    uint32_t id; /* from 1 */
    uint8_t vmpl;
    uint64_t rip;
    struct db_symbol symbol;
};

struct db_symbols;

struct db_symbols *db_symbols_new(db_symbolize_fn *symbolize, void *user);
void db_symbols_free(struct db_symbols *symbols);

/* The number of the symbol at rip; 0 if there is none. On the emitting thread. */
uint32_t db_symbols_number(struct db_symbols *symbols, uint64_t rip, uint8_t vmpl);

/* Takes the rows that are new since the last call; on the writing thread. g_array_unref() them. */
GArray *db_symbols_take(struct db_symbols *symbols);

#endif
