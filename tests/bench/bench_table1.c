/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Table 1 of VeriSMo (OSDI'24): what each call of the monitor comes to. Exits and instructions are
 * counted in the events of a run of the guest `bench`; time is the emulator's virtual time, under
 * the costs of emu/cost.c, which are calibrated on this very table (docs/costs.md). So the ratios
 * show that the calls do the same kind of work, not how fast any hardware is.
 *
 * usage: bench_table1 MONITOR GUEST [LARGE_MIB]
 *
 * LockKernel runs on a machine of LARGE_MIB (8192 otherwise) and on one of half of that. Needs that
 * much of the host's memory and an eighth more.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/machine.h"
#include "monitor/guest/bench_phase.h"

/* Of our cycles, in one of the paper's (emu/cost.c). */
enum { PAPER_CYCLE = 3 };

enum { SMALL_MIB = 64, LARGE_MIB = 8192, LARGE_MIB_MIN = 64, LARGE_MIB_MAX = 16384 };

struct count {
    uint64_t vmgexits, pvalidates, rmpadjusts;
    uint64_t monitor_insns, guest_insns;
    uint64_t cycles;
};

struct watch {
    struct count phase[BENCH_PHASES];
    int open; /* the phase that is under way, -1 if none */
    uint64_t since;
    unsigned done;
};

static void watch_mark(struct watch *watch, const struct event *event, uint64_t mark)
{
    unsigned phase = mark >> BENCH_MARK_PHASE_SHIFT & BENCH_MARK_PHASE_MASK;
    if (phase >= BENCH_PHASES)
        return;
    if (mark & BENCH_MARK_END) {
        watch->phase[phase].cycles = event->time - watch->since;
        watch->open = -1;
        watch->done++;
    } else {
        watch->open = (int)phase;
        watch->since = event->time;
    }
}

static void watch_count(struct count *count, const struct event *event)
{
    switch (event->kind) {
    case EVENT_VMGEXIT: count->vmgexits += event->vmgexit.phase == 0; break;
    case EVENT_WORLD:
        if (event->world.phase == 1)
            *(event->vmpl == 0 ? &count->monitor_insns : &count->guest_insns) += event->world.insns;
        break;
    case EVENT_RMP:
        count->pvalidates += event->rmp.insn == RMP_INSN_PVALIDATE;
        count->rmpadjusts += event->rmp.insn == RMP_INSN_RMPADJUST;
        break;
    default: break;
    }
}

static void observe(void *user, const struct event *event)
{
    struct watch *watch = user;
    bool mark = event->kind == EVENT_VMGEXIT && event->vmgexit.phase == 0 && event->vmpl > 0 &&
                event->vmgexit.protocol == VMGEXIT_MSR &&
                (event->vmgexit.ghcb & 0xfff) == BENCH_MARK;
    if (mark)
        watch_mark(watch, event, event->vmgexit.ghcb);
    else if (watch->open >= 0)
        watch_count(&watch->phase[watch->open], event);
}

static void die(const char *what)
{
    fprintf(stderr, "bench_table1: %s\n", what);
    exit(1);
}

static struct watch run(const char *monitor, const char *guest, uint64_t mib)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor;
    config.guest_path = guest;
    config.memory_bytes = mib << 20;
    GError *error = NULL;
    struct watch watch = {.open = -1};
    struct machine *machine = machine_new(&config, &error);
    if (machine == NULL)
        die(error->message);
    trace_attach(machine_trace(machine), observe, &watch);
    if (!machine_launch(machine, &error))
        die(error->message);
    enum run_end_reason reason = machine_run(machine, NULL);
    if (reason != RUN_END_TERMINATED || machine_end_detail(machine) != 0) {
        fprintf(stderr, "%s\n", machine_console(machine));
        die(machine_end_text(machine));
    }
    if (watch.done != BENCH_PHASES)
        die("the guest made other marks than bench_phase.h says");
    machine_free(machine);
    return watch;
}

struct row {
    const char *name;
    double paper_kcycles;
    double vmgexits, pvalidates, rmpadjusts, monitor_insns, guest_insns, kcycles;
};

