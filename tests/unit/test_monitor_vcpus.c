/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor on several vCPUs and under injected events: CREATE_VCPU, DELETE_VCPU and WakeUpAP
 * under both schedules, with and without restricted injection; #HV at every entry; and events that
 * only a hypervisor can have made end the machine with the code of docs/monitor.md.
 */
#include <glib.h>
#include <string.h>

#include "emu/honest.h"
#include "emu/machine.h"

#define LIMIT_INSNS UINT64_C(2000000000)
enum { MEMORY_BYTES = 32 << 20, GHCB_INFO_2 = 0x3a0 };

/* Termination detail: reason set << 8 | code. */
#define MONITOR_END(code)   (5u << 8 | (code))
#define EVENT(type, vector) (EVENTINJ_VALID | (uint64_t)(type) << 8 | (vector))
#define EVENT_HV            EVENT(EVENTINJ_EXCEPTION, 28)

struct run;

struct way {
    const char *name;
    uint32_t cpus;
    bool restricted;
    enum machine_schedule schedule;
    uint64_t seed;
};

struct attack {
    const char *name;
    bool restricted;
    /* Before VMPL 0 runs on the first processor. exit: what the processor left the guest by. */
    void (*strike)(struct run *run, struct machine *machine, const struct hv_exit *exit,
                   uint64_t vmsa);
    unsigned strikes_max;
    uint64_t detail;
};

struct run {
    const struct attack *attack;
    unsigned strikes;
    bool started;          /* the guest has run */
    uint64_t doorbell_spa; /* of the first processor's VMPL 0; 0 = not registered */
};

static struct machine *machine_started(const char *guest, uint32_t cpus, bool restricted,
                                       enum machine_schedule schedule, uint64_t seed)
{
    GError *error = NULL;
    g_autofree char *guest_file = g_strconcat(guest, ".elf", NULL);
    g_autofree char *monitor_path =
        g_test_build_filename(G_TEST_BUILT, "monitor", "default.elf", NULL);
    g_autofree char *guest_path =
        g_test_build_filename(G_TEST_BUILT, "monitor", "guest", guest_file, NULL);
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor_path;
    config.guest_path = guest_path;
    config.memory_bytes = MEMORY_BYTES;
    config.cpus = cpus;
    config.schedule = schedule;
    config.seed = seed;
    config.limit_insns = LIMIT_INSNS;
    config.sev_features = restricted ? SEV_FEATURE_RESTRICTED_INJECTION : 0;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    return machine;
}

static void test_way(gconstpointer user)
{
    const struct way *way = user;
    struct machine *machine =
        machine_started("vcpus", way->cpus, way->restricted, way->schedule, way->seed);
    g_assert_cmpstr(run_end_reason_name(machine_run(machine, NULL)), ==,
                    run_end_reason_name(RUN_END_TERMINATED));
    g_assert_cmphex(machine_end_detail(machine), ==, 0);
    g_assert_nonnull(strstr(machine_console(machine), "vcpus: ok it runs no more"));
    g_assert_nonnull(strstr(machine_console(machine), ", 0 failed"));
    machine_free(machine);
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct run *run = user;
    const struct attack *attack = run->attack;
    if (exit != NULL)
        honest_handle(machine, exit);
    uint64_t vmsa = honest_next_vmsa(machine, cpu);
    if (vmsa == 0 || machine_end_reason(machine) != RUN_END_NONE)
        return;
    if (exit != NULL && vmsa == honest_vmsa(machine, cpu, 0) && run->strikes < attack->strikes_max)
        attack->strike(run, machine, exit, vmsa);
    g_assert_cmpint(hv_vmrun(machine, cpu, vmsa), ==, HV_OK);
}

static void test_attack(gconstpointer user)
{
    struct run run = {.attack = user};
    const struct hv_program program = {.user = &run, .step = step};
    struct machine *machine =
        machine_started("page-cycle", 1, run.attack->restricted, SCHEDULE_FAIR, 1);
    machine_program_set(machine, &program);
    enum run_end_reason reason = machine_run(machine, NULL);
    g_assert_cmpstr(run_end_reason_name(reason), ==, run_end_reason_name(RUN_END_TERMINATED));
    g_assert_cmphex(machine_end_detail(machine), ==, run.attack->detail);
    g_assert_cmpuint(run.strikes, >, 0);
    machine_free(machine);
}

static void inject(struct run *run, struct machine *machine, uint64_t vmsa, uint64_t event)
{
    hv_vmcb(machine, vmsa)->eventinj = event;
    run->strikes++;
}

static bool is_call(const struct hv_exit *exit)
{
    return exit->kind == HV_EXIT_PAGE_STATE_CHANGE && exit->page_protocol;
}

static void strike_nmi(struct run *run, struct machine *machine, const struct hv_exit *exit,
                       uint64_t vmsa)
{
    if (is_call(exit))
        inject(run, machine, vmsa, EVENT(EVENTINJ_NMI, 2));
}

