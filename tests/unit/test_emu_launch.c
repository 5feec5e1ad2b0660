/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launch digest of a whole machine against a computation of its own: the pages and their
 * contents written down here from docs/launch-abi.md, PAGE_INFO from SEV-SNP ABI 56860
 * (SNP_LAUNCH_UPDATE), and GLib's SHA-384. Nothing of psp/, emu/elf.c or emu/launch.c takes part in
 * it.
 */
#include <string.h>

#include "tests/unit/emu_fixture.h"

enum { NORMAL = 1, VMSA = 2, ZERO = 3, UNMEASURED = 4, SECRETS = 5, CPUID = 6 };
enum { SHA384_BYTES = 48, PAGE_INFO_BYTES = 0x70, TABLES = 6 };
#define C_BIT    (UINT64_C(1) << 51)
#define VMSA_GPA UINT64_C(0xfffffffff000)

static const uint8_t code[] = {0xf4, 0xeb, 0xfd};

static void sha384(const void *bytes, size_t length, uint8_t out[SHA384_BYTES])
{
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA384);
    gsize size = SHA384_BYTES;
    g_checksum_update(checksum, bytes, (gssize)length);
    g_checksum_get_digest(checksum, out, &size);
    g_checksum_free(checksum);
}

/* contents NULL: not measured. */
static void extend(uint8_t digest[SHA384_BYTES], uint8_t type, uint64_t gpa, const void *contents)
{
    uint8_t info[PAGE_INFO_BYTES] = {0};
    memcpy(info, digest, SHA384_BYTES);
    if (contents)
        sha384(contents, PAGE_BYTES, info + 0x30);
    info[0x60] = PAGE_INFO_BYTES;
    info[0x62] = type;
    memcpy(info + 0x68, &gpa, sizeof(gpa));
    sha384(info, sizeof(info), digest);
}

static void put64(uint8_t *page, size_t offset, uint64_t value)
{
    memcpy(page + offset, &value, sizeof(value));
}

static void put32(uint8_t *page, size_t offset, uint32_t value)
{
    memcpy(page + offset, &value, sizeof(value));
}

static void segment(uint8_t *page, size_t offset, uint16_t selector, uint16_t attrib,
                    uint32_t limit)
{
    memcpy(page + offset, &selector, 2);
    memcpy(page + offset + 2, &attrib, 2);
    put32(page, offset + 4, limit);
}

static void add_page_tables(uint8_t digest[SHA384_BYTES])
{
    uint8_t page[PAGE_BYTES] = {0};
    put64(page, 0, (FIXTURE_TABLES_GPA + 0x1000) | C_BIT | 3);
    extend(digest, NORMAL, FIXTURE_TABLES_GPA, page);
    memset(page, 0, sizeof(page));
    for (uint64_t gib = 0; gib < 4; gib++)
        put64(page, 8 * gib, (FIXTURE_TABLES_GPA + 0x2000 + 0x1000 * gib) | C_BIT | 3);
    extend(digest, NORMAL, FIXTURE_TABLES_GPA + 0x1000, page);
    for (uint64_t gib = 0; gib < 4; gib++) {
        for (uint64_t i = 0; i < 512; i++)
            put64(page, 8 * i, (gib << 30 | i << 21) | C_BIT | 0x83);
        extend(digest, NORMAL, FIXTURE_TABLES_GPA + 0x2000 + 0x1000 * gib, page);
    }
}

static void add_info(uint8_t digest[SHA384_BYTES])
{
    uint8_t page[PAGE_BYTES] = {0};
    memcpy(page, "SNPLINFO", 8);
    put32(page, 8, 2);
    put32(page, 12, 3); /* guest VMPL */
    put64(page, 16, FIXTURE_MEMORY_GPA);
    put64(page, 24, FIXTURE_MEMORY_BYTES);
    put64(page, 56, 1); /* the guest's SEV_FEATURES: as the monitor's */
    extend(digest, NORMAL, FIXTURE_INFO_GPA, page); /* no guest: the other fields are 0 */
}

