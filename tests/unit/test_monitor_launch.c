/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitor refuses of its launch data: PARAMS is the hypervisor's. */
#include <glib.h>

#include "monitor/launch_check.h"

enum { C_BIT = 51 };
#define MONITOR_GPA   UINT64_C(0x800000)
#define MONITOR_BYTES UINT64_C(0x800000)

static struct launch_params good_params(void)
{
    return (struct launch_params){
        .magic = LAUNCH_PARAMS_MAGIC,
        .version = 1,
        .vcpu_count = 2,
        .apic_id = {0, 1},
        .range_count = 2,
        .range = {{.gpa = 0, .bytes = 0x4000000, .type = LAUNCH_RANGE_RAM},
                  {.gpa = 0x100000000, .bytes = 0x200000, .type = LAUNCH_RANGE_RAM}},
    };
}

static struct launch_info good_info(void)
{
    return (struct launch_info){
        .magic = LAUNCH_INFO_MAGIC,
        .version = 2,
        .guest_vmpl = 3,
        .monitor_gpa = MONITOR_GPA,
        .monitor_bytes = MONITOR_BYTES,
        .guest_entry = 0x201000,
        .guest_sev_features = SEV_FEATURE_SNP_ACTIVE,
        .range_count = 1,
        .range = {{.gpa = 0x200000, .bytes = 0x3000}},
    };
}

static enum launch_fault info_check(const struct launch_info *info)
{
    return launch_info_check(info, MONITOR_GPA, MONITOR_BYTES, C_BIT);
}

static void test_magic(void)
{
    g_assert_cmpmem(&(uint64_t){LAUNCH_INFO_MAGIC}, 8, "SNPLINFO", 8);
    g_assert_cmpmem(&(uint64_t){LAUNCH_PARAMS_MAGIC}, 8, "SNPLPARM", 8);
}

static void test_params_good(void)
{
    struct launch_params params = good_params();
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_OK);
    g_assert_cmpuint(launch_params_pages(&params), ==, 0x100200000 / 4096);
}

static void test_params_header(void)
{
    struct launch_params params = good_params();
    params.magic++;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_MAGIC);
    params = good_params();
    params.version = 2;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_VERSION);
    params = good_params();
    params.vcpu_count = 0;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_CPU_COUNT);
    params.vcpu_count = 17;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_CPU_COUNT);
    params = good_params();
    params.apic_id[1] = 0;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_APIC_ID);
    params = good_params();
    params.range_count = 65;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_RANGE_COUNT);
    params.range_count = UINT32_MAX;
    g_assert_cmpint(launch_params_check(&params, C_BIT), ==, LAUNCH_BAD_RANGE_COUNT);
}

