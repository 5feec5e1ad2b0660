/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A map from words to words for the memory of a rule: open addressing, no order, nothing that
 * depends on the host. It grows as needed; an empty one is all zero.
 */
#ifndef PROVA_RULES_WORD_MAP_H
#define PROVA_RULES_WORD_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct word_map_slot {
    uint64_t key, value;
    bool used;
};

struct word_map {
    struct word_map_slot *slots; /* slots_count of them: a power of two, or none */
    uint64_t slots_count, used;
};

/* The value of a key; `otherwise` if it has none. */
uint64_t word_map_get(const struct word_map *map, uint64_t key, uint64_t otherwise);
bool word_map_has(const struct word_map *map, uint64_t key);
void word_map_set(struct word_map *map, uint64_t key, uint64_t value);

void word_map_clear(struct word_map *map); /* frees it; an empty map is left */
/* *to is taken to be uninitialised; free it with word_map_clear(). */
void word_map_copy(struct word_map *to, const struct word_map *from);

#endif