static void add_vmsa(uint8_t digest[SHA384_BYTES])
{
    uint8_t page[PAGE_BYTES] = {0};
    segment(page, 0x000, 16, 0xc93, 0xffffffff);      /* ES */
    segment(page, 0x010, 8, 0xa9b, 0xffffffff);       /* CS: L, code, accessed */
    segment(page, 0x020, 16, 0xc93, 0xffffffff);      /* SS */
    segment(page, 0x030, 16, 0xc93, 0xffffffff);      /* DS */
    segment(page, 0x040, 16, 0xc93, 0xffffffff);      /* FS */
    segment(page, 0x050, 16, 0xc93, 0xffffffff);      /* GS */
    segment(page, 0x070, 0, 0x82, 0xffff);            /* LDTR */
    segment(page, 0x090, 0, 0x8b, 0xffff);            /* TR */
    put64(page, 0x0d0, 0x1d00);                       /* EFER: SVME NXE LMA LME */
    put64(page, 0x148, 0x620);                        /* CR4: PAE OSFXSR OSXMMEXCPT */
    put64(page, 0x150, FIXTURE_TABLES_GPA);           /* CR3 */
    put64(page, 0x158, 0x80010033);                   /* CR0: PG WP NE ET MP PE */
    put64(page, 0x160, 0x400);                        /* DR7 */
    put64(page, 0x168, 0xffff0ff0);                   /* DR6 */
    put64(page, 0x170, 2);                            /* RFLAGS */
    put64(page, 0x178, FIXTURE_CODE_GPA);             /* RIP */
    put64(page, 0x268, UINT64_C(0x0007040600070406)); /* PAT */
    put64(page, 0x330, FIXTURE_PARAMS_GPA);           /* RSI */
    put64(page, 0x338, FIXTURE_INFO_GPA);             /* RDI */
    put64(page, 0x3b0, 1);                            /* SEV_FEATURES: SNPActive */
    put64(page, 0x3e8, 1);                            /* XCR0 */
    put32(page, 0x408, 0x1f80);                       /* MXCSR */
    page[0x40c] = page[0x40d] = 0xff;                 /* FTW: empty */
    page[0x410] = 0x7f;                               /* FCW */
    page[0x411] = 0x03;
    extend(digest, VMSA, VMSA_GPA, page);
}

static void expected_digest(const uint8_t *text, size_t text_bytes, uint8_t digest[SHA384_BYTES])
{
    uint8_t page[PAGE_BYTES] = {0};
    memset(digest, 0, SHA384_BYTES);
    memcpy(page, text, text_bytes);
    extend(digest, NORMAL, FIXTURE_CODE_GPA, page);
    extend(digest, ZERO, FIXTURE_CODE_GPA + PAGE_BYTES, NULL);
    add_page_tables(digest);
    add_info(digest);
    extend(digest, SECRETS, FIXTURE_SECRETS_GPA, NULL);
    extend(digest, CPUID, FIXTURE_CPUID_GPA, NULL);
    extend(digest, UNMEASURED, FIXTURE_PARAMS_GPA, NULL);
    add_vmsa(digest);
}

static void test_digest(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    uint8_t digest[SHA384_BYTES];
    expected_digest(code, sizeof(code), digest);
    g_assert_cmpmem(machine_launch_digest(machine), SHA384_BYTES, digest, SHA384_BYTES);
    machine_free(machine);
}

/* One changed byte of code, another digest: the same one as computed. */
static void test_digest_follows_code(void)
{
    static const uint8_t other[] = {0xf4, 0xeb, 0xfc};
    struct machine *machine = machine_of_code(other, sizeof(other));
    uint8_t digest[SHA384_BYTES], first[SHA384_BYTES];
    expected_digest(other, sizeof(other), digest);
    expected_digest(code, sizeof(code), first);
    g_assert_cmpmem(machine_launch_digest(machine), SHA384_BYTES, digest, SHA384_BYTES);
    g_assert_cmpint(memcmp(digest, first, SHA384_BYTES), !=, 0);
    machine_free(machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/launch/abi56860/digest-independent", test_digest);
    g_test_add_func("/emu/launch/abi56860/digest-follows-code", test_digest_follows_code);
    return g_test_run();
}