static void test_params_ranges(void)
{
    const struct {
        struct launch_range range;
        enum launch_fault fault;
    } cases[] = {
        {{.gpa = 0x100000000, .bytes = 0x1000, .type = 1}, LAUNCH_OK},
        {{.gpa = 0x4000000, .bytes = 0x1000, .type = 1}, LAUNCH_OK},
        {{.gpa = 0x3fff000, .bytes = 0x1000, .type = 1}, LAUNCH_BAD_RANGE_OVERLAP},
        {{.gpa = 0x3fff000, .bytes = 0x1000, .type = 2}, LAUNCH_BAD_RANGE_OVERLAP},
        {{.gpa = 0, .bytes = 0x100000000, .type = 1}, LAUNCH_BAD_RANGE_OVERLAP},
        {{.gpa = 0x100000800, .bytes = 0x1000, .type = 1}, LAUNCH_BAD_RANGE_ALIGNMENT},
        {{.gpa = 0x100000000, .bytes = 0x1001, .type = 1}, LAUNCH_BAD_RANGE_ALIGNMENT},
        {{.gpa = 0x100000000, .bytes = 0, .type = 1}, LAUNCH_BAD_RANGE_EMPTY},
        {{.gpa = 0xfffffffffffff000, .bytes = 0x2000, .type = 1}, LAUNCH_BAD_RANGE_WRAP},
        {{.gpa = 0x100000000, .bytes = 0xfffffffffffff000, .type = 1}, LAUNCH_BAD_RANGE_WRAP},
        {{.gpa = UINT64_C(1) << C_BIT, .bytes = 0x1000, .type = 1}, LAUNCH_BAD_RANGE_HIGH},
        {{.gpa = (UINT64_C(1) << C_BIT) - 0x1000, .bytes = 0x1000, .type = 1}, LAUNCH_OK},
        {{.gpa = (UINT64_C(1) << C_BIT) - 0x1000, .bytes = 0x2000, .type = 1},
         LAUNCH_BAD_RANGE_HIGH},
        {{.gpa = 0x100000000, .bytes = 0x1000, .type = 1, .reserved = 1}, LAUNCH_BAD_RESERVED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct launch_params params = good_params();
        params.range[1] = cases[i].range;
        g_assert_cmpint(launch_params_check(&params, C_BIT), ==, cases[i].fault);
    }
}

static void test_params_pages(void)
{
    struct launch_params params = good_params();
    params.range[1].type = 2; /* not RAM: does not count */
    g_assert_cmpuint(launch_params_pages(&params), ==, 0x4000000 / 4096);
    params.range[1] =
        (struct launch_range){.gpa = UINT64_C(1) << 40, .bytes = 0x1000, .type = LAUNCH_RANGE_RAM};
    g_assert_cmpuint(launch_params_pages(&params), ==, LAUNCH_MEMORY_LIMIT_BYTES / 4096);
    params.range_count = 0;
    g_assert_cmpuint(launch_params_pages(&params), ==, 0);
}

static void test_info(void)
{
    struct launch_info info = good_info();
    g_assert_cmpint(info_check(&info), ==, LAUNCH_OK);
    g_assert_true(launch_info_in_image(&info, 0x200000));
    g_assert_true(launch_info_in_image(&info, 0x202fff));
    g_assert_false(launch_info_in_image(&info, 0x203000));
    g_assert_false(launch_info_in_image(&info, 0x1fffff));

    for (uint32_t vmpl = 0; vmpl < 6; vmpl++) {
        info = good_info();
        info.guest_vmpl = vmpl;
        g_assert_cmpint(info_check(&info), ==,
                        vmpl >= 1 && vmpl <= 3 ? LAUNCH_OK : LAUNCH_BAD_VMPL);
    }
    info = good_info();
    info.version = 1;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_BAD_VERSION);
    info = good_info();
    info.monitor_bytes += 4096;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_BAD_MONITOR_RANGE);
    info = good_info();
    info.guest_entry = 0x203000;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_BAD_ENTRY);
    info = good_info();
    info.guest_entry = 0; /* no guest is allowed */
    g_assert_cmpint(info_check(&info), ==, LAUNCH_OK);
    info = good_info();
    info.range[0].bytes = MONITOR_GPA - 0x200000 + 0x1000;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_BAD_RANGE_OVERLAP);
}

/* The boot block of 10 pages, where INFO asks for it, and what PARAMS has to say to it. */
static void test_info_block(void)
{
    const struct {
        uint64_t gpa;
        enum launch_fault info, params;
    } cases[] = {
        {0, LAUNCH_OK, LAUNCH_OK}, /* the monitor chooses */
        {0x100000, LAUNCH_OK, LAUNCH_OK},
        {0x100800, LAUNCH_BAD_BLOCK, 0},
        {0x1f6000, LAUNCH_OK, LAUNCH_OK}, /* up to the image */
        {0x1f7000, LAUNCH_BAD_BLOCK, 0},
        {0x202000, LAUNCH_BAD_BLOCK, 0},
        {0x203000, LAUNCH_OK, LAUNCH_OK}, /* right behind it */
        {MONITOR_GPA - 0xa000, LAUNCH_OK, LAUNCH_OK},
        {MONITOR_GPA - 0x9000, LAUNCH_BAD_BLOCK, 0},
        {MONITOR_GPA + 0x3000, LAUNCH_BAD_BLOCK, 0},
        {MONITOR_GPA + MONITOR_BYTES, LAUNCH_OK, LAUNCH_OK},
        {0x3ff6000, LAUNCH_OK, LAUNCH_OK}, /* the last ten pages of the first RAM */
        {0x3ff7000, LAUNCH_OK, LAUNCH_BAD_BLOCK},
        {0xffff6000, LAUNCH_OK, LAUNCH_BAD_BLOCK}, /* below 4 GiB, no RAM */
        {0xffff7000, LAUNCH_BAD_BLOCK, 0},         /* over it */
        {0x100000000, LAUNCH_BAD_BLOCK, 0},
        {0xffffffffffffa000, LAUNCH_BAD_BLOCK, 0},
    };
    const struct launch_params params = good_params();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct launch_info info = good_info();
        info.guest_block_gpa = cases[i].gpa;
        g_test_message("block at 0x%" G_GINT64_MODIFIER "x", (guint64)cases[i].gpa);
        g_assert_cmpint(info_check(&info), ==, cases[i].info);
        if (cases[i].info == LAUNCH_OK) {
            g_assert_cmpint(launch_block_check(&info, &params), ==, cases[i].params);
        }
    }
    /* RAM in pieces is RAM; what is not RAM is none. */
    struct launch_info info = good_info();
    struct launch_params pieces = good_params();
    info.guest_block_gpa = 0x100000;
    pieces.range_count = 3;
    pieces.range[0].bytes = 0x103000;
    pieces.range[2] = (struct launch_range){
        .gpa = 0x103000, .bytes = 0x100000, .type = LAUNCH_RANGE_RAM};
    g_assert_cmpint(launch_params_check(&pieces, C_BIT), ==, LAUNCH_OK);
    g_assert_cmpint(launch_block_check(&info, &pieces), ==, LAUNCH_OK);
    pieces.range[2].type = 2;
    g_assert_cmpint(launch_block_check(&info, &pieces), ==, LAUNCH_BAD_BLOCK);
}

