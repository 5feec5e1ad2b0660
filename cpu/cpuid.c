/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Milan-like processor (family 0x19, model 1) reduced to what the engine executes exactly:
 *
 *   hidden                                why
 *   AVX, AVX2, FMA, F16C                  the engine runs VEX forms with SSE semantics
 *   XSAVE and every leaf above 7          no XSAVEC, XSAVES
 *   BMI1, BMI2, ADX, SHA, SSE4A, CLZERO   absent, or depend on CR4.OSFXSR in the engine
 *   PCID, INVPCID, LA57, UMIP, PKU, CET   absent
 *   RDSEED, RDPID, MONITOR, RDPRU, SVM    absent, or not modelled
 *   ERMS, FSRM                            one iteration is one engine block: STOSB would be slow
 *   MTRR, MCE, MCA, PMU, SPEC_CTRL, CR8   no such devices behind the registers
 *
 * Physical addresses: 52 bits less the reduction of 1 leave bits 50:0, so that the C-bit, 51, is
 * the bit just above them and struct rmp_entry's GPA[50:12] covers every guest page.
 */
#include "cpu/cpuid.h"

#include <stddef.h>
#include <string.h>

#define BIT(n) (UINT32_C(1) << (n))

enum { PHYS_BITS = 52, LINEAR_BITS = 48, PHYS_REDUCTION = 1, VMPLS = 4, ASIDS = 15 };
_Static_assert(PHYS_BITS - PHYS_REDUCTION == CPU_CBIT, "the C-bit is the first bit taken away");

/* Family 0x19 = 0xf + 0xa, model 1, stepping 1. */
#define SIGNATURE UINT32_C(0x00a00f11)
#define VENDOR_EBX UINT32_C(0x68747541) /* Auth */
#define VENDOR_EDX UINT32_C(0x69746e65) /* enti */
#define VENDOR_ECX UINT32_C(0x444d4163) /* cAMD */

enum {
    LEAF1_ECX_SSE3 = 0, LEAF1_ECX_PCLMUL = 1, LEAF1_ECX_SSSE3 = 9, LEAF1_ECX_CX16 = 13,
    LEAF1_ECX_SSE41 = 19, LEAF1_ECX_SSE42 = 20, LEAF1_ECX_X2APIC = 21, LEAF1_ECX_MOVBE = 22,
    LEAF1_ECX_POPCNT = 23, LEAF1_ECX_TSC_DEADLINE = 24, LEAF1_ECX_AES = 25,
    LEAF1_ECX_RDRAND = 30, LEAF1_ECX_HYPERVISOR = 31,
};

#define LEAF1_ECX                                                                                  \
    (BIT(LEAF1_ECX_SSE3) | BIT(LEAF1_ECX_PCLMUL) | BIT(LEAF1_ECX_SSSE3) | BIT(LEAF1_ECX_CX16)      \
     | BIT(LEAF1_ECX_SSE41) | BIT(LEAF1_ECX_SSE42) | BIT(LEAF1_ECX_X2APIC)                         \
     | BIT(LEAF1_ECX_MOVBE) | BIT(LEAF1_ECX_POPCNT) | BIT(LEAF1_ECX_TSC_DEADLINE)                  \
     | BIT(LEAF1_ECX_AES) | BIT(LEAF1_ECX_RDRAND) | BIT(LEAF1_ECX_HYPERVISOR))

/* FPU DE PSE TSC MSR PAE CX8 APIC, PGE, CMOV PAT PSE36, MMX FXSR: the same in 0x80000001. */
#define EDX_COMMON                                                                                 \
    (BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(13) | BIT(15)     \
     | BIT(16) | BIT(17) | BIT(23) | BIT(24))
/* SEP, CLFLUSH, SSE, SSE2 */
#define LEAF1_EDX (EDX_COMMON | BIT(11) | BIT(19) | BIT(25) | BIT(26))
/* FSGSBASE, SMEP, SMAP, CLFLUSHOPT */
#define LEAF7_EBX (BIT(0) | BIT(7) | BIT(20) | BIT(23))
/* LAHF, ABM */
#define EXT1_ECX (BIT(0) | BIT(5))
/* SYSCALL, NX, MMXEXT, 1 GiB pages, RDTSCP, long mode */
#define EXT1_EDX (EDX_COMMON | BIT(11) | BIT(20) | BIT(22) | BIT(26) | BIT(27) | BIT(29))

