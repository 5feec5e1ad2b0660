/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chip as the firmware knows it: identity from the seed, and the CPUID functions of the
 * emulated processor (cpu/cpuid.h, the one source) as limits for the CPUID page.
 */
#include <string.h>

#include "emu/machine_internal.h"

#define LEAF_FEATURES 0x1u

_Static_assert(sizeof(struct psp_cpuid_fn) == sizeof(struct cpuid_entry), "one layout, 48 bytes");

void chip_config(struct psp_config *config, const struct cpuid_table *cpuid, uint64_t seed)
{
    struct psp_cpuid_fn fn[CPUID_ENTRIES_MAX];
    memcpy(fn, cpuid->entry, cpuid->count * sizeof(fn[0]));
    psp_config_default(config, seed);
    bool fits = psp_cpuid_table_init(&config->cpuid, fn, cpuid->count);
    g_assert(fits);
    config->fms = cpuid_find(cpuid, LEAF_FEATURES, 0)->eax;
}
