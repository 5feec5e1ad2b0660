/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID table of the emulated processor: what the CPUID page holds and what CPUID answers. It
 * advertises only what the engine executes (no AVX, XSAVE, BMI, PCID, ...: docs/limits.md).
 */
#ifndef PROVA_CPU_CPUID_H
#define PROVA_CPU_CPUID_H

#include <stdbool.h>
#include <stdint.h>

enum { CPUID_ENTRIES_MAX = 64, CPU_CBIT = 51 };

/* One function of the CPUID page, SEV-SNP ABI 56860 "CPUID page": 48 bytes. */
struct cpuid_entry {
    uint32_t eax_in, ecx_in;
    uint64_t xcr0_in, xss_in;
    uint32_t eax, ebx, ecx, edx;
    uint64_t reserved;
};
_Static_assert(sizeof(struct cpuid_entry) == 48, "48 bytes a function");

struct cpuid_table {
    uint32_t count;
    struct cpuid_entry entry[CPUID_ENTRIES_MAX];
};

/* Fills in the table of the emulated processor. */
void cpuid_table_init(struct cpuid_table *table);

/* The entry for a leaf and subleaf; NULL if the table has none (CPUID then answers zeros). */
const struct cpuid_entry *cpuid_find(const struct cpuid_table *table, uint32_t eax, uint32_t ecx);

/* The 4096-byte CPUID page: u32 count, u32 0, u64 0, entries. */
void cpuid_page_build(const struct cpuid_table *table, uint8_t page[4096]);

#endif
