/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID page of SNP_LAUNCH_UPDATE and the MSG_CPUID guest message (SEV-SNP ABI 56860, CPUID
 * reporting): what the hypervisor claims is checked against a table of what the chip supports.
 *
 * The table is a parameter: the firmware model does not know the processor model. Entries that the
 * hypervisor leaves out are not checked; order and duplicates are free.
 */
#ifndef PROVA_PSP_CPUID_H
#define PROVA_PSP_CPUID_H

#include <stdbool.h>
#include <stdint.h>

enum { PSP_CPUID_FUNCTIONS_MAX = 64, PSP_CPUID_LIMITS_MAX = 96 };

/* One function in the page and in the message. */
struct psp_cpuid_fn {
    uint32_t eax_in, ecx_in;
    uint64_t xcr0_in, xss_in;
    uint32_t eax, ebx, ecx, edx;
    uint64_t reserved;
};
_Static_assert(sizeof(struct psp_cpuid_fn) == 48, "48 bytes a function");

struct psp_cpuid_page {
    uint32_t count;
    uint32_t reserved1;
    uint64_t reserved2;
    struct psp_cpuid_fn fn[PSP_CPUID_FUNCTIONS_MAX];
    uint8_t reserved3[4096 - 16 - 48 * PSP_CPUID_FUNCTIONS_MAX];
};
_Static_assert(sizeof(struct psp_cpuid_page) == 4096, "the CPUID page is a page");

enum psp_cpuid_rule {
    PSP_CPUID_FREE,  /* the hypervisor's choice */
    PSP_CPUID_EXACT, /* must equal value */
    PSP_CPUID_BITS,  /* feature bits: a subset of value */
    PSP_CPUID_MAX,   /* at most value, unsigned */
    PSP_CPUID_XSAVE, /* leaf 0xD subleaf 0 or 1 EBX: the size that follows from XCR0 and XSS in */
};

struct psp_cpuid_reg {
    uint8_t rule;   /* enum psp_cpuid_rule */
    uint32_t value; /* XSAVE: not used */
    uint32_t free;  /* bits of the register that no rule looks at (APIC ids and the like) */
};

/*
 * One leaf of the chip. A leaf that no limit names must read as zero, but for the hypervisor's own
 * range 0x40000000-0x4fffffff. The state components' sizes for PSP_CPUID_XSAVE are the values of
 * EAX (size), EBX (offset) and ECX[1] (64-byte alignment) of leaf 0xD subleaves 2..62.
 */
struct psp_cpuid_limit {
    uint32_t leaf;
    uint32_t subleaf;
    bool any_subleaf; /* the leaf has no subleaves: ECX in is ignored */
    struct psp_cpuid_reg eax, ebx, ecx, edx;
};

struct psp_cpuid_table {
    uint32_t count;
    struct psp_cpuid_limit limit[PSP_CPUID_LIMITS_MAX];
};

/*
 * The table of a chip that answers CPUID like fn: each leaf gets the rules of its kind (feature
 * bits may be taken away, highest leaves lowered, topology and brand are free, the rest is exact).
 * False if there are more than PSP_CPUID_LIMITS_MAX functions.
 */
bool psp_cpuid_table_init(struct psp_cpuid_table *table, const struct psp_cpuid_fn *fn,
                          uint32_t count);

/* Checks one function and corrects what is wrong. True if nothing had to be corrected. */
bool psp_cpuid_check_fn(const struct psp_cpuid_table *table, struct psp_cpuid_fn *fn);

/*
 * Checks a list of count functions in place, true if all were right. The reserved fields are part
 * of the check. *bad gets the index of the first wrong function.
 */
bool psp_cpuid_check(const struct psp_cpuid_table *table, struct psp_cpuid_fn *fn, uint32_t count,
                     uint32_t *bad);

#endif
