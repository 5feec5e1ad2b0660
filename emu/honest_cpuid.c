/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID as the hypervisor answers it, by the MSR protocol and by the GHCB page: the table of the
 * CPUID page, and the APIC id of the processor that asks where the architecture shows it (APM 3
 * appendix E). The id is the processor's number.
 */
#include "emu/honest_internal.h"

enum { LEAF_FEATURES = 0x1, LEAF_TOPOLOGY = 0xb };
#define LEAF_EXTENDED_TOPOLOGY UINT32_C(0x8000001e)

void honest_cpuid(const struct machine *machine, uint32_t cpu, uint32_t leaf, uint32_t subleaf,
                  struct cpuid_entry *out)
{
    const struct cpuid_entry *entry = cpuid_find(&machine->cpuid, leaf, subleaf);
    *out = entry ? *entry : (struct cpuid_entry){0};
    switch (leaf) {
    case LEAF_FEATURES: out->ebx |= cpu << 24; break;
    case LEAF_TOPOLOGY: out->edx = cpu; break;
    case LEAF_EXTENDED_TOPOLOGY: out->eax = cpu; break;
    default: break;
    }
}
