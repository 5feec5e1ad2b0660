/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's VMSA as the monitor writes it, read with the emulator's layout and VMRUN checks. */
#include <glib.h>
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
    g_assert_cmphex(vmsa.rsp, ==, 0);
    g_assert_cmphex(vmsa.rflags, ==, 2);
    g_assert_cmpuint(vmsa.vmpl, ==, 3);
    g_assert_cmpuint(vmsa.cpl, ==, 0);
    g_assert_cmphex(vmsa.sev_features, ==, 1);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/vmsa/apm2-b-4/fields", test_fields);
    g_test_add_func("/monitor/vmsa/apm2-15.36.12/runnable", test_runnable);
    g_test_add_func("/monitor/vmsa/svsm58019/not-runnable-while-served", test_seized);
    return g_test_run();
}
