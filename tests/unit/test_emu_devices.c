/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The APIC and the devices as a guest sees them, over 1 to 4 processors and both schedules: the
 * images tests/images/apic.c and devices.c check what arrives when; this file, that they end well,
 * that time which nobody uses costs nothing, and that the same inputs give the same stream.
 */
#include <string.h>

#include "emu/honest.h"
#include "emu/machine_internal.h"
#include "tests/images/devices.h"

/* The image of the APIC sleeps for a second of virtual time; what it executes is far less. */
enum { INSNS_MAX = 60000000, TIME_CYCLES = 1000000000 };

struct outcome {
    enum run_end_reason reason;
    uint64_t detail, insns, cycles;
    char hash[33];
    char *console;
};

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    (void)user;
    if (exit && exit->kind == HV_EXIT_MSR_PROTOCOL && (exit->ghcb_msr & 0xfff) == 0x010 &&
        exit->ghcb_msr >> 12 == ASK_TYPE)
        g_assert_cmpuint(hv_console_type(machine, DEVICES_TYPED, strlen(DEVICES_TYPED)), ==,
                         strlen(DEVICES_TYPED));
    machine_step_honest(machine, cpu, exit);
}

static struct outcome run(const char *image, uint32_t cpus, enum machine_schedule schedule,
                          uint64_t seed)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = image;
    config.memory_bytes = UINT64_C(32) << 20;
    config.cpus = cpus;
    config.schedule = schedule;
    config.seed = seed;
    config.limit_insns = UINT64_C(4) * INSNS_MAX;
    GError *error = NULL;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    const struct hv_program program = {.step = step};
    machine_program_set(machine, &program);
    struct outcome outcome = {.reason = machine_run(machine, NULL)};
    outcome.detail = machine_end_detail(machine);
    outcome.insns = machine_retired_insns(machine);
    outcome.cycles = machine_time_cycles(machine);
    outcome.console = g_strdup(machine_console(machine));
    if (outcome.reason == RUN_END_TERMINATED)
        g_test_message("%u processors, seed %u: step %u went wrong", cpus, (unsigned)seed,
                       (unsigned)outcome.detail);
    trace_hash_hex(machine_trace(machine), outcome.hash);
    machine_free(machine);
    return outcome;
}

/* Once, and for the first seeds again. */
static struct outcome run_again(const char *image, uint32_t cpus, enum machine_schedule schedule,
                                uint64_t seed)
{
    struct outcome first = run(image, cpus, schedule, seed);
    if (seed > 3)
        return first;
    struct outcome second = run(image, cpus, schedule, seed);
    g_assert_cmpstr(first.hash, ==, second.hash);
    g_free(second.console);
    return first;
}

static void apic_check(uint32_t cpus, enum machine_schedule schedule, uint64_t seed)
{
    struct outcome outcome = run_again(PROVA_APIC_IMAGE, cpus, schedule, seed);
    /* One processor ends in a HLT that its periodic timer must not end: interrupts are masked. */
    g_assert_cmpint(outcome.reason, ==, cpus > 1 ? RUN_END_DEBUG_EXIT : RUN_END_HALTED);
    g_assert_cmpuint(outcome.detail, ==, 0);
    g_assert_cmpuint(outcome.cycles, >, TIME_CYCLES);
    g_assert_cmpuint(outcome.insns, <, INSNS_MAX);
    g_free(outcome.console);
}

static void devices_check(uint32_t cpus, enum machine_schedule schedule, uint64_t seed)
{
    struct outcome outcome = run_again(PROVA_DEVICES_IMAGE, cpus, schedule, seed);
    g_assert_cmpint(outcome.reason, ==, RUN_END_POWERED_OFF);
    g_assert_cmpstr(outcome.console, ==, "dbbbdbbb");
    g_free(outcome.console);
}

static void each(void (*check)(uint32_t cpus, enum machine_schedule schedule, uint64_t seed))
{
    for (uint32_t cpus = 1; cpus <= 4; cpus++)
        check(cpus, SCHEDULE_FAIR, 1);
    for (uint64_t seed = 1; seed <= 12; seed++)
        check(1 + (uint32_t)seed % 3, SCHEDULE_RANDOM, seed);
}

static void test_apic(void)
{
    each(apic_check);
}

static void test_devices(void)
{
    each(devices_check);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/devices/apm2-16/apic", test_apic);
    g_test_add_func("/emu/devices/ports-and-addresses", test_devices);
    return g_test_run();
}