static const char brand[48] = "AMD EPYC 7003 class, emulated by Prova";

static void add(struct cpuid_table *table, uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx,
                uint32_t edx)
{
    table->entry[table->count++] = (struct cpuid_entry){
        .eax_in = leaf, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx
    };
}

static void add_brand(struct cpuid_table *table)
{
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t word[4];
        for (unsigned k = 0; k < 4; k++) {
            const unsigned char *c = (const unsigned char *)brand + i * 16 + k * 4;
            word[k] = c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 | (uint32_t)c[3] << 24;
        }
        add(table, 0x80000002 + i, word[0], word[1], word[2], word[3]);
    }
}

void cpuid_table_init(struct cpuid_table *table)
{
    *table = (struct cpuid_table){ 0 };
    add(table, 0, 7, VENDOR_EBX, VENDOR_ECX, VENDOR_EDX);
    /* CLFLUSH line of 8 quadwords, one logical processor; the APIC ID is the hypervisor's word. */
    add(table, 1, SIGNATURE, 8 << 8 | 1 << 16, LEAF1_ECX, LEAF1_EDX);
    add(table, 6, BIT(2), 0, 0, 0); /* ARAT: the local timer never stops */
    add(table, 7, 0, LEAF7_EBX, 0, 0);
    /* Linux uses the x2APIC only if a hypervisor it knows vouches for it; no features of one. */
    add(table, 0x40000000, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d); /* KVMKVMKVM */
    add(table, 0x40000001, 0, 0, 0, 0);
    add(table, 0x80000000, 0x8000001f, VENDOR_EBX, VENDOR_ECX, VENDOR_EDX);
    add(table, 0x80000001, SIGNATURE, 0, EXT1_ECX, EXT1_EDX);
    add_brand(table);
    /* 32 KiB 8-way caches of 64-byte lines; 512 KiB 8-way second level. */
    add(table, 0x80000005, 0, 0, 0x20080140, 0x20080140);
    add(table, 0x80000006, 0, 0, 0x02006140, 0);
    add(table, 0x80000007, 0, 0, 0, BIT(8)); /* invariant TSC */
    add(table, 0x80000008, PHYS_BITS | LINEAR_BITS << 8, 0, 0, 0);
    /* SEV, SEV-ES, SEV-SNP, VMPL; EBX[31]: no cache flush by software is needed. */
    add(table, 0x8000001f, BIT(1) | BIT(3) | BIT(4) | BIT(5),
        CPU_CBIT | PHYS_REDUCTION << 6 | VMPLS << 12 | BIT(31), ASIDS, ASIDS + 1);
}

/* Leaves whose answer depends on ECX (APM 3 appendix E). */
static bool leaf_is_indexed(uint32_t leaf)
{
    switch (leaf) {
    case 0x4:
    case 0x7:
    case 0xb:
    case 0xd:
    case 0xf:
    case 0x10:
    case 0x8000001d:
    case 0x80000020:
    case 0x80000026:
        return true;
    default:
        return false;
    }
}

const struct cpuid_entry *cpuid_find(const struct cpuid_table *table, uint32_t eax, uint32_t ecx)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct cpuid_entry *entry = &table->entry[i];
        if (entry->eax_in == eax && (!leaf_is_indexed(eax) || entry->ecx_in == ecx))
            return entry;
    }
    return NULL;
}

static void put32(uint8_t *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static void put64(uint8_t *out, uint64_t value)
{
    put32(out, (uint32_t)value);
    put32(out + 4, (uint32_t)(value >> 32));
}

/* SEV-SNP ABI 56860, "CPUID page": count, 12 zero bytes, the functions. */
void cpuid_page_build(const struct cpuid_table *table, uint8_t page[4096])
{
    memset(page, 0, 4096);
    put32(page, table->count);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct cpuid_entry *entry = &table->entry[i];
        uint8_t *out = page + 16 + i * sizeof(*entry);
        put32(out, entry->eax_in);
        put32(out + 4, entry->ecx_in);
        put64(out + 8, entry->xcr0_in);
        put64(out + 16, entry->xss_in);
        put32(out + 24, entry->eax);
        put32(out + 28, entry->ebx);
        put32(out + 32, entry->ecx);
        put32(out + 36, entry->edx);
    }
}
