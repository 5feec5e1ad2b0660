/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/cpuid.h"

#include <stddef.h>

enum {
    LEAF_XSAVE = 0xd,
    XSAVE_LEGACY_BYTES = 576, /* x87 and SSE state and the XSAVE header (APM 1 11.5.2) */
    XSAVE_COMPONENTS = 63,
    XSAVE_FIRST_EXTENDED = 2,
};

static bool leaf_is_hypervisors(uint32_t leaf)
{
    return leaf >= 0x40000000 && leaf <= 0x4fffffff;
}

static const struct psp_cpuid_limit *limit_find(const struct psp_cpuid_table *table, uint32_t leaf,
                                                uint32_t subleaf)
{
    for (uint32_t i = 0; i < table->count && i < PSP_CPUID_LIMITS_MAX; i++) {
        const struct psp_cpuid_limit *limit = &table->limit[i];
        if (limit->leaf == leaf && (limit->any_subleaf || limit->subleaf == subleaf))
            return limit;
    }
    return NULL;
}

/*
 * APM 3 CPUID Fn0000_000D: EBX of subleaf 0 is the size of the standard format for the components
 * of XCR0, EBX of subleaf 1 that of the compacted format for XCR0 | XSS.
 */
static uint32_t xsave_bytes(const struct psp_cpuid_table *table, const struct psp_cpuid_fn *fn)
{
    bool compacted = fn->ecx_in == 1;
    uint64_t components = compacted ? fn->xcr0_in | fn->xss_in : fn->xcr0_in;
    uint32_t bytes = XSAVE_LEGACY_BYTES;

    for (uint32_t i = XSAVE_FIRST_EXTENDED; i < XSAVE_COMPONENTS; i++) {
        const struct psp_cpuid_limit *limit;
        if (!(components >> i & 1))
            continue;
        limit = limit_find(table, LEAF_XSAVE, i);
        if (!limit)
            continue;
        if (compacted) {
            if (limit->ecx.value & 2)
                bytes = (bytes + 63) & ~UINT32_C(63);
            bytes += limit->eax.value;
        } else if (limit->ebx.value + limit->eax.value > bytes) {
            bytes = limit->ebx.value + limit->eax.value;
        }
    }
    return bytes;
}

static uint32_t corrected(const struct psp_cpuid_table *table, const struct psp_cpuid_fn *fn,
                          const struct psp_cpuid_reg *reg, uint32_t claim)
{
    uint32_t right = claim;

    switch ((enum psp_cpuid_rule)reg->rule) {
    case PSP_CPUID_FREE: return claim;
    case PSP_CPUID_EXACT: right = reg->value; break;
    case PSP_CPUID_BITS: right = claim & reg->value; break;
    case PSP_CPUID_MAX: right = claim > reg->value ? reg->value : claim; break;
    case PSP_CPUID_XSAVE: right = xsave_bytes(table, fn); break;
    }
    return (right & ~reg->free) | (claim & reg->free);
}

bool psp_cpuid_check_fn(const struct psp_cpuid_table *table, struct psp_cpuid_fn *fn)
{
    static const struct psp_cpuid_limit zero = {
        .eax = {.rule = PSP_CPUID_EXACT},
        .ebx = {.rule = PSP_CPUID_EXACT},
        .ecx = {.rule = PSP_CPUID_EXACT},
        .edx = {.rule = PSP_CPUID_EXACT},
    };
    const struct psp_cpuid_limit *limit = limit_find(table, fn->eax_in, fn->ecx_in);
    struct psp_cpuid_fn right = *fn;
    bool same;

    right.reserved = 0;
    if (!limit && !leaf_is_hypervisors(fn->eax_in))
        limit = &zero;
    if (limit) {
        right.eax = corrected(table, fn, &limit->eax, fn->eax);
        right.ebx = corrected(table, fn, &limit->ebx, fn->ebx);
        right.ecx = corrected(table, fn, &limit->ecx, fn->ecx);
        right.edx = corrected(table, fn, &limit->edx, fn->edx);
    }
    same = right.eax == fn->eax && right.ebx == fn->ebx && right.ecx == fn->ecx &&
           right.edx == fn->edx && right.reserved == fn->reserved;
    *fn = right;
    return same;
}

bool psp_cpuid_check(const struct psp_cpuid_table *table, struct psp_cpuid_fn *fn, uint32_t count,
                     uint32_t *bad)
{
    bool right = true;

    for (uint32_t i = 0; i < count; i++) {
        if (psp_cpuid_check_fn(table, &fn[i]))
            continue;
        if (right && bad)
            *bad = i;
        right = false;
    }
    return right;
}
