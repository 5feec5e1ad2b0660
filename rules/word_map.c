/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/word_map.h"

#include <glib.h>
#include <string.h>

enum { SLOTS_FIRST = 16 };

static uint64_t slot_first(const struct word_map *map, uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (map->slots_count - 1);
}

/* The key's slot, or the free one where it would go. The map has a free slot. */
static struct word_map_slot *slot_find(const struct word_map *map, uint64_t key)
{
    uint64_t at = slot_first(map, key);

    while (map->slots[at].used && map->slots[at].key != key)
        at = (at + 1) & (map->slots_count - 1);
    return &map->slots[at];
}

static const struct word_map_slot *slot_of(const struct word_map *map, uint64_t key)
{
    const struct word_map_slot *slot = map->slots_count != 0 ? slot_find(map, key) : NULL;

    return slot != NULL && slot->used ? slot : NULL;
}

uint64_t word_map_get(const struct word_map *map, uint64_t key, uint64_t otherwise)
{
    const struct word_map_slot *slot = slot_of(map, key);

    return slot != NULL ? slot->value : otherwise;
}

bool word_map_has(const struct word_map *map, uint64_t key)
{
    return slot_of(map, key) != NULL;
}

static void map_grow(struct word_map *map)
{
    struct word_map larger = {.slots_count = map->slots_count != 0 ? map->slots_count * 2
                                                                    : SLOTS_FIRST,
                              .used = map->used};

    larger.slots = g_new0(struct word_map_slot, larger.slots_count);
    for (uint64_t i = 0; i < map->slots_count; i++)
        if (map->slots[i].used)
            *slot_find(&larger, map->slots[i].key) = map->slots[i];
    g_free(map->slots);
    *map = larger;
}

void word_map_set(struct word_map *map, uint64_t key, uint64_t value)
{
    struct word_map_slot *slot;

    if (map->used * 2 >= map->slots_count)
        map_grow(map);
    slot = slot_find(map, key);
    map->used += !slot->used;
    *slot = (struct word_map_slot){.key = key, .value = value, .used = true};
}

void word_map_clear(struct word_map *map)
{
    g_free(map->slots);
    *map = (struct word_map){0};
}

void word_map_copy(struct word_map *to, const struct word_map *from)
{
    *to = *from;
    to->slots = NULL;
    if (from->slots_count != 0) {
        to->slots = g_new(struct word_map_slot, from->slots_count);
        memcpy(to->slots, from->slots, from->slots_count * sizeof(from->slots[0]));
    }
}
