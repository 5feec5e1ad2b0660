/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer's model of the monitor: what the state of each page of a vCPU's own 2 MiB is, and so
 * which results a call may have. Only this vCPU names these pages in calls.
 *
 *   PRIVATE     validated, this guest's; holds `tag` in its first and last word
 *   SHARED      the hypervisor's; the same, through the shared view
 *   UNKNOWN     shared for the monitor, but nobody knows for whom it is mapped: never touched
 *   AREA        PRIVATE, and the vCPU's calling area
 */
#ifndef MONITOR_GUEST_FUZZ_MAP_H
#define MONITOR_GUEST_FUZZ_MAP_H

#include <stdbool.h>
#include <stdint.h>

enum { MAP_PAGES = 512 };

enum map_state { MAP_PRIVATE, MAP_SHARED, MAP_UNKNOWN, MAP_AREA };

struct map {
    uint64_t base; /* GPA, 2 MiB aligned */
    uint8_t state[MAP_PAGES];
    uint64_t tag[MAP_PAGES];
    bool fresh[MAP_PAGES]; /* changed by the last call, not looked at yet */
    uint64_t broken;       /* pages that did not hold what they should */
};

/* Sets of result codes. */
enum result_bit {
    CAN_SUCCEED = 1 << 0,
    CAN_INCOMPLETE = 1 << 1,
    CAN_NO_PROTOCOL = 1 << 2,
    CAN_NO_CALL = 1 << 3,
    CAN_ADDRESS = 1 << 4,
    CAN_FORMAT = 1 << 5,
    CAN_PARAMETER = 1 << 6,
    CAN_REQUEST = 1 << 7,
    CAN_BUSY = 1 << 8,
    CAN_IN_USE = 1 << 9,
    CAN_SIZE = 1 << 10,
    CAN_NO_CHANGE = 1 << 11,
    CAN_FIRMWARE = 1 << 12,
    CAN_TAG = 1 << 13,
};

/* The bit of a result code; 0 if it is none that the monitor has. */
uint32_t result_bit(uint32_t code);

void map_init(struct map *map, uint64_t base);

/* What a conversion of these pages to shared (or private) can give. */
uint32_t map_convert_results(const struct map *map, uint64_t first, uint64_t pages, bool to_shared);

/* The call succeeded. What it changed twice, such as by a list, counts as it is at last. */
void map_converted(struct map *map, uint64_t first, uint64_t pages, bool to_shared);

/* Core PVALIDATE of an entry of these pages, 1 or all 512. */
uint32_t map_pvalidate_results(const struct map *map, uint64_t first, bool large, bool validate,
                               bool ignore_carry);
void map_pvalidated(struct map *map, uint64_t first, bool large, bool validate);
void map_pvalidate_failed(struct map *map, uint64_t first, bool large);

/* After the call: pages that became private must be empty. */
void map_settle(struct map *map, uint64_t first, uint64_t pages);

/* Looks whether the page holds what it should, and writes something new. */
void map_touch(struct map *map, uint64_t page, uint64_t tag);

void map_area_set(struct map *map, uint64_t page, bool area);

#endif