static struct row row_make(const char *name, double paper_kcycles, const struct watch *watch,
                           enum bench_phase phase, double calls)
{
    const struct count *count = &watch->phase[phase], *none = &watch->phase[BENCH_NOTHING];
    return (struct row){
        .name = name,
        .paper_kcycles = paper_kcycles,
        .vmgexits = (double)count->vmgexits / calls,
        .pvalidates = (double)count->pvalidates / calls,
        .rmpadjusts = (double)count->rmpadjusts / calls,
        .monitor_insns = (double)count->monitor_insns / calls,
        .guest_insns = ((double)count->guest_insns - (double)none->guest_insns) / calls,
        .kcycles = ((double)count->cycles - (double)none->cycles) / calls / PAPER_CYCLE / 1e3,
    };
}

static void row_print(const struct row *row)
{
    printf("  %-22s %9.2f %9.2f %11.2f %14.0f %9.0f %13.1f %11.0f\n", row->name, row->vmgexits,
           row->pvalidates, row->rmpadjusts, row->monitor_insns, row->guest_insns, row->kcycles,
           row->paper_kcycles);
}

static int ratio_print(const char *name, const struct row *above, const struct row *below)
{
    double ours = above->kcycles / below->kcycles;
    double paper = above->paper_kcycles / below->paper_kcycles;
    double off = 100 * (ours / paper - 1);
    bool close = off >= -10 && off <= 10;
    printf("  %-34s %8.3f   paper %8.3f   %+6.1f %%%s\n", name, ours, paper, off,
           close ? "" : "   MORE THAN 10 % OFF");
    return close ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: bench_table1 MONITOR GUEST [LARGE_MIB]\n");
        return 2;
    }
    int large = argc > 3 ? atoi(argv[3]) : LARGE_MIB;
    if (large < LARGE_MIB_MIN || large > LARGE_MIB_MAX || large % 4 != 0) {
        fprintf(stderr, "bench_table1: LARGE_MIB is a multiple of 4 from %d to %d\n", LARGE_MIB_MIN,
                LARGE_MIB_MAX);
        return 2;
    }
    struct watch small = run(argv[1], argv[2], SMALL_MIB);
    struct watch whole = run(argv[1], argv[2], (uint64_t)large);
    struct watch half = run(argv[1], argv[2], (uint64_t)large / 2);
    char whole_name[32], half_name[32];
    g_snprintf(whole_name, sizeof(whole_name), "LockKernel (%d MiB)", large);
    g_snprintf(half_name, sizeof(half_name), "LockKernel (%d MiB)", large / 2);

    const struct row rows[] = {
        row_make("Switch", 34, &small, BENCH_SWITCH, BENCH_CALLS),
        row_make("ExtendPCR", 37, &small, BENCH_EXTEND_PCR, BENCH_CALLS),
        row_make("SetPageShared", 77, &small, BENCH_SET_PAGE_SHARED, BENCH_CALLS),
        row_make("SetPagePrivate", 82, &small, BENCH_SET_PAGE_PRIVATE, BENCH_CALLS),
        row_make("AttestPCR", 17633, &small, BENCH_ATTEST, BENCH_ATTEST_CALLS),
        row_make(whole_name, 4260969, &whole, BENCH_LOCK_KERNEL, 1),
        row_make(half_name, 2201565, &half, BENCH_LOCK_KERNEL, 1),
    };
    printf("table 1: events counted per call; virtual time under the calibrated costs of "
           "emu/cost.c\n\n");
    printf("  %-22s %9s %9s %11s %14s %9s %13s %11s\n", "call", "VMGEXIT", "PVALIDATE", "RMPADJUST",
           "monitor insns", "guest", "virtual kcyc", "paper kcyc");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        row_print(&rows[i]);
    printf("\n");
    int bad = ratio_print("SetPageShared / Switch", &rows[2], &rows[0]) +
              ratio_print("SetPagePrivate / SetPageShared", &rows[3], &rows[2]) +
              ratio_print("ExtendPCR / Switch", &rows[1], &rows[0]);
    ratio_print("AttestPCR / Switch", &rows[4], &rows[0]); /* not a measure */
    bad += ratio_print("LockKernel, whole / half", &rows[5], &rows[6]);
    return bad ? 1 : 0;
}
