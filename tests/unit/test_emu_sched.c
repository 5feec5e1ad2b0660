/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler over 1 to 16 processors: the image tests/images/smp.c starts them all by AP
 * creation and counts under a lock. Every schedule is right; the same inputs give the same stream,
 * another seed another one.
 */
#include <string.h>

#include "emu/machine.h"

struct outcome {
    enum run_end_reason reason;
    uint64_t detail, events, decisions, insns;
    uint32_t ran; /* processors that retired instructions, as a mask */
    char hash[33];
};

struct watch {
    uint64_t decisions;
    uint32_t ran;
};

static void observe(void *user, const struct event *event)
{
    struct watch *watch = user;
    if (event->kind == EVENT_SCHED)
        watch->decisions++;
    if (event->kind == EVENT_WORLD)
        watch->ran |= 1u << event->vcpu;
}

static struct outcome run(uint32_t cpus, enum machine_schedule schedule, uint64_t seed,
                          uint64_t slice_insns)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = PROVA_SMP_IMAGE;
    config.memory_bytes = UINT64_C(32) << 20;
    config.cpus = cpus;
    config.schedule = schedule;
    config.seed = seed;
    config.slice_insns = slice_insns;
    config.limit_insns = UINT64_C(50000000);
    GError *error = NULL;
    struct watch watch = {0};
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    trace_attach(machine_trace(machine), observe, &watch);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    struct outcome outcome = {.reason = machine_run(machine, NULL)};
    outcome.detail = machine_end_detail(machine);
    outcome.events = trace_count(machine_trace(machine));
    outcome.insns = machine_retired_insns(machine);
    outcome.decisions = watch.decisions;
    outcome.ran = watch.ran;
    trace_hash_hex(machine_trace(machine), outcome.hash);
    machine_free(machine);
    return outcome;
}

static void assert_success(const struct outcome *outcome, uint32_t cpus)
{
    g_assert_cmpint(outcome->reason, ==, RUN_END_TERMINATED);
    g_assert_cmpuint(outcome->detail, ==, 0);
    g_assert_cmphex(outcome->ran, ==, (1u << cpus) - 1);
    if (cpus > 1)
        g_assert_cmpuint(outcome->decisions, >, 0);
    else
        g_assert_cmpuint(outcome->decisions, ==, 0);
}

static void test_fair(void)
{
    static const uint32_t counts[] = {1, 2, 3, 4, 8, 16};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        struct outcome first = run(counts[i], SCHEDULE_FAIR, 1, 500);
        struct outcome second = run(counts[i], SCHEDULE_FAIR, 1, 500);
        assert_success(&first, counts[i]);
        g_assert_cmpstr(first.hash, ==, second.hash);
        g_assert_cmpuint(first.events, ==, second.events);
    }
}

static void test_random(void)
{
    char last[33] = "";
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct outcome first = run(4, SCHEDULE_RANDOM, seed, 200);
        struct outcome second = run(4, SCHEDULE_RANDOM, seed, 200);
        assert_success(&first, 4);
        g_assert_cmpstr(first.hash, ==, second.hash);
        g_assert_cmpstr(first.hash, !=, last);
        memcpy(last, first.hash, sizeof(last));
    }
}

/* A slice of one instruction: the finest interleaving of blocks. */
static void test_smallest_slices(void)
{
    struct outcome outcome = run(2, SCHEDULE_RANDOM, 3, 1);
    assert_success(&outcome, 2);
    g_assert_cmpuint(outcome.decisions, >, 5000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/sched/fair-1-to-16-processors", test_fair);
    g_test_add_func("/emu/sched/random-by-seed", test_random);
    g_test_add_func("/emu/sched/smallest-slices", test_smallest_slices);
    return g_test_run();
}
