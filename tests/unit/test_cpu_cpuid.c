/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUID table: what must be hidden, what a Linux guest needs, and the page's format. */
#include <glib.h>
#include <string.h>

#include "cpu/cpuid.h"

enum { EAX, EBX, ECX, EDX };

struct feature {
    const char *name;
    uint32_t leaf;
    uint8_t reg, bit;
};

static const struct feature hidden[] = {
    { "MONITOR", 1, ECX, 3 },       { "FMA", 1, ECX, 12 },         { "PCID", 1, ECX, 17 },
    { "XSAVE", 1, ECX, 26 },        { "OSXSAVE", 1, ECX, 27 },     { "AVX", 1, ECX, 28 },
    { "F16C", 1, ECX, 29 },         { "MCE", 1, EDX, 7 },          { "MTRR", 1, EDX, 12 },
    { "MCA", 1, EDX, 14 },          { "BMI1", 7, EBX, 3 },         { "AVX2", 7, EBX, 5 },
    { "BMI2", 7, EBX, 8 },          { "ERMS", 7, EBX, 9 },         { "INVPCID", 7, EBX, 10 },
    { "AVX512F", 7, EBX, 16 },      { "RDSEED", 7, EBX, 18 },      { "SHA", 7, EBX, 29 },
    { "UMIP", 7, ECX, 2 },          { "PKU", 7, ECX, 3 },          { "CET_SS", 7, ECX, 7 },
    { "LA57", 7, ECX, 16 },         { "RDPID", 7, ECX, 22 },       { "FSRM", 7, EDX, 4 },
    { "SPEC_CTRL", 7, EDX, 26 },    { "MCE", 0x80000001, EDX, 7 }, { "SVM", 0x80000001, ECX, 2 },
    { "CR8", 0x80000001, ECX, 4 },  { "TOPOEXT", 0x80000001, ECX, 22 },
    { "PERFCTR", 0x80000001, ECX, 23 }, { "CLZERO", 0x80000008, EBX, 0 },
    { "INVLPGB", 0x80000008, EBX, 3 }, { "IBPB", 0x80000008, EBX, 12 },
    { "IBRS", 0x80000008, EBX, 14 }, { "SSBD", 0x80000008, EBX, 24 },
};

static const struct feature kept[] = {
    { "FPU", 1, EDX, 0 },      { "TSC", 1, EDX, 4 },      { "MSR", 1, EDX, 5 },
    { "PAE", 1, EDX, 6 },      { "CX8", 1, EDX, 8 },      { "APIC", 1, EDX, 9 },
    { "SEP", 1, EDX, 11 },     { "PGE", 1, EDX, 13 },     { "CMOV", 1, EDX, 15 },
    { "PAT", 1, EDX, 16 },     { "CLFLUSH", 1, EDX, 19 }, { "FXSR", 1, EDX, 24 },
    { "SSE", 1, EDX, 25 },     { "SSE2", 1, EDX, 26 },    { "SSE3", 1, ECX, 0 },
    { "PCLMUL", 1, ECX, 1 },   { "SSSE3", 1, ECX, 9 },    { "CX16", 1, ECX, 13 },
    { "SSE4.1", 1, ECX, 19 },  { "SSE4.2", 1, ECX, 20 },  { "X2APIC", 1, ECX, 21 },
    { "MOVBE", 1, ECX, 22 },   { "POPCNT", 1, ECX, 23 },  { "DEADLINE", 1, ECX, 24 },
    { "AES", 1, ECX, 25 },     { "RDRAND", 1, ECX, 30 },  { "HYPERVISOR", 1, ECX, 31 },
    { "ARAT", 6, EAX, 2 },     { "FSGSBASE", 7, EBX, 0 }, { "SMEP", 7, EBX, 7 },
    { "SMAP", 7, EBX, 20 },    { "CLFLUSHOPT", 7, EBX, 23 },
    { "LAHF", 0x80000001, ECX, 0 },   { "ABM", 0x80000001, ECX, 5 },
    { "SYSCALL", 0x80000001, EDX, 11 }, { "NX", 0x80000001, EDX, 20 },
    { "PDPE1GB", 0x80000001, EDX, 26 }, { "RDTSCP", 0x80000001, EDX, 27 },
    { "LM", 0x80000001, EDX, 29 },    { "INVARIANT_TSC", 0x80000007, EDX, 8 },
};

static bool has(const struct cpuid_table *table, const struct feature *feature)
{
    const struct cpuid_entry *entry = cpuid_find(table, feature->leaf, 0);
    g_assert_nonnull(entry);
    const uint32_t reg[] = { entry->eax, entry->ebx, entry->ecx, entry->edx };
    return (reg[feature->reg] >> feature->bit & 1) != 0;
}

