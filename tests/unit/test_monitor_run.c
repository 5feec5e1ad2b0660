/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The built monitor on the emulated platform: with an honest hypervisor every call of the guest
 * gives what it should; a hypervisor that lies gets a termination with the code of docs/monitor.md,
 * or nothing.
 */
#include <glib.h>
#include <string.h>

#include "cpu/symbols.h"
#include "emu/honest.h"
#include "emu/machine.h"

enum { MEMORY_BYTES = 32 << 20, GHCB_INFO_1 = 0x398, GHCB_INFO_2 = 0x3a0 };

/* Termination detail: reason set << 8 | code. */
enum { END_OK = 0, END_SET_GUEST = 1, END_SET_MONITOR = 5 };
#define MONITOR_END(code) (END_SET_MONITOR << 8 | (code))

/* What the hypervisor does otherwise than an honest one. */
struct lie {
    const char *name;
    void (*tell)(struct machine *machine, const struct hv_exit *exit, unsigned *told);
    enum run_end_reason reason;
    uint64_t detail;  /* STUCK: a fault of the monitor on the page that was taken */
    const char *says; /* on the console; NULL: not looked at */
};

struct run {
    const struct lie *lie;
    unsigned told;
};

static uint64_t victim_gpa(struct machine *machine)
{
    struct symbol_info info;
    g_assert_true(symbols_find(machine_symbols(machine, false), "vmpck0", &info));
    return info.address;
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct run *run = user;
    if (exit == NULL || run->lie == NULL) {
        machine_step_honest(machine, cpu, exit);
        return;
    }
    run->lie->tell(machine, exit, &run->told);
    if (machine_end_reason(machine) == RUN_END_NONE && honest_next_vmsa(machine, cpu) != 0)
        hv_vmrun(machine, cpu, honest_next_vmsa(machine, cpu));
}

static struct machine *machine_started(const char *monitor, const char *guest, uint8_t vmpl)
{
    GError *error = NULL;
    g_autofree char *monitor_path = g_test_build_filename(G_TEST_BUILT, "monitor", monitor, NULL);
    g_autofree char *guest_path =
        guest ? g_test_build_filename(G_TEST_BUILT, "monitor", "guest", guest, NULL) : NULL;
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor_path;
    config.guest_path = guest_path;
    config.memory_bytes = MEMORY_BYTES;
    config.guest_vmpl = vmpl;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    bool launched = machine_launch(machine, &error);
    g_assert_no_error(error);
    g_assert_true(launched);
    return machine;
}

static void run_lie(const char *monitor, const char *guest, const struct lie *lie)
{
    struct machine *machine = machine_started(monitor, guest, 3);
    struct run run = {.lie = lie};
    const struct hv_program program = {.user = &run, .step = step};
    machine_program_set(machine, &program);
    enum run_end_reason reason = machine_run(machine, NULL);
    g_assert_cmpstr(run_end_reason_name(reason), ==, run_end_reason_name(lie->reason));
    uint64_t detail = lie->reason == RUN_END_STUCK ? victim_gpa(machine) : lie->detail;
    g_assert_cmphex(machine_end_detail(machine), ==, detail);
    g_assert_cmpuint(run.told, >, 0);
    if (lie->says != NULL)
        g_assert_nonnull(strstr(machine_console(machine), lie->says));
    machine_free(machine);
}

static void test_honest(gconstpointer vmpl)
{
    struct machine *machine =
        machine_started("default.elf", "page-cycle.elf", (uint8_t)GPOINTER_TO_UINT(vmpl));
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmphex(machine_end_detail(machine), ==, END_OK);
    const char *console = machine_console(machine);
    g_assert_nonnull(strstr(console, "page-cycle: page after SetPagePrivate: all zero"));
    g_assert_nonnull(strstr(console, "page-cycle: ok ExtendPCR changes the report"));
    g_assert_nonnull(strstr(console, ", 0 failed"));
    machine_free(machine);
}

static void test_hello(void)
{
    struct machine *machine = machine_started("default.elf", "hello.elf", 3);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmphex(machine_end_detail(machine), ==, END_OK);
    g_assert_nonnull(strstr(machine_console(machine), "hello: Switch returned 0x0"));
    machine_free(machine);
}

/* A line of the monitor on the console: "monitor: " at the start of a line. */
static bool says(struct machine *machine, const char *text)
{
    g_autofree char *line = g_strconcat("monitor: ", text, NULL);
    g_autofree char *later = g_strconcat("\n", line, NULL);
    const char *console = machine_console(machine);
    return g_str_has_prefix(console, line) || strstr(console, later) != NULL;
}

static void test_quiet(void)
{
    struct machine *machine = machine_started("default.elf", "lock-kernel.elf", 3);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmphex(machine_end_detail(machine), ==, END_OK);
    g_assert_nonnull(strstr(machine_console(machine), "lock-kernel: all passed"));
    g_assert_false(says(machine, ""));
    machine_free(machine);
}

