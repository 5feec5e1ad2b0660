/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's services under an honest hypervisor: the guest `services` checks every result, this
 * test looks at what the guest cannot see: the RMP after LockKernel, and the report.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/symbols.h"
#include "emu/honest.h"
#include "emu/machine_internal.h"
#include "psp/verify.h"

enum { MEMORY_BYTES = 32 << 20, END_OK = 0 };

struct size {
    uint8_t vmpl;
    uint32_t cpus;
};

static struct machine *machine_started(const char *guest, const struct size *size)
{
    GError *error = NULL;
    g_autofree char *monitor_path =
        g_test_build_filename(G_TEST_BUILT, "monitor", "default.elf", NULL);
    g_autofree char *guest_path =
        g_test_build_filename(G_TEST_BUILT, "monitor", "guest", guest, NULL);
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor_path;
    config.guest_path = guest_path;
    config.memory_bytes = MEMORY_BYTES;
    config.guest_vmpl = size->vmpl;
    config.cpus = size->cpus;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    return machine;
}

static uint64_t symbol(struct machine *machine, const char *name)
{
    struct symbol_info info;
    g_assert_true(symbols_find(machine_symbols(machine, true), name, &info));
    return info.address;
}

/* What LockKernel promises, of every page there is: nowhere W and XS at once below VMPL 0; the code
 * keeps XS and has no W. */
static void check_locked(struct machine *machine, uint8_t vmpl)
{
    const uint64_t start = symbol(machine, "image_text_start");
    const uint64_t end = symbol(machine, "image_text_end");
    unsigned code = 0, data = 0;
    for (uint64_t gpa = 0; gpa < MEMORY_BYTES; gpa += PAGE_BYTES) {
        uint64_t spa = honest_spa_of(machine, gpa);
        if (spa == UINT64_MAX)
            continue;
        const struct rmp_entry *head = rmp_entry_at(&machine->rmp, spa & ~UINT64_C(0x1fffff));
        const struct rmp_entry *entry =
            head->assigned && head->size == PAGE_2M ? head : rmp_entry_at(&machine->rmp, spa);
        if (!entry->assigned || !entry->validated || entry->vmsa)
            continue;
        for (unsigned i = 1; i < VMPL_COUNT; i++)
            g_assert_false((entry->perm[i] & RMP_PERM_W) && (entry->perm[i] & RMP_PERM_XS));
        bool is_code = gpa >= start && gpa < end;
        if (is_code)
            g_assert_cmphex(entry->perm[vmpl] & (RMP_PERM_W | RMP_PERM_XS), ==, RMP_PERM_XS);
        code += is_code;
        data += (entry->perm[vmpl] & RMP_PERM_W) != 0;
    }
    g_assert_cmpuint(code, ==, (end - start) / PAGE_BYTES);
    g_assert_cmpuint(data, >, 1000); /* the guest still has its memory */
}

static void report_take(const char *console, struct report *report)
{
    const char *at = strstr(console, REPORT_TEXT_BEGIN);
    uint8_t *bytes = (uint8_t *)report;
    g_assert_nonnull(at);
    at += strlen(REPORT_TEXT_BEGIN);
    for (size_t i = 0; i < sizeof(*report); i++) {
        while (g_ascii_isspace(*at))
            at++;
        bytes[i] = (uint8_t)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
        at += 2;
    }
}

/* The report that the guest printed, against the launch digest and the nonce. */
static void check_report(struct machine *machine, uint8_t vmpl)
{
    struct report report;
    struct psp_certs *certs = g_new0(struct psp_certs, 1);
    struct psp_vcek vcek;
    uint8_t nonce[REPORT_NONCE_BYTES];
    const char *why = "";
    memset(nonce, 0x11, sizeof(nonce));
    const struct psp_evidence evidence = {.firmware = report.firmware, .monitor = &report.monitor};
    const struct psp_verify_wanted wanted = {.nonce = nonce,
                                             .nonce_bytes = sizeof(nonce),
                                             .measurement = machine_launch_digest(machine)};
    report_take(machine_console(machine), &report);
    g_assert_cmpint(psp_certs_make(&machine->psp, certs, &why), ==, PSP_CERTS_OK);
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_DONE);
    g_assert_cmpint(psp_verify_report(&evidence, &vcek, &wanted), ==, PSP_VERIFY_DONE);
    g_assert_cmpuint(report.monitor.extensions, ==, 1);
    g_assert_cmpuint(report.monitor.guest_vmpl, ==, vmpl);
    g_assert_cmpuint(report.monitor.flags, ==, 0);
    g_free(certs);
}

static void test_services(gconstpointer data)
{
    const struct size *size = data;
    struct machine *machine = machine_started("services.elf", size);
    enum run_end_reason reason = machine_run(machine, NULL);
    if (machine_end_detail(machine) != END_OK)
        g_test_message("%s", machine_console(machine));
    g_assert_cmpstr(run_end_reason_name(reason), ==, "terminated");
    g_assert_cmphex(machine_end_detail(machine), ==, END_OK);
    g_assert_nonnull(strstr(machine_console(machine), " passed, 0 failed"));
    g_assert_null(strstr(machine_console(machine), "FAILED"));
    check_report(machine, size->vmpl);
    check_locked(machine, size->vmpl);
    machine_free(machine);
}

/* What the guest does at its end is not possible: the access faults for ever. */
static void test_breach(gconstpointer guest)
{
    const struct size size = {.vmpl = 1, .cpus = 1};
    struct machine *machine = machine_started(guest, &size);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_STUCK);
    g_assert_nonnull(strstr(machine_console(machine), "services: breach "));
    g_assert_null(strstr(machine_console(machine), "breach succeeded"));
    g_assert_null(strstr(machine_console(machine), "FAILED"));
    check_locked(machine, size.vmpl);
    machine_free(machine);
}

int main(int argc, char **argv)
{
    static const struct size sizes[] = {{1, 1}, {2, 2}, {3, 4}};
    static const char *const breaches[] = {"services-breach-1.elf", "services-breach-2.elf",
                                           "services-breach-3.elf"};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *name =
            g_strdup_printf("/monitor/services/vmpl%u-cpus%u", sizes[i].vmpl, sizes[i].cpus);
        g_test_add_data_func(name, &sizes[i], test_services);
    }
    g_test_add_data_func("/monitor/lock-kernel/write-code", breaches[0], test_breach);
    g_test_add_data_func("/monitor/lock-kernel/execute-data", breaches[1], test_breach);
    g_test_add_data_func("/monitor/lock-kernel/execute-page-made-private-after", breaches[2],
                         test_breach);
    return g_test_run();
}
