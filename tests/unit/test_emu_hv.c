/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's interface: what it can do, and that what hardware keeps from a hypervisor is
 * kept from it (APM 2 15.36.10, design rule 4).
 */
#include <glib/gstdio.h>
#include <string.h>

#include "emu/honest.h"
#include "tests/unit/emu_fixture.h"

static const uint8_t code[] = {0xf4, 0xeb, 0xfd};

struct seen {
    struct event last[EVENT_KIND_COUNT];
    uint64_t count[EVENT_KIND_COUNT];
};

static void observe(void *user, const struct event *event)
{
    struct seen *seen = user;
    seen->last[event->kind] = *event;
    seen->count[event->kind]++;
}

static void test_read_gives_ciphertext(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    uint8_t page[PAGE_BYTES];
    uint64_t spa = honest_spa_of(machine, FIXTURE_CODE_GPA);
    g_assert_cmpint(hv_read(machine, spa, page, sizeof(page)), ==, HV_OK);
    g_assert_cmpint(memcmp(page, code, sizeof(code)), !=, 0);
    for (size_t i = 0; i + 16 <= sizeof(page); i += 16) { /* zeros do not show as equal blocks */
        g_assert_false(memcmp(page + i, (uint8_t[16]){0}, 16) == 0);
        g_assert_false(i > 0 && memcmp(page + i, page + i - 16, 16) == 0);
    }
    machine_free(machine);
}

static void test_write_to_assigned_page_faults(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    struct seen seen = {0};
    trace_attach(machine_trace(machine), observe, &seen);
    uint64_t spa = honest_spa_of(machine, FIXTURE_CODE_GPA);
    uint8_t before[64], after[64];
    hv_read(machine, spa, before, sizeof(before));
    g_assert_cmpint(hv_write(machine, spa, "x", 1), ==, HV_RMP_FAULT);
    g_assert_cmpuint(seen.last[EVENT_HV_ACCESS].hv_access.refused, ==, 1);
    hv_read(machine, spa, after, sizeof(after));
    g_assert_cmpmem(before, sizeof(before), after, sizeof(after));
    /* A write that begins in an own page and ends in an assigned one does not happen at all. */
    uint64_t own;
    hv_page_alloc(machine, PAGE_4K, &own);
    g_assert_cmpint(hv_write(machine, spa - 4, "12345678", 8), ==, HV_RMP_FAULT);
    g_assert_cmpint(hv_write(machine, own, "1234", 4), ==, HV_OK);
    machine_free(machine);
}

static void test_addresses_are_checked(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    uint64_t end = hv_memory_bytes(machine);
    uint8_t byte;
    g_assert_cmpint(hv_read(machine, end, &byte, 1), ==, HV_BAD_ADDRESS);
    g_assert_cmpint(hv_read(machine, UINT64_MAX, &byte, 1), ==, HV_BAD_ADDRESS);
    g_assert_cmpint(hv_write(machine, end - 1, "ab", 2), ==, HV_BAD_ADDRESS);
    g_assert_cmpint(hv_npt_map(machine, 0, end, PAGE_4K, NPT_RWX), ==, HV_BAD_ADDRESS);
    g_assert_cmpint(hv_vmrun(machine, 0, end), ==, HV_BAD_ADDRESS);
    g_assert_cmpint(hv_vmrun(machine, 0, 0x1001), ==, HV_BAD_ADDRESS);
    g_assert_cmpint(hv_vmrun(machine, 7, 0x1000), ==, HV_BAD_ARGUMENT);
    g_assert_null(hv_vmcb(machine, end));
    struct rmp_operand operand = {.assigned = 1, .asid = 1};
    g_assert_cmpint(hv_rmpupdate(machine, end, &operand), ==, RMP_RC_FAIL_INPUT);
    machine_free(machine);
}

/* APM 2 15.36.12: a page without the VMSA bit is no VMSA. */
static void test_vmrun_needs_vmsa_page(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    struct seen seen = {0};
    trace_attach(machine_trace(machine), observe, &seen);
    g_assert_cmpint(hv_vmrun(machine, 0, honest_spa_of(machine, FIXTURE_CODE_GPA)), ==, HV_INVALID);
    g_assert_cmpuint(seen.last[EVENT_FAULT].fault.class, ==, FAULT_INVALID);
    uint64_t own;
    hv_page_alloc(machine, PAGE_4K, &own);
    g_assert_cmpint(hv_vmrun(machine, 0, own), ==, HV_INVALID);
    g_assert_cmpint(hv_vmrun(machine, 0, honest_vmsa(machine, 0, 0)), ==, HV_OK);
    g_assert_cmpint(hv_vmrun(machine, 0, honest_vmsa(machine, 0, 0)), ==, HV_BUSY);
    machine_free(machine);
}