static void test_verbose(void)
{
    struct machine *machine = machine_started("verbose.elf", "lock-kernel.elf", 3);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmphex(machine_end_detail(machine), ==, END_OK);
    g_assert_true(says(machine, "C-bit 51, "));
    g_assert_true(says(machine, "memory up to 0x"));
    g_assert_true(says(machine, "guest measured, starting at 0x"));
    g_assert_true(says(machine, "kernel locked"));
    machine_free(machine);
}

static void test_no_guest(void)
{
    struct machine *machine = machine_started("default.elf", NULL, 3);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmphex(machine_end_detail(machine), ==, MONITOR_END(0x70));
    g_assert_true(says(machine, "cpu 0: no guest image"));
    machine_free(machine);
}

static void ghcb_answer(struct machine *machine, const struct hv_exit *exit, uint64_t info_1,
                        uint64_t info_2)
{
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_1, &info_1, 8), ==, HV_OK);
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_2, &info_2, 8), ==, HV_OK);
}

/* After the honest answer, another value in the GHCB MSR for one request of VMPL 0. */
static void msr_lie(struct machine *machine, const struct hv_exit *exit, unsigned *told,
                    uint64_t request, uint64_t answer)
{
    honest_handle(machine, exit);
    if (exit->page_protocol || exit->vmpl != 0 || (exit->ghcb_msr & 0xfff) != request)
        return;
    hv_vmcb(machine, exit->vmsa_spa)->ghcb_msr = answer;
    (*told)++;
}

static void lie_version(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    msr_lie(machine, exit, told, GHCB_MSR_SEV_INFO_REQ, UINT64_C(1) << 48 | UINT64_C(1) << 32 | 1);
}

/* The position of the C-bit in the same answer is not the monitor's source: nothing happens. */
static void lie_c_bit(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    msr_lie(machine, exit, told, GHCB_MSR_SEV_INFO_REQ,
            UINT64_C(2) << 48 | UINT64_C(1) << 32 | 12 << 24 | 1);
}

static void lie_features(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    msr_lie(machine, exit, told, GHCB_MSR_HV_FEATURES_REQ, 1 << 12 | 0x081);
}

static void lie_register(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    msr_lie(machine, exit, told, GHCB_MSR_REGISTER_REQ, ~UINT64_C(0xfff) | 0x013);
}

static void lie_psc_msr(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    msr_lie(machine, exit, told, GHCB_MSR_PSC_REQ, UINT64_C(1) << 32 | 0x015);
}

static void lie_ghcb_msr(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    honest_handle(machine, exit);
    if (exit->page_protocol && exit->vmpl == 0 && exit->nae == GHCB_NAE_IOIO) {
        hv_vmcb(machine, exit->vmsa_spa)->ghcb_msr = exit->ghcb_gpa + 0x1000;
        (*told)++;
    }
}

static void lie_psc_list(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    honest_handle(machine, exit);
    if (exit->page_protocol && exit->kind == HV_EXIT_PAGE_STATE_CHANGE) {
        ghcb_answer(machine, exit, 0, UINT64_C(0x100) << 32);
        (*told)++;
    }
}

/* Says that all is done and changes nothing: PVALIDATE then exits with a nested page fault, and the
 * hypervisor has to do it after all. */
static void lie_psc_private(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    if (!exit->page_protocol || exit->kind != HV_EXIT_PAGE_STATE_CHANGE || exit->psc_op != 1) {
        honest_handle(machine, exit);
        return;
    }
    const uint16_t done = (uint16_t)exit->psc_count;
    hv_write(machine, exit->ghcb_spa + 0x800, &done, sizeof done);
    ghcb_answer(machine, exit, 0, 0);
    (*told)++;
}

static void lie_run_vmpl(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    if (exit->kind != HV_EXIT_RUN_VMPL || exit->vmpl != 0) {
        honest_handle(machine, exit);
        return;
    }
    ghcb_answer(machine, exit, 2, 5);
    (*told)++;
}

static void lie_ap_creation(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    honest_handle(machine, exit);
    if (exit->kind == HV_EXIT_AP_CREATION) {
        ghcb_answer(machine, exit, 2, 5);
        (*told)++;
    }
}

/* A page of the monitor is taken and given back empty of trust: not validated any more. */
static void lie_revalidate(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    honest_handle(machine, exit);
    if (*told > 0 || exit->kind != HV_EXIT_RUN_VMPL)
        return;
    const uint64_t gpa = victim_gpa(machine), spa = honest_spa_of(machine, gpa);
    const struct rmp_operand none = {0};
    const struct rmp_operand again = {.gpa = gpa, .assigned = 1, .asid = hv_asid(machine)};
    g_assert_cmpint(hv_rmpupdate(machine, spa, &none), ==, RMP_RC_SUCCESS);
    g_assert_cmpint(hv_rmpupdate(machine, spa, &again), ==, RMP_RC_SUCCESS);
    (*told)++;
}

/* VeriSMo, section 8.4.1: the page that holds VMPCK0 goes under the page that the guest makes
 * private. */
