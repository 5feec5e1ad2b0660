/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's VMSA as the monitor writes it, read with the emulator's layout and VMRUN checks. */
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cpu/vmsa.h"
#include "tests/unit/monitor_vmsa.h"

static struct vmsa made(void)
{
    struct vmsa vmsa;
    uint8_t page[4096];
    monitor_vmsa_make(page, 0x200000, 0x8000001000000 | UINT64_C(1) << 51, 0x3000, 1, 3);
    memcpy(&vmsa, page, sizeof vmsa);
    return vmsa;
}

static void test_fields(void)
{
    struct vmsa vmsa = made();
    g_assert_cmphex(vmsa.rip, ==, 0x200000);
    g_assert_cmphex(vmsa.rdi, ==, 0x3000);
    g_assert_cmphex(vmsa.rsi, ==, 0x4000);
    g_assert_cmphex(vmsa.rsp, ==, 0);
    g_assert_cmphex(vmsa.rflags, ==, 2);
    g_assert_cmpuint(vmsa.vmpl, ==, 3);
    g_assert_cmpuint(vmsa.cpl, ==, 0);
    g_assert_cmphex(vmsa.sev_features, ==, 1);
    g_assert_cmphex(vmsa.cs.selector, ==, 0x10);
    g_assert_cmphex(vmsa.ss.selector, ==, 0x18);
    g_assert_cmphex(vmsa.cs.attrib & VMSA_ATTRIB_L, !=, 0);
}

static void test_runnable(void)
{
    struct vmsa vmsa = made();
    const char *why = NULL;
    g_assert_cmpint(vmsa_check(&vmsa, &why), ==, VMSA_OK);
}

static void test_seized(void)
{
    uint8_t page[4096];
    struct vmsa vmsa;
    const char *why = NULL;
    monitor_vmsa_make(page, 0x200000, 0x1000, 0, 1, 3);
    monitor_vmsa_seize(page);
    memcpy(&vmsa, page, sizeof vmsa);
    g_assert_cmpint(vmsa_check(&vmsa, &why), ==, VMSA_ILLEGAL);
}

/* What a guest puts into a VMSA of its own: one value at one place of a good one. */
static void test_check(void)
{
    const struct {
        const char *what;
        size_t offset, bytes;
        uint64_t value;
        bool good;
    } cases[] = {
        {"as made", offsetof(struct vmsa, rax), 8, 0x1234, true},
        {"VMPL 0", offsetof(struct vmsa, vmpl), 1, 0, false},
        {"VMPL 2", offsetof(struct vmsa, vmpl), 1, 2, false},
        {"other features", offsetof(struct vmsa, sev_features), 8, 9, false},
        {"no features", offsetof(struct vmsa, sev_features), 8, 0, false},
        {"vTOM", offsetof(struct vmsa, virtual_tom), 8, 0x200000, false},
        {"busy", offsetof(struct vmsa, vintr_ctrl), 8, UINT64_C(1) << 63, false},
        {"event", offsetof(struct vmsa, eventinj), 8, 0x80000b0d, false},
        {"CR0[63:32]", offsetof(struct vmsa, cr0), 8, UINT64_C(0x180010033), false},
        {"CR0.NW without CD", offsetof(struct vmsa, cr0), 8, UINT64_C(0xa0010033), false},
        {"PG without PE", offsetof(struct vmsa, cr0), 8, UINT64_C(0x80010032), false},
        {"long mode without PAE", offsetof(struct vmsa, cr4), 8, 0x600, false},
        {"CR4[63:32]", offsetof(struct vmsa, cr4), 8, UINT64_C(0x100000620), false},
        {"CR3[63:52]", offsetof(struct vmsa, cr3), 8, UINT64_C(1) << 52, false},
        {"DR6[63:32]", offsetof(struct vmsa, dr6), 8, UINT64_C(1) << 32, false},
        {"DR7[63:32]", offsetof(struct vmsa, dr7), 8, UINT64_C(1) << 32, false},
        {"EFER reserved", offsetof(struct vmsa, efer), 8, 0x1d02, false},
        {"CS.L and CS.D", offsetof(struct vmsa, cs.attrib), 2, 0xe9b, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t page[4096];
        struct vmsa vmsa;
        const char *why = NULL;
        monitor_vmsa_make(page, 0x200000, 0x1000, 0, 1, 3);
        memcpy(page + cases[i].offset, &cases[i].value, cases[i].bytes);
        g_test_message("%s", cases[i].what);
        g_assert_true(monitor_vmsa_check(page, 3, 1) == cases[i].good);
        memcpy(&vmsa, page, sizeof vmsa);
        if (cases[i].good)
            g_assert_cmpint(vmsa_check(&vmsa, &why), ==, VMSA_OK);
    }
}

/* The state in which Linux starts a processor: real mode, as after INIT, but for EFER.SVME. */
static void test_check_real_mode(void)
{
    uint8_t page[4096] = {0};
    struct vmsa vmsa = {
        .cs = {.selector = 0x9900, .attrib = 0x9b, .limit = 0xffff, .base = 0x99000},
        .ds = {.attrib = 0x93, .limit = 0xffff},
        .es = {.attrib = 0x93, .limit = 0xffff},
        .fs = {.attrib = 0x93, .limit = 0xffff},
        .gs = {.attrib = 0x93, .limit = 0xffff},
        .ss = {.attrib = 0x93, .limit = 0xffff},
        .gdtr = {.limit = 0xffff},
        .ldtr = {.attrib = 0x82, .limit = 0xffff},
        .idtr = {.limit = 0xffff},
        .tr = {.attrib = 0x83, .limit = 0xffff},
        .vmpl = 2,
        .efer = 0x1000,
        .cr0 = 0x60000010,
        .cr4 = 0x40, /* MCE, as the first processor has it */
        .dr6 = 0xffff0ff0,
        .dr7 = 0x400,
        .rflags = 2,
        .rip = 0x10,
        .g_pat = UINT64_C(0x0007040600070406),
        .sev_features = 1,
        .xcr0 = 1,
        .mxcsr = 0x1f80,
        .x87_ftw = 0x5555,
        .x87_fcw = 0x40,
    };
    memcpy(page, &vmsa, sizeof vmsa);
    g_assert_true(monitor_vmsa_check(page, 2, 1));
    g_assert_false(monitor_vmsa_check(page, 2, 9)); /* restricted injection: the monitor's */
    vmsa.cr0 = 0x20000010; /* NW without CD */
    memcpy(page, &vmsa, sizeof vmsa);
    g_assert_false(monitor_vmsa_check(page, 2, 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/vmsa/apm2-b-4/fields", test_fields);
    g_test_add_func("/monitor/vmsa/apm2-15.36.12/runnable", test_runnable);
    g_test_add_func("/monitor/vmsa/svsm58019/not-runnable-while-served", test_seized);
    g_test_add_func("/monitor/vmsa/apm2-15.5.1/what-a-guest-may-not-run", test_check);
    g_test_add_func("/monitor/vmsa/apm2-14.1.3/real-mode-as-linux-starts-it",
                    test_check_real_mode);
    return g_test_run();
}
