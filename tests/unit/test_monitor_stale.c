/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No translation of a guest's outlives a call that took permissions (APM 2 15.36.15;
 * monitor/vcpu.h), on a machine that flushes only what the manual promises. The guest `stale` uses
 * pages on five vCPUs while the sixth has the monitor take them; here the hypervisor repairs
 * nothing for these five: each must come to an access that is refused.
 */
#include <glib.h>
#include <string.h>

#include "emu/honest.h"
#include "emu/machine.h"
#include "rmp/access.h"

enum { CPUS = 6, GUEST_VMPL = 3 };

struct run {
    unsigned refused[CPUS];
};

/* The RMP refused an access, or #VC came of it and the guest's handler halts. */
static bool is_refused(const struct hv_exit *exit)
{
    return exit->kind == HV_EXIT_HLT ||
           (exit->kind == HV_EXIT_NPF && (exit->info1 & (NPF_RMP | NPF_VMPL)) != 0 &&
            (exit->info1 & NPF_SIZEM) == 0);
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct run *run = user;
    if (exit != NULL && cpu != 0 && exit->vmpl == GUEST_VMPL && is_refused(exit)) {
        run->refused[cpu]++;
        return; /* and it is not run again */
    }
    machine_step_honest(machine, cpu, exit);
}

static void test_stale(gconstpointer schedule)
{
    struct run run = {0};
    GError *error = NULL;
    const struct hv_program program = {.user = &run, .step = step};
    g_autofree char *monitor = g_test_build_filename(G_TEST_BUILT, "monitor", "default.elf", NULL);
    g_autofree char *guest =
        g_test_build_filename(G_TEST_BUILT, "monitor", "guest", "stale.elf", NULL);
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor;
    config.guest_path = guest;
    config.cpus = CPUS;
    config.guest_vmpl = GUEST_VMPL;
    config.tlb_mode = TLB_ARCH;
    config.schedule = (enum machine_schedule)GPOINTER_TO_UINT(schedule);
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    machine_program_set(machine, &program);
    enum run_end_reason reason = machine_run(machine, NULL);
    g_test_message("%s", machine_console(machine));
    g_assert_cmpstr(run_end_reason_name(reason), ==, run_end_reason_name(RUN_END_TERMINATED));
    g_assert_cmphex(machine_end_detail(machine), ==, 0);
    g_assert_nonnull(strstr(machine_console(machine), ", 0 failed"));
    for (uint32_t cpu = 1; cpu < CPUS; cpu++)
        g_assert_cmpuint(run.refused[cpu], >, 0);
    machine_free(machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/monitor/stale/apm2-15.36.15/fair", GUINT_TO_POINTER(SCHEDULE_FAIR),
                         test_stale);
    g_test_add_data_func("/monitor/stale/apm2-15.36.15/random", GUINT_TO_POINTER(SCHEDULE_RANDOM),
                         test_stale);
    return g_test_run();
}
