/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chip as the firmware knows it: identity from the seed, and the CPUID functions of the emulated
 * processor as limits for the CPUID page (SEV-SNP ABI 56860, CPUID reporting). The table of cpu/ is
 * the one source: each function must be as the processor has it, less is allowed for feature bits.
 */
#include "emu/machine_internal.h"

#define LEAF_FEATURES 0x1u
#define LEAF_EXT_FEATURES 0x7u
#define LEAF_AMD_FEATURES 0x80000001u
#define LEAF_HV_FIRST 0x40000000u
#define LEAF_HV_LAST 0x4fffffffu

static struct psp_cpuid_reg reg(enum psp_cpuid_rule rule, uint32_t value, uint32_t free)
{
    return (struct psp_cpuid_reg){.rule = (uint8_t)rule, .value = value, .free = free};
}

void chip_config(struct psp_config *config, const struct cpuid_table *cpuid, uint64_t seed)
{
    psp_config_default(config, seed);
    for (uint32_t i = 0; i < cpuid->count && config->cpuid.count < PSP_CPUID_LIMITS_MAX; i++) {
        const struct cpuid_entry *entry = &cpuid->entry[i];
        if (entry->eax_in >= LEAF_HV_FIRST && entry->eax_in <= LEAF_HV_LAST)
            continue; /* the hypervisor's own range is not the firmware's business */
        enum psp_cpuid_rule rule =
            entry->eax_in == LEAF_FEATURES || entry->eax_in == LEAF_EXT_FEATURES ||
                    entry->eax_in == LEAF_AMD_FEATURES
                ? PSP_CPUID_BITS
                : PSP_CPUID_EXACT;
        /* Leaf 1 EBX holds the initial APIC ID and the count of logical processors. */
        uint32_t free_ebx = entry->eax_in == LEAF_FEATURES ? 0xffff0000 : 0;
        config->cpuid.limit[config->cpuid.count++] = (struct psp_cpuid_limit){
            .leaf = entry->eax_in,
            .subleaf = entry->ecx_in,
            .eax = reg(entry->eax_in == LEAF_FEATURES ? PSP_CPUID_EXACT : rule, entry->eax, 0),
            .ebx = reg(rule, entry->ebx, free_ebx),
            .ecx = reg(rule, entry->ecx, 0),
            .edx = reg(rule, entry->edx, 0),
        };
        if (entry->eax_in == LEAF_FEATURES)
            config->fms = entry->eax;
    }
}