/* A VMSA that runs cannot be taken away: FAIL_INUSE (APM 3 RMPUPDATE). */
static void test_rmpupdate_of_running_vmsa_is_in_use(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    uint64_t vmsa = honest_vmsa(machine, 0, 0);
    g_assert_cmpint(hv_vmrun(machine, 0, vmsa), ==, HV_OK);
    struct rmp_operand operand = {0};
    g_assert_cmpint(hv_rmpupdate(machine, vmsa, &operand), ==, RMP_RC_FAIL_INUSE);
    g_assert_cmpint(hv_kick(machine, 0), ==, HV_OK);
    g_assert_cmpint(hv_rmpupdate(machine, vmsa, &operand), ==, RMP_RC_SUCCESS);
    machine_free(machine);
}

/* HLT with nobody to wake the processor ends the run; the page's events are all there. */
static void test_runs_to_halt(void)
{
    struct machine *machine = machine_of_code(code, sizeof(code));
    struct seen seen = {0};
    trace_attach(machine_trace(machine), observe, &seen);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_HALTED);
    g_assert_cmpuint(seen.count[EVENT_WORLD], ==, 2); /* VMRUN and its exit */
    g_assert_cmpuint(seen.last[EVENT_WORLD].world.exit_code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(machine_retired_insns(machine), ==, 1);
    g_assert_cmpuint(seen.count[EVENT_RUN_END], ==, 1);
    machine_free(machine);
}

/* An exception before there is an IDT is a triple fault, and the diagnosis says where. */
static void test_early_death_is_diagnosed(void)
{
    static const uint8_t ud2[] = {0x90, 0x0f, 0x0b};
    struct machine *machine = machine_of_code(ud2, sizeof(ud2));
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_SHUTDOWN);
    GString *text = g_string_new(NULL);
    machine_diagnose(machine, text);
    g_assert_nonnull(strstr(text->str, "shutdown"));
    g_assert_nonnull(strstr(text->str, "800001")); /* RIP */
    g_assert_nonnull(strstr(text->str, "ud2"));
    g_string_free(text, TRUE);
    machine_free(machine);
}

/* A loop with no event is ended by the instruction limit, not by patience. */
static void test_endless_loop_reaches_limit(void)
{
    static const uint8_t loop[] = {0xeb, 0xfe};
    GByteArray *bytes = elf_monitor_bytes(loop, sizeof(loop));
    char *path = elf_file_write(bytes);
    struct machine_config config = machine_config_default();
    config.monitor_path = path;
    config.memory_bytes = UINT64_C(16) << 20;
    config.limit_insns = 1000000;
    struct machine *machine = machine_new(&config, NULL);
    g_assert_true(machine_launch(machine, NULL));
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_LIMIT_INSNS);
    g_assert_cmpuint(machine_retired_insns(machine), <, 1200000);
    machine_free(machine);
    g_unlink(path);
    g_free(path);
    g_byte_array_free(bytes, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/hv/read-of-private-page-is-ciphertext", test_read_gives_ciphertext);
    g_test_add_func("/emu/hv/apm2-15.36.10/write-to-assigned-page-faults",
                    test_write_to_assigned_page_faults);
    g_test_add_func("/emu/hv/addresses-are-checked", test_addresses_are_checked);
    g_test_add_func("/emu/hv/apm2-15.36.12/vmrun-needs-vmsa-page", test_vmrun_needs_vmsa_page);
    g_test_add_func("/emu/hv/apm3-rmpupdate/running-vmsa-in-use",
                    test_rmpupdate_of_running_vmsa_is_in_use);
    g_test_add_func("/emu/run/halts", test_runs_to_halt);
    g_test_add_func("/emu/run/early-death-is-diagnosed", test_early_death_is_diagnosed);
    g_test_add_func("/emu/run/endless-loop-reaches-limit", test_endless_loop_reaches_limit);
    return g_test_run();
}
