/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols and source lines of a running binary, from its ELF symbol table and DWARF (libelf,
 * libdw).
 */
#ifndef PROVA_CPU_SYMBOLS_H
#define PROVA_CPU_SYMBOLS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct symbols;

struct symbol_info {
    const char *name; /* owned by the symbols object; NULL if unknown */
    uint64_t address;
    uint64_t size;
    const char *file; /* as in DWARF, path relative if it was mapped so; NULL if unknown */
    uint32_t line;
};

/* NULL and error (file, what, why) if the file is not a usable ELF. */
struct symbols *symbols_open(const char *path, GError **error);
void symbols_free(struct symbols *symbols);

/*
 * Function or object covering the address; false if none. In inlined code, file and line are those
 * of the call inside that function.
 */
bool symbols_lookup(const struct symbols *symbols, uint64_t address, struct symbol_info *out);

/* Address of a named symbol; false if there is none. */
bool symbols_find(const struct symbols *symbols, const char *name, struct symbol_info *out);

#endif