static void test_features(void)
{
    struct cpuid_table table;

    cpuid_table_init(&table);
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++)
        if (has(&table, &hidden[i]))
            g_error("%s must be hidden", hidden[i].name);
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
        if (!has(&table, &kept[i]))
            g_error("%s must be there", kept[i].name);
}

/* XSAVE's leaf 0xd must not exist: Linux terminates if it is there without XSAVEC and XSAVES. */
static void test_limits(void)
{
    struct cpuid_table table;

    cpuid_table_init(&table);
    g_assert_cmpuint(table.count, <=, CPUID_ENTRIES_MAX);
    g_assert_cmpuint(cpuid_find(&table, 0, 0)->eax, ==, 7);
    g_assert_cmphex(cpuid_find(&table, 0x80000000, 0)->eax, ==, 0x8000001f);
    for (uint32_t i = 0; i < table.count; i++) {
        uint32_t leaf = table.entry[i].eax_in;
        g_assert_true(leaf <= 7 || (leaf >= 0x40000000 && leaf <= 0x40000001)
                      || (leaf >= 0x80000000 && leaf <= 0x8000001f));
        g_assert_true(cpuid_find(&table, leaf, table.entry[i].ecx_in) == &table.entry[i]);
    }
    g_assert_null(cpuid_find(&table, 0xd, 0));
    g_assert_null(cpuid_find(&table, 7, 1));
    g_assert_nonnull(cpuid_find(&table, 1, 0x1234));
}

static void test_identity(void)
{
    struct cpuid_table table;
    char vendor[13] = "", brand[49] = "";

    cpuid_table_init(&table);
    const struct cpuid_entry *entry = cpuid_find(&table, 0, 0);
    memcpy(vendor, &entry->ebx, 4);
    memcpy(vendor + 4, &entry->edx, 4);
    memcpy(vendor + 8, &entry->ecx, 4);
    g_assert_cmpstr(vendor, ==, "AuthenticAMD");
    uint32_t fms = cpuid_find(&table, 1, 0)->eax;
    g_assert_cmphex((fms >> 8 & 0xf) + (fms >> 20 & 0xff), ==, 0x19);
    g_assert_cmphex((fms >> 4 & 0xf) | (fms >> 12 & 0xf0), ==, 1);
    for (uint32_t i = 0; i < 3; i++)
        memcpy(brand + 16 * i, &cpuid_find(&table, 0x80000002 + i, 0)->eax, 16);
    g_assert_true(g_str_has_prefix(brand, "AMD EPYC"));
}

/* APM 3 appendix E 4.17: C-bit 51, reduction 1, 4 VMPLs. */
static void test_encryption(void)
{
    struct cpuid_table table;

    cpuid_table_init(&table);
    const struct cpuid_entry *sev = cpuid_find(&table, 0x8000001f, 0);
    uint32_t phys = cpuid_find(&table, 0x80000008, 0)->eax & 0xff;
    g_assert_cmphex(sev->eax, ==, 0x3a);
    g_assert_cmpuint(sev->ebx & 0x3f, ==, CPU_CBIT);
    g_assert_cmpuint(sev->ebx >> 12 & 0xf, ==, 4);
    g_assert_cmpuint(sev->ebx >> 31, ==, 1);
    g_assert_cmpuint(phys - (sev->ebx >> 6 & 0x3f), ==, CPU_CBIT);
}

static uint32_t word(const uint8_t *page, size_t at)
{
    return page[at] | (uint32_t)page[at + 1] << 8 | (uint32_t)page[at + 2] << 16
           | (uint32_t)page[at + 3] << 24;
}

static void test_page(void)
{
    struct cpuid_table table = { .count = 2 };
    uint8_t page[4096];

    table.entry[0] = (struct cpuid_entry){ 1, 2, 3, 4, 5, 6, 7, 8, 0 };
    table.entry[1] = (struct cpuid_entry){ .eax_in = 0x80000001, .edx = 0xdeadbeef };
    memset(page, 0xff, sizeof(page));
    cpuid_page_build(&table, page);
    const uint32_t wanted[] = { 2, 0, 0, 0, 1, 2, 3, 0, 4, 0, 5, 6, 7, 8, 0, 0,
                                0x80000001, 0, 0, 0, 0, 0, 0, 0, 0, 0xdeadbeef, 0, 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        g_assert_cmphex(word(page, 4 * i), ==, wanted[i]);
    for (size_t i = sizeof(wanted); i < sizeof(page); i++)
        g_assert_cmphex(page[i], ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/cpuid/hidden-and-kept-features", test_features);
    g_test_add_func("/cpu/cpuid/no-leaf-above-7", test_limits);
    g_test_add_func("/cpu/cpuid/identity", test_identity);
    g_test_add_func("/cpu/cpuid/apm3-e.4.17-encryption", test_encryption);
    g_test_add_func("/cpu/cpuid/snp-abi-cpuid-page", test_page);
    return g_test_run();
}