static void strike_df(struct run *run, struct machine *machine, const struct hv_exit *exit,
                      uint64_t vmsa)
{
    if (is_call(exit))
        inject(run, machine, vmsa, EVENT(EVENTINJ_EXCEPTION, 8) | EVENTINJ_ERROR_VALID);
}

static void strike_mc(struct run *run, struct machine *machine, const struct hv_exit *exit,
                      uint64_t vmsa)
{
    if (is_call(exit))
        inject(run, machine, vmsa, EVENT(EVENTINJ_EXCEPTION, 18));
}

/* WeSee: #VC with the code of an instruction that is not there, here CPUID. */
static void strike_vc(struct run *run, struct machine *machine, const struct hv_exit *exit,
                      uint64_t vmsa)
{
    const uint64_t cpuid = UINT64_C(0x72) << 32;
    if (is_call(exit))
        inject(run, machine, vmsa, EVENT(EVENTINJ_EXCEPTION, 29) | EVENTINJ_ERROR_VALID | cpuid);
}

/* Heckler: an interrupt whose vector would be a system call. */
static void strike_interrupt(struct run *run, struct machine *machine, const struct hv_exit *exit,
                             uint64_t vmsa)
{
    if (is_call(exit))
        inject(run, machine, vmsa, EVENT(EVENTINJ_INTR, 0x80));
}

static bool is_registration(const struct hv_exit *exit)
{
    return exit->page_protocol && exit->nae == GHCB_NAE_HV_DOORBELL;
}

static void ring(struct run *run, struct machine *machine, const struct hv_exit *exit,
                 uint64_t vmsa, uint16_t pending)
{
    if (is_registration(exit))
        run->doorbell_spa = honest_spa_of(machine, exit->nae_info2);
    run->started |= exit->kind == HV_EXIT_RUN_VMPL;
    if (run->doorbell_spa == 0 || !run->started)
        return;
    g_assert_cmpint(hv_write(machine, run->doorbell_spa, &pending, sizeof pending), ==, HV_OK);
    inject(run, machine, vmsa, EVENT_HV);
}

/* A signal at every entry, whatever NoFurtherSignal says, with a vector or none. */
static void strike_signals(struct run *run, struct machine *machine, const struct hv_exit *exit,
                           uint64_t vmsa)
{
    ring(run, machine, exit, vmsa,
         run->strikes % 3 == 0 ? 0 : 0x8000 | (uint16_t)(0x20 + run->strikes % 64));
}

static void strike_doorbell_nmi(struct run *run, struct machine *machine,
                                const struct hv_exit *exit, uint64_t vmsa)
{
    ring(run, machine, exit, vmsa, 1 << 8);
}

static void strike_doorbell_mc(struct run *run, struct machine *machine, const struct hv_exit *exit,
                               uint64_t vmsa)
{
    ring(run, machine, exit, vmsa, 1 << 9);
}

static void strike_doorbell_refused(struct run *run, struct machine *machine,
                                    const struct hv_exit *exit, uint64_t vmsa)
{
    const uint64_t other = 0x1000;
    (void)vmsa;
    if (!is_registration(exit))
        return;
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_2, &other, 8), ==, HV_OK);
    run->strikes++;
}

static const struct attack attacks[] = {
    {"nmi", false, strike_nmi, 1, MONITOR_END(0x42)},
    {"double-fault", false, strike_df, 1, MONITOR_END(0x48)},
    {"machine-check", false, strike_mc, 1, MONITOR_END(0x52)},
    {"vc-that-no-instruction-made", false, strike_vc, 1, MONITOR_END(0x5d)},
    {"interrupt-0x80", false, strike_interrupt, 1, MONITOR_END(0x4d)},
    {"hv-at-every-entry", true, strike_signals, 1000, 0},
    {"doorbell-nmi", true, strike_doorbell_nmi, 1, MONITOR_END(0x42)},
    {"doorbell-machine-check", true, strike_doorbell_mc, 1, MONITOR_END(0x52)},
    {"doorbell-refused", true, strike_doorbell_refused, 1, MONITOR_END(0x14)},
};

static const struct way ways[] = {
    {"2", 2, false, SCHEDULE_FAIR, 1},
    {"4", 4, false, SCHEDULE_FAIR, 1},
    {"2/random-1", 2, false, SCHEDULE_RANDOM, 1},
    {"2/random-2", 2, false, SCHEDULE_RANDOM, 2},
    {"2/restricted", 2, true, SCHEDULE_FAIR, 1},
    {"2/restricted/random-3", 2, true, SCHEDULE_RANDOM, 3},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *path = g_strconcat("/monitor/vcpus/svsm58019/", ways[i].name, NULL);
        g_test_add_data_func(path, &ways[i], test_way);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(attacks); i++) {
        g_autofree char *path = g_strconcat("/monitor/event/apm2-15.36.16/", attacks[i].name, NULL);
        g_test_add_data_func(path, &attacks[i], test_attack);
    }
    return g_test_run();
}
