/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule holds for which register of which leaf (docs/psp.md has the same as a table). */
#include <stddef.h>
#include <string.h>

#include "psp/cpuid.h"

struct leaf_rules {
    uint32_t first, last;        /* leaves */
    bool subleaves;              /* ECX selects one */
    uint8_t eax, ebx, ecx, edx;  /* enum psp_cpuid_rule */
    uint32_t free_ebx, free_ecx; /* the hypervisor's choice, or following the guest's own CR4 */
};

enum {
    EXACT = PSP_CPUID_EXACT,
    BITS = PSP_CPUID_BITS,
    FREE = PSP_CPUID_FREE,
    MAX = PSP_CPUID_MAX,
    XSAVE = PSP_CPUID_XSAVE,
};

/* Leaf 0xd stands apart: its rules depend on the subleaf. */
static const struct leaf_rules rules[] = {
    {0x0, 0x0, false, MAX, EXACT, EXACT, EXACT, 0, 0},
    /* free: initial APIC ID and processor count; hypervisor present and OSXSAVE */
    {0x1, 0x1, false, EXACT, EXACT, BITS, BITS, 0xffff0000, 0x88000000},
    {0x4, 0x4, true, EXACT, EXACT, EXACT, EXACT, 0, 0},
    /* free: OSPKE */
    {0x7, 0x7, true, MAX, BITS, BITS, BITS, 0, 0x10},
    {0xb, 0xb, true, FREE, FREE, FREE, FREE, 0, 0},
    {0xf, 0x10, true, EXACT, EXACT, EXACT, EXACT, 0, 0},
    {0x40000000, 0x4fffffff, true, FREE, FREE, FREE, FREE, 0, 0},
    {0x80000000, 0x80000000, false, MAX, EXACT, EXACT, EXACT, 0, 0},
    {0x80000001, 0x80000001, false, EXACT, EXACT, BITS, BITS, 0, 0},
    {0x80000002, 0x80000004, false, FREE, FREE, FREE, FREE, 0, 0},
    {0x80000007, 0x80000007, false, EXACT, EXACT, EXACT, BITS, 0, 0},
    {0x80000008, 0x80000008, false, EXACT, BITS, FREE, EXACT, 0, 0},
    {0x8000001d, 0x8000001d, true, EXACT, EXACT, EXACT, EXACT, 0, 0},
    {0x8000001e, 0x8000001e, false, FREE, FREE, FREE, FREE, 0, 0},
    {0x8000001f, 0x8000001f, false, BITS, EXACT, MAX, MAX, 0, 0},
    {0x80000020, 0x80000020, true, EXACT, EXACT, EXACT, EXACT, 0, 0},
    {0x80000026, 0x80000026, true, FREE, FREE, FREE, FREE, 0, 0},
};
static const struct leaf_rules rules_xsave0 = {0xd, 0xd, true, BITS, XSAVE, MAX, BITS, 0, 0};
static const struct leaf_rules rules_xsave1 = {0xd, 0xd, true, BITS, XSAVE, BITS, BITS, 0, 0};
static const struct leaf_rules rules_xsaven = {0xd, 0xd, true, EXACT, EXACT, EXACT, EXACT, 0, 0};
static const struct leaf_rules rules_other = {0, 0, false, EXACT, EXACT, EXACT, EXACT, 0, 0};

static const struct leaf_rules *rules_find(uint32_t leaf, uint32_t subleaf)
{
    if (leaf == 0xd)
        return subleaf == 0 ? &rules_xsave0 : subleaf == 1 ? &rules_xsave1 : &rules_xsaven;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (leaf >= rules[i].first && leaf <= rules[i].last)
            return &rules[i];
    }
    return &rules_other;
}

bool psp_cpuid_table_init(struct psp_cpuid_table *table, const struct psp_cpuid_fn *fn,
                          uint32_t count)
{
    memset(table, 0, sizeof *table);
    if (count > PSP_CPUID_LIMITS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct leaf_rules *leaf = rules_find(fn[i].eax_in, fn[i].ecx_in);
        table->limit[i] = (struct psp_cpuid_limit){
            .leaf = fn[i].eax_in,
            .subleaf = fn[i].ecx_in,
            .any_subleaf = !leaf->subleaves,
            .eax = {.rule = leaf->eax, .value = fn[i].eax},
            .ebx = {.rule = leaf->ebx, .value = fn[i].ebx, .free = leaf->free_ebx},
            .ecx = {.rule = leaf->ecx, .value = fn[i].ecx, .free = leaf->free_ecx},
            .edx = {.rule = leaf->edx, .value = fn[i].edx},
        };
    }
    table->count = count;
    return true;
}
