/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/fuzz_map.h"

#include "monitor/guest/page.h"
#include "monitor/guest/runtime.h"
#include "monitor/snp.h"

enum { LAST_WORD = 511 };

uint32_t result_bit(uint32_t code)
{
    static const uint32_t codes[] = {
        (uint32_t)SVSM_SUCCESS,
        (uint32_t)SVSM_INCOMPLETE,
        (uint32_t)SVSM_UNSUPPORTED_PROTOCOL,
        (uint32_t)SVSM_UNSUPPORTED_CALL,
        (uint32_t)SVSM_INVALID_ADDRESS,
        (uint32_t)SVSM_INVALID_FORMAT,
        (uint32_t)SVSM_INVALID_PARAMETER,
        (uint32_t)SVSM_INVALID_REQUEST,
        (uint32_t)SVSM_BUSY,
        (uint32_t)SVSM_IN_USE,
        (uint32_t)SVSM_SIZE_MISMATCH,
        (uint32_t)SVSM_NO_CHANGE,
        (uint32_t)SVSM_FIRMWARE,
        0x80001200,
    };
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == code) {
            return UINT32_C(1) << i;
        }
    }
    return 0;
}

static volatile uint64_t *words_of(const struct map *map, uint64_t page)
{
    void *private_view = (void *)(map->base + page * PAGE_BYTES);
    return map->state[page] == MAP_SHARED ? guest_shared_view(private_view) : private_view;
}

void map_init(struct map *map, uint64_t base)
{
    *map = (struct map){.base = base}; /* all private and empty */
}

void map_touch(struct map *map, uint64_t page, uint64_t tag)
{
    if (map->state[page] != MAP_PRIVATE && map->state[page] != MAP_SHARED) {
        return;
    }
    volatile uint64_t *words = words_of(map, page);
    if (words[0] != map->tag[page] || words[LAST_WORD] != map->tag[page]) {
        map->broken++;
    }
    map->tag[page] = tag;
    words[0] = tag;
    words[LAST_WORD] = tag;
}

static void became(struct map *map, uint64_t page, enum map_state state)
{
    map->state[page] = (uint8_t)state;
    map->tag[page] = 0;
    map->fresh[page] = true;
}

void map_settle(struct map *map, uint64_t first, uint64_t pages)
{
    for (uint64_t page = first; page < first + pages; page++) {
        volatile uint64_t *words = words_of(map, page);
        if (map->fresh[page] && map->state[page] == MAP_PRIVATE) {
            map->broken += !page_holds(words, 0);
        } else if (map->fresh[page] && map->state[page] == MAP_SHARED) {
            words[0] = 0; /* what was in it is ciphertext now */
            words[LAST_WORD] = 0;
        }
        map->fresh[page] = false;
    }
}

uint32_t map_convert_results(const struct map *map, uint64_t first, uint64_t pages, bool to_shared)
{
    uint32_t errors = 0;
    for (uint64_t page = first; page < first + pages; page++) {
        bool is_private = map->state[page] == MAP_PRIVATE;
        if (map->state[page] == MAP_AREA) {
            errors |= CAN_ADDRESS;
        } else if (is_private != to_shared) {
            errors |= CAN_NO_CHANGE;
        }
    }
    return errors ? errors : CAN_SUCCEED;
}

void map_converted(struct map *map, uint64_t first, uint64_t pages, bool to_shared)
{
    for (uint64_t page = first; page < first + pages; page++) {
        became(map, page, to_shared ? MAP_SHARED : MAP_PRIVATE);
    }
}

uint32_t map_pvalidate_results(const struct map *map, uint64_t first, bool large, bool validate,
                               bool ignore_carry)
{
    uint32_t results = map_convert_results(map, first, large ? MAP_PAGES : 1, !validate);
    if (results == CAN_NO_CHANGE && ignore_carry && !large) {
        return CAN_SUCCEED;
    }
    return results == CAN_SUCCEED && large ? CAN_SUCCEED | CAN_SIZE : results;
}

/* Whether the hypervisor took the page along is not asked: it is not told by this call. */
void map_pvalidated(struct map *map, uint64_t first, bool large, bool validate)
{
    for (uint64_t page = first; page < first + (large ? MAP_PAGES : 1); page++) {
        if ((map->state[page] == MAP_PRIVATE) != validate) {
            became(map, page, validate ? MAP_PRIVATE : MAP_UNKNOWN);
        }
    }
}

/* The hypervisor may have given pages of a 2 MiB entry already. */
void map_pvalidate_failed(struct map *map, uint64_t first, bool large)
{
    for (uint64_t page = first; large && page < first + MAP_PAGES; page++) {
        if (map->state[page] == MAP_SHARED) {
            map->state[page] = MAP_UNKNOWN;
        }
    }
}

void map_area_set(struct map *map, uint64_t page, bool area)
{
    map->state[page] = MAP_AREA;
    if (!area) {
        page_fill(words_of(map, page), 0);
        map->state[page] = MAP_PRIVATE;
        map->tag[page] = 0;
    }
}
