/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/symbols.h"

#include <pthread.h>
#include <string.h>

struct slot {
    uint64_t rip;
    uint32_t number; /* 0: no symbol there */
    uint8_t vmpl;
    bool used;
};

/* An open hash table of the emitting thread; only `fresh` is shared, under the lock. */
struct db_symbols {
    db_symbolize_fn *symbolize;
    void *user;
    struct slot *slots;
    uint32_t slots_count; /* power of two, at most half full */
    uint32_t used_count;
    uint32_t last_number;
    pthread_mutex_t lock;
    GArray *fresh; /* struct db_symbol_row */
};

enum { SLOTS_AT_START = 4096 };

struct db_symbols *db_symbols_new(db_symbolize_fn *symbolize, void *user)
{
    struct db_symbols *symbols = g_new0(struct db_symbols, 1);

    symbols->symbolize = symbolize;
    symbols->user = user;
    symbols->slots_count = SLOTS_AT_START;
    symbols->slots = g_new0(struct slot, symbols->slots_count);
    symbols->fresh = g_array_new(FALSE, FALSE, sizeof(struct db_symbol_row));
    pthread_mutex_init(&symbols->lock, NULL);
    return symbols;
}

void db_symbols_free(struct db_symbols *symbols)
{
    if (symbols == NULL)
        return;
    pthread_mutex_destroy(&symbols->lock);
    g_array_unref(symbols->fresh);
    g_free(symbols->slots);
    g_free(symbols);
}

/* The slot of (rip, vmpl), or the empty one where it belongs. */
static struct slot *slot_find(struct slot *slots, uint32_t count, uint64_t rip, uint8_t vmpl)
{
    uint64_t hash = (rip + vmpl) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(hash >> 32) & (count - 1);

    while (slots[at].used && (slots[at].rip != rip || slots[at].vmpl != vmpl))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static void slots_grow(struct db_symbols *symbols)
{
    uint32_t count = symbols->slots_count * 2;
    struct slot *slots = g_new0(struct slot, count);

    for (uint32_t i = 0; i < symbols->slots_count; i++) {
        const struct slot *old = &symbols->slots[i];

        if (old->used)
            *slot_find(slots, count, old->rip, old->vmpl) = *old;
    }
    g_free(symbols->slots);
    symbols->slots = slots;
    symbols->slots_count = count;
}

static uint32_t symbol_ask(struct db_symbols *symbols, uint64_t rip, uint8_t vmpl)
{
    struct db_symbol_row row;

    memset(&row, 0, sizeof(row));
    if (!symbols->symbolize(symbols->user, rip, vmpl, &row.symbol))
        return 0;
    row.symbol.name[sizeof(row.symbol.name) - 1] = '\0';
    row.symbol.file[sizeof(row.symbol.file) - 1] = '\0';
    row.id = ++symbols->last_number;
    row.vmpl = vmpl;
    row.rip = rip;
    pthread_mutex_lock(&symbols->lock);
    g_array_append_val(symbols->fresh, row);
    pthread_mutex_unlock(&symbols->lock);
    return row.id;
}

uint32_t db_symbols_number(struct db_symbols *symbols, uint64_t rip, uint8_t vmpl)
{
    struct slot *slot;

    if (symbols->symbolize == NULL || rip == 0)
        return 0;
    slot = slot_find(symbols->slots, symbols->slots_count, rip, vmpl);
    if (slot->used)
        return slot->number;
    *slot = (struct slot){.rip = rip, .vmpl = vmpl, .used = true};
    slot->number = symbol_ask(symbols, rip, vmpl);
    uint32_t number = slot->number;
    if (++symbols->used_count * 2 > symbols->slots_count)
        slots_grow(symbols);
    return number;
}

GArray *db_symbols_take(struct db_symbols *symbols)
{
    GArray *taken;

    pthread_mutex_lock(&symbols->lock);
    taken = symbols->fresh;
    symbols->fresh = g_array_new(FALSE, FALSE, sizeof(struct db_symbol_row));
    pthread_mutex_unlock(&symbols->lock);
    return taken;
}
