/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No translation of a guest's outlives a call that took permissions (APM 2 15.36.15;
 * monitor/vcpu.h), on a machine that flushes only what the manual promises. The guest `stale` uses
 * pages on six vCPUs while the seventh has the monitor take them; here the hypervisor repairs
 * nothing for these: each must come to an access, or a VMRUN, that is refused.
 */
#include <glib.h>
#include <string.h>

#include "emu/honest.h"
#include "emu/machine.h"
#include "rmp/access.h"

enum { CPUS = 7, GUEST_VMPL = 3, AP_DESTROY = 2, GHCB_INFO_1 = 0x398, GHCB_INFO_2 = 0x3a0 };

struct way {
    const char *name;
    enum machine_schedule schedule;
    bool runs_on; /* the hypervisor runs VMSAs that it was told to run no more */
};

struct run {
    const struct way *way;
    unsigned refused[CPUS];
};

/* The RMP refused an access, or #VC came of it and the guest's handler halts. */
static bool is_refused(const struct hv_exit *exit)
{
    return exit->kind == HV_EXIT_HLT ||
           (exit->kind == HV_EXIT_NPF && (exit->info1 & (NPF_RMP | NPF_VMPL)) != 0 &&
            (exit->info1 & NPF_SIZEM) == 0);
}

/* AP creation's "destroy" is answered, and nothing is done. */
static bool is_ignored(struct machine *machine, const struct hv_exit *exit)
{
    const uint64_t done = 0;
    if (exit->kind != HV_EXIT_AP_CREATION || (exit->nae_info1 & 0xffff) != AP_DESTROY)
        return false;
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_1, &done, 8), ==, HV_OK);
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_2, &done, 8), ==, HV_OK);
    return true;
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct run *run = user;
    if (exit != NULL && cpu != 0 && exit->vmpl == GUEST_VMPL && is_refused(exit)) {
        run->refused[cpu]++;
        return; /* and it is not run again */
    }
    if (exit != NULL && !(run->way->runs_on && is_ignored(machine, exit)))
        honest_handle(machine, exit);
    uint64_t vmsa = honest_next_vmsa(machine, cpu);
    if (vmsa != 0 && machine_end_reason(machine) == RUN_END_NONE &&
        hv_vmrun(machine, cpu, vmsa) != HV_OK)
        run->refused[cpu]++;
}

static void test_stale(gconstpointer user)
{
    struct run run = {.way = user};
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
    config.schedule = run.way->schedule;
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

static const struct way ways[] = {
    {"fair", SCHEDULE_FAIR, false},
    {"random", SCHEDULE_RANDOM, false},
    {"fair/hypervisor-runs-on", SCHEDULE_FAIR, true},
    {"random/hypervisor-runs-on", SCHEDULE_RANDOM, true},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *path = g_strconcat("/monitor/stale/apm2-15.36.15/", ways[i].name, NULL);
        g_test_add_data_func(path, &ways[i], test_stale);
    }
    return g_test_run();
}