static void test_info_guest_start(void)
{
    struct launch_info info = good_info();
    info.guest_boot_gpa = 0x200010;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_OK);
    info.guest_boot_gpa = 0x203000;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_BAD_BOOT);
    info.guest_boot_gpa = MONITOR_GPA;
    g_assert_cmpint(info_check(&info), ==, LAUNCH_BAD_BOOT);

    const struct {
        uint64_t features;
        bool good;
    } cases[] = {
        {0, false},          {1, true},
        {8, false},          {9, true},  /* restricted injection */
        {0x11, false},                   /* alternate injection */
        {3, false},          {5, false}, /* vTOM, ReflectVC */
        {0x21, true},                    /* debug swap */
        {0x201, true},                   /* secure TSC */
        {0x40001, false},                /* nothing that is known */
        {UINT64_C(1) << 63 | 1, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        info = good_info();
        info.guest_sev_features = cases[i].features;
        g_assert_cmpint(info_check(&info), ==, cases[i].good ? LAUNCH_OK : LAUNCH_BAD_FEATURES);
    }
}

static void test_cpuid(void)
{
    struct cpuid_page page = {.count = 2};
    page.entry[0] = (struct cpuid_page_entry){.eax_in = 1};
    page.entry[1] = (struct cpuid_page_entry){.eax_in = 0x8000001f, .eax = 0x1a, .ebx = 0x4073};
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 51);
    page.entry[1].ebx = 47;
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 47);
    page.entry[1].ebx = 31; /* inside the address of small memory */
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 0);
    page.entry[1].ebx = 63; /* no-execute */
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 0);
    page.entry[1].ebx = 51;
    page.entry[1].eax = 0x0a; /* no SNP */
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 0);
    page.entry[1].eax = 0x1a;
    page.entry[0] = page.entry[1]; /* twice, the same */
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 51);
    page.entry[0].ebx = 47; /* twice, different */
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 0);
    page.count = 65;
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 0);
    page.count = 0; /* a leaf that was left out is not checked by the firmware */
    g_assert_cmpuint(cpuid_page_c_bit(&page), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/launch/magic-in-memory-order", test_magic);
    g_test_add_func("/monitor/launch/params/good", test_params_good);
    g_test_add_func("/monitor/launch/params/header-refused", test_params_header);
    g_test_add_func("/monitor/launch/params/hostile-ranges-refused", test_params_ranges);
    g_test_add_func("/monitor/launch/params/pages-bounded", test_params_pages);
    g_test_add_func("/monitor/launch/info", test_info);
    g_test_add_func("/monitor/launch/info/boot-block", test_info_block);
    g_test_add_func("/monitor/launch/info/guest-start", test_info_guest_start);
    g_test_add_func("/monitor/launch/c-bit-from-cpuid-page", test_cpuid);
    return g_test_run();
}
