/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzzer's own random numbers: xorshift64*, a state for each vCPU. */
#ifndef MONITOR_GUEST_FUZZ_RANDOM_H
#define MONITOR_GUEST_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* state is not 0. */
static inline uint64_t fuzz_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 .. count - 1 */
static inline uint64_t fuzz_below(uint64_t *state, uint64_t count)
{
    return (fuzz_random(state) >> 11) % count;
}

/* True once in `count` times. */
static inline bool fuzz_once_in(uint64_t *state, uint64_t count)
{
    return fuzz_below(state, count) == 0;
}

#endif