static void lie_steal(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    honest_handle(machine, exit);
    if (*told > 0 || exit->kind != HV_EXIT_PAGE_STATE_CHANGE || exit->psc_op != 1)
        return;
    const uint64_t gpa = victim_gpa(machine), spa = honest_spa_of(machine, gpa);
    const struct rmp_operand none = {0};
    const struct rmp_operand here = {.gpa = exit->psc_gpa, .assigned = 1, .asid = hv_asid(machine)};
    hv_rmpupdate(machine, honest_spa_of(machine, exit->psc_gpa), &none);
    g_assert_cmpint(hv_rmpupdate(machine, spa, &here), ==, RMP_RC_SUCCESS);
    hv_npt_unmap(machine, gpa, PAGE_4K);
    hv_npt_map(machine, exit->psc_gpa, spa, PAGE_4K, NPT_RWX);
    (*told)++;
}

static void lie_psp_silent(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    if (exit->kind != HV_EXIT_GUEST_REQUEST) {
        honest_handle(machine, exit);
        return;
    }
    ghcb_answer(machine, exit, 0, 0); /* "done", and no message */
    (*told)++;
}

static void lie_psp_busy(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    if (exit->kind != HV_EXIT_GUEST_REQUEST || *told >= 5) {
        honest_handle(machine, exit);
        return;
    }
    ghcb_answer(machine, exit, 0, UINT64_C(2) << 32);
    (*told)++;
}

/* Brings VMPL 0 back without a call of the guest: it is served nothing and runs again. */
static void lie_spurious(struct machine *machine, const struct hv_exit *exit, unsigned *told)
{
    if (exit->kind != HV_EXIT_RUN_VMPL || exit->vmpl != 0 || *told >= 3) {
        honest_handle(machine, exit);
        return;
    }
    ghcb_answer(machine, exit, 0, 0);
    (*told)++;
}

static const struct lie lies[] = {
    {"version", lie_version, RUN_END_TERMINATED, MONITOR_END(0x10), NULL},
    {"c-bit", lie_c_bit, RUN_END_TERMINATED, END_OK, ", 0 failed"},
    {"features", lie_features, RUN_END_TERMINATED, MONITOR_END(0x11), NULL},
    {"psc-by-msr", lie_psc_msr, RUN_END_TERMINATED, MONITOR_END(0x15), NULL},
    {"registration", lie_register, RUN_END_TERMINATED, MONITOR_END(0x12), NULL},
    {"ghcb-msr-changed", lie_ghcb_msr, RUN_END_TERMINATED, MONITOR_END(0x13), NULL},
    {"psc-list-refused", lie_psc_list, RUN_END_TERMINATED, MONITOR_END(0x15),
     "page-state change failed"},
    {"psc-not-done", lie_psc_private, RUN_END_TERMINATED, END_OK, ", 0 failed"},
    {"ap-creation-refused", lie_ap_creation, RUN_END_TERMINATED, MONITOR_END(0x28), NULL},
    {"run-vmpl-refused", lie_run_vmpl, RUN_END_TERMINATED, MONITOR_END(0x29), NULL},
    {"page-not-validated-any-more", lie_revalidate, RUN_END_TERMINATED, MONITOR_END(0x60),
     "exception 29 error 0x404"},
    {"page-stolen", lie_steal, RUN_END_STUCK, 0, "page after SetPagePrivate: all zero"},
    {"psp-silent", lie_psp_silent, RUN_END_TERMINATED, END_SET_GUEST << 8 | 6, "key wiped"},
    {"psp-busy", lie_psp_busy, RUN_END_TERMINATED, END_OK, ", 0 failed"},
    {"spurious-return", lie_spurious, RUN_END_TERMINATED, END_OK, ", 0 failed"},
};

static void test_lie(gconstpointer lie)
{
    run_lie("default.elf", "page-cycle.elf", lie);
}

/* The defect is the one it is named after: without scrubbing the guest reads what the page held. */
static void test_no_scrub(void)
{
    static const struct lie steal = {"page-stolen", lie_steal, RUN_END_STUCK, 0,
                                     "page after SetPagePrivate: found"};
    run_lie("no-scrub.elf", "page-cycle.elf", &steal);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/monitor/run/every-call/vmpl1", GUINT_TO_POINTER(1), test_honest);
    g_test_add_data_func("/monitor/run/every-call/vmpl2", GUINT_TO_POINTER(2), test_honest);
    g_test_add_data_func("/monitor/run/every-call/vmpl3", GUINT_TO_POINTER(3), test_honest);
    g_test_add_func("/monitor/run/hello", test_hello);
    g_test_add_func("/monitor/run/no-guest", test_no_guest);
    g_test_add_func("/monitor/run/console/quiet", test_quiet);
    g_test_add_func("/monitor/run/console/verbose", test_verbose);
    g_test_add_func("/monitor/run/no-scrub-grants-what-it-found", test_no_scrub);
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autofree char *path = g_strconcat("/monitor/run/lie/", lies[i].name, NULL);
        g_test_add_data_func(path, &lies[i], test_lie);
    }
    return g_test_run();
}
