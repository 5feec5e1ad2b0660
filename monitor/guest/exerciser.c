/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the exercises that EXERCISES names (the build's choice) on every vCPU. A check that holds is
 * only counted. The last lines say how it went; the run ends with the number of failed checks.
 */
#include "monitor/guest/exercise.h"
#include "monitor/guest/team.h"

static const struct exercise *const exercises[] = {EXERCISES};
enum { EXERCISE_COUNT = sizeof exercises / sizeof exercises[0] };

static struct checks checks[LAUNCH_CPUS_MAX][EXERCISE_COUNT];

static void step(void (*function)(struct checks *), struct checks *of)
{
    if (function != NULL) {
        function(of);
    }
}

static void work(struct guest *guest)
{
    const bool first = guest->index == 0;
    for (unsigned i = 0; i < EXERCISE_COUNT; i++) {
        const struct exercise *exercise = exercises[i];
        struct checks *own = &checks[guest->index][i];
        if (first) {
            step(exercise->before, own);
        }
        team_barrier();
        step(exercise->together, own);
        team_barrier();
        if (first) {
            step(exercise->after, own);
        }
        team_barrier();
    }
}

/* Number of failed checks. A vCPU on which an exercise checked nothing has failed it. */
static unsigned summary(struct guest *guest, unsigned index)
{
    const struct exercise *exercise = exercises[index];
    const unsigned vcpus = guest->boot->vcpu_count;
    unsigned passed = 0, failed = 0;
    for (unsigned cpu = 0; cpu < vcpus; cpu++) {
        const struct checks *of = &checks[cpu][index];
        passed += of->passed;
        failed += of->failed;
        if (of->passed + of->failed == 0) {
            guest_print(guest, "%s: FAILED: nothing was checked on vCPU %u\n", exercise->name, cpu);
            failed++;
        }
    }
    guest_print(guest, "%s: %u passed, %u failed on %u vCPUs\n", exercise->name, passed, failed,
                vcpus);
    if (failed == 0) {
        guest_print(guest, "%s: all passed on every vCPU\n", exercise->name);
    }
    return failed;
}

unsigned guest_main(struct guest *guest)
{
    uint32_t started;
    unsigned failed = 0;
    for (unsigned i = 0; i < EXERCISE_COUNT; i++) {
        for (uint32_t cpu = 0; cpu < LAUNCH_CPUS_MAX; cpu++) {
            checks[cpu][i] = (struct checks){
                .guest = guest_vcpu(cpu), .kernel = exercises[i]->name, .quiet = true};
        }
        step(exercises[i]->alone, &checks[0][i]);
    }
    uint32_t code = team_gather(guest, work, &started);
    if (code != SVSM_SUCCESS) {
        guest_print(guest, "%s: FAILED: vCPU %u does not start, WakeUpAP gives 0x%x\n",
                    exercises[0]->name, started, code);
        return 1;
    }
    work(guest);
    for (unsigned i = 0; i < EXERCISE_COUNT; i++) {
        step(exercises[i]->finish, &checks[0][i]);
        failed += summary(guest, i);
    }
    return failed;
}
