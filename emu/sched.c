/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/sched.h"

#include "emu/honest_internal.h"
#include "emu/machine_internal.h"
#include "emu/splitmix.h"

enum {
    SLICE_INSNS = 100000,
    NPF_REPEATS_MAX = 64, /* the same nested fault, nothing retired: nobody will resolve it */
    FRUITLESS_SLICES_MAX = 256, /* of exceptions alone: longer than any stack is for them */
};
#define LIMIT_INSNS       UINT64_C(20000000000)
#define LIMIT_EVENTS      UINT64_C(100000000)
#define LIMIT_TIME_CYCLES UINT64_C(3600000000000)
/* How long a processor may stay in the guest when the machine is to rest. */
#define REST_PATIENCE_CYCLES UINT64_C(2000000000)
/* The idle rule: a loop that never leaves the guest and changes nothing that anybody can see. */
#define IDLE_INSNS UINT64_C(2000000000)
/* The monitor measures a kernel before it starts it, some 40 instructions for each byte. */
#define IDLE_INSNS_MEASURE UINT64_C(10000000000)

static uint64_t options_find(const struct machine *machine)
{
    uint64_t options = 0;
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        if (machine->processor[cpu].state != PROCESSOR_IDLE)
            options |= UINT64_C(1) << cpu;
    return options;
}

static uint32_t choose_by_time(const struct machine *machine, uint64_t options)
{
    uint32_t best = MACHINE_CPUS_MAX;
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++) {
        if (!(options >> cpu & 1))
            continue;
        if (best == MACHINE_CPUS_MAX ||
            machine->processor[cpu].clock.cycles < machine->processor[best].clock.cycles)
            best = cpu;
    }
    return best;
}

static uint32_t choose_by_seed(struct machine *machine, uint64_t options)
{
    uint32_t nth =
        (uint32_t)(splitmix_next(&machine->sched_random) % (uint32_t)__builtin_popcountll(options));
    for (; nth > 0; nth--)
        options &= options - 1;
    return (uint32_t)__builtin_ctzll(options);
}

static uint32_t choose(struct machine *machine, uint64_t options, uint64_t budget_insns)
{
    bool by_seed = machine->config.schedule == SCHEDULE_RANDOM;
    if ((options & (options - 1)) == 0)
        return (uint32_t)__builtin_ctzll(options); /* no choice, no decision */
    uint32_t cpu = by_seed ? choose_by_seed(machine, options) : choose_by_time(machine, options);
    struct event event = {.sched = {.options = options,
                                    .choice = cpu,
                                    .reason = by_seed ? SCHED_RANDOM : SCHED_TIME,
                                    .budget_insns = budget_insns}};
    machine_emit(machine, EVENT_SCHED, ACTOR_RUN, &event);
    return cpu;
}

/* The stuck rule: bounded patience with a nested fault that nobody resolves. */
static void stuck_check(struct machine *machine, struct processor *processor,
                        const struct vcpu_exit *raw)
{
    bool same = raw->code == SVM_EXIT_NPF && processor->npf_rip == raw->rip &&
                processor->npf_gpa == raw->info2 && processor->npf_info1 == raw->info1 &&
                processor->clock.insns == processor->entered_insns;
    processor->npf_repeats = same ? processor->npf_repeats + 1 : 0;
    processor->npf_rip = raw->rip;
    processor->npf_gpa = raw->info2;
    processor->npf_info1 = raw->info1;
    if (processor->npf_repeats < NPF_REPEATS_MAX)
        return;
    char *text = g_strdup_printf("nested page fault at GPA 0x%" G_GINT64_MODIFIER
                                 "x (EXITINFO1 0x%" G_GINT64_MODIFIER
                                 "x) comes again and again: the hypervisor does not resolve it",
                                 (guint64)raw->info2, (guint64)raw->info1);
    machine_end(machine, RUN_END_STUCK, raw->info2, text);
    g_free(text);
}

void processor_left(struct machine *machine, uint32_t cpu, const struct vcpu_exit *raw)
{
    struct processor *processor = &machine->processor[cpu];
    stuck_check(machine, processor, raw);
    processor->entered_insns = processor->clock.insns;
    exit_decode(machine, cpu, raw, &processor->exit);
    secrets_scan_shared(machine,
                        processor->exit.page_protocol ? processor->exit.ghcb_spa : UINT64_MAX);
    processor->exit_pending = true;
    processor->state = PROCESSOR_OUT;
}

void machine_step_honest(struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    if (exit)
        honest_handle(machine, exit);
    uint64_t vmsa = honest_next_vmsa(machine, cpu);
    if (vmsa == 0 || machine->end_reason != RUN_END_NONE)
        return;
    if (hv_vmrun(machine, cpu, vmsa) != HV_OK)
        machine_end(machine, RUN_END_INVALID, vmsa,
                    "VMRUN refused, and the hypervisor has nothing else to run");
    else if (honest_events_due(machine, cpu))
        hv_kick(machine, cpu); /* an event goes first; the other one right behind it */
}

enum hv_status hv_resume(struct machine *machine, uint32_t cpu)
{
    if (cpu >= machine->cpus || machine->processor[cpu].state != PROCESSOR_IDLE)
        return HV_BAD_ARGUMENT;
    processor_wake(machine, cpu);
    return HV_OK;
}

static void step(struct machine *machine, uint32_t cpu)
{
    struct processor *processor = &machine->processor[cpu];
    struct hv_exit exit = processor->exit;
    const struct hv_exit *news = processor->exit_pending ? &exit : NULL;
    processor->exit_pending = false;
    /* What the step wakes is out; the processor itself idles unless the program runs it. */
    processor->state = PROCESSOR_IDLE;
    if (machine->program.step)
        machine->program.step(machine->program.user, machine, cpu, news);
    else
        machine_step_honest(machine, cpu, news);
}

static void visible(struct machine *machine, uint32_t cpu, const struct vcpu_exit *exit)
{
    if (machine->program.visible)
        machine->program.visible(machine->program.user, machine, cpu, exit);
}

/* The same of slices in which exceptions were delivered and nothing else came to pass. */
static void fruitless_check(struct machine *machine, struct processor *processor,
                            const struct vcpu_exit *raw)
{
    bool fruitless = raw->reason == VCPU_EXIT_BUDGET && raw->insns == 0;
    processor->fruitless = fruitless ? processor->fruitless + 1 : 0;
    if (processor->fruitless < FRUITLESS_SLICES_MAX)
        return;
    char *text = g_strdup_printf("exceptions without end: the handler at 0x%" G_GINT64_MODIFIER
                                 "x faults each time", (guint64)raw->rip);
    machine_end(machine, RUN_END_STUCK, raw->rip, text);
    g_free(text);
}

static void run_slice(struct machine *machine, uint32_t cpu, uint64_t budget_insns)
{
    struct processor *processor = &machine->processor[cpu];
    struct vcpu_exit exit = {0};
    vcpu_run(processor->vcpu, budget_insns, &exit);
    machine->insns += exit.insns;
    machine->last_cpu = cpu;
    fruitless_check(machine, processor, &exit);
    switch (exit.reason) {
    case VCPU_EXIT_BUDGET: break;
    case VCPU_EXIT_VISIBLE: visible(machine, cpu, &exit); break;
    case VCPU_EXIT_AUTO: processor_left(machine, cpu, &exit); break;
    case VCPU_EXIT_ENGINE: machine_end(machine, RUN_END_ENGINE, exit.rip, exit.message); break;
    }
}

/*
 * The host's timer, or the guest's APIC timer that the host keeps: the processor leaves before it
 * runs on. Once: a program that will not hear of the APIC's is not asked again.
 */
static bool timer_rings(struct machine *machine, uint32_t cpu)
{
    struct processor *processor = &machine->processor[cpu];
    uint64_t now = processor->clock.cycles, deadline = honest_deadline(machine, cpu);
    bool host = processor->timer_cycles != 0 && now >= processor->timer_cycles;
    bool guest = now >= deadline && processor->rung_cycles != deadline;
    if (host)
        processor->timer_cycles = 0;
    if (guest)
        processor->rung_cycles = deadline;
    if (host || guest)
        hv_kick(machine, cpu);
    return host || guest;
}

/* A slice ends where the APIC timer is due, at the first block boundary behind it. */
static uint64_t budget_cut(struct machine *machine, uint32_t cpu, uint64_t budget_insns)
{
    uint64_t now = machine->processor[cpu].clock.cycles, deadline = honest_deadline(machine, cpu);
    if (deadline == UINT64_MAX || deadline <= now)
        return budget_insns;
    return MIN(budget_insns, (deadline - now) / machine->env.costs.insn + 1);
}

/* When the first APIC timer of those that idle is due, and whose; UINT64_MAX if none ever is. */
static uint64_t idle_timer_next(struct machine *machine, uint32_t *sleeper)
{
    uint64_t earliest = UINT64_MAX;
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++) {
        if (machine->processor[cpu].state != PROCESSOR_IDLE)
            continue;
        uint64_t due = honest_deadline(machine, cpu);
        due = due == UINT64_MAX ? due : MAX(due, machine->processor[cpu].clock.cycles);
        *sleeper = due < earliest ? cpu : *sleeper;
        earliest = MIN(due, earliest);
    }
    return earliest;
}

/* How long nobody can run, from the latest clock on: 0 if somebody can. */
static uint64_t idle_cycles(struct machine *machine, uint64_t options)
{
    uint32_t sleeper = 0;
    uint64_t now = machine_time_cycles(machine);
    uint64_t earliest = options == 0 ? idle_timer_next(machine, &sleeper) : 0;
    return earliest == UINT64_MAX ? earliest : earliest > now ? earliest - now : 0;
}

/*
 * A processor that idles until its APIC timer is due is out again when nobody can run before that
 * time: its clock jumps there. False: there is none.
 */
static bool idle_timer_rings(struct machine *machine, uint64_t options)
{
    uint32_t sleeper = 0;
    uint64_t earliest = idle_timer_next(machine, &sleeper);
    if (earliest == UINT64_MAX ||
        (options != 0 &&
         machine->processor[choose_by_time(machine, options)].clock.cycles < earliest))
        return false;
    machine->acting_cpu = (int32_t)sleeper;
    machine->processor[sleeper].clock.cycles = earliest;
    honest_timers(machine, sleeper);
    return true;
}

static uint64_t limit_or(const struct machine *machine, uint64_t given, uint64_t otherwise)
{
    return given ? given : typist_is_live(machine) ? UINT64_MAX : otherwise;
}

/* VMPL 0 is at work, in a machine with a kernel. */
static bool measures_kernel(const struct machine *machine)
{
    return machine->config.kernel_path != NULL &&
           machine->honest.cpu[machine->last_cpu].vmpl == 0;
}

static void limits_check(struct machine *machine, const struct processor *processor)
{
    uint64_t events = trace_count(machine->trace);
    uint64_t idle = measures_kernel(machine) ? IDLE_INSNS_MEASURE : IDLE_INSNS;
    if (machine->insns >= limit_or(machine, machine->config.limit_insns, LIMIT_INSNS))
        machine_end(machine, RUN_END_LIMIT_INSNS, machine->insns,
                    "limit of retired instructions reached (--limit-insns)");
    if (events >= limit_or(machine, machine->config.limit_events, LIMIT_EVENTS))
        machine_end(machine, RUN_END_LIMIT_EVENTS, events,
                    "limit of events reached (--limit-events)");
    if (processor->clock.cycles >=
        limit_or(machine, machine->config.limit_time_cycles, LIMIT_TIME_CYCLES))
        machine_end(machine, RUN_END_LIMIT_TIME, processor->clock.cycles,
                    "limit of virtual time reached (--limit-time)");
    if (events != machine->progress_events) {
        machine->progress_events = events;
        machine->progress_insns = machine->insns;
    } else if (machine->insns - machine->progress_insns >= idle && !typist_is_live(machine)) {
        machine_end(machine, RUN_END_IDLE, machine->insns,
                    "the guest runs on and on without any event: an endless loop");
    }
}

/* Nothing else can bring a processor out: the program may. */
static bool program_brings_out(struct machine *machine)
{
    return machine->program.idle != NULL &&
           machine->program.idle(machine->program.user, machine);
}

static void emit_end(struct machine *machine)
{
    struct event event = {.run = {.seed = machine->config.seed,
                                  .memory_bytes = machine->config.memory_bytes,
                                  .cpus = machine->cpus,
                                  .reason = (uint32_t)machine->end_reason,
                                  .detail = machine->end_detail}};
    machine->acting_cpu = (int32_t)machine->last_cpu;
    machine_emit(machine, EVENT_RUN_END, ACTOR_RUN, &event);
}

/* One decision and what comes of it; false: the run has ended. */
static bool turn(struct machine *machine, const volatile int *interrupted)
{
    uint64_t budget_insns =
        machine->config.slice_insns ? machine->config.slice_insns : SLICE_INSNS;
    machine->acting_cpu = -1;
    if (interrupted && *interrupted) {
        machine_end(machine, RUN_END_INTERRUPTED, 0, "interrupted");
        return false;
    }
    uint64_t options = options_find(machine);
    uint64_t idle = idle_cycles(machine, options);
    if (idle == UINT64_MAX && program_brings_out(machine))
        return true;
    if (typist_work(machine, idle) || (interrupted && *interrupted))
        return true;
    if (idle_timer_rings(machine, options)) {
        limits_check(machine, &machine->processor[machine->acting_cpu]);
        return true;
    }
    if (options == 0) {
        machine_end(machine, RUN_END_HALTED, 0, "every processor waits and nothing can wake one");
        return false;
    }
    uint32_t cpu = choose(machine, options, budget_insns);
    machine->acting_cpu = (int32_t)cpu;
    if (machine->processor[cpu].state == PROCESSOR_OUT)
        step(machine, cpu);
    else if (!timer_rings(machine, cpu))
        run_slice(machine, cpu, budget_cut(machine, cpu, budget_insns));
    limits_check(machine, &machine->processor[cpu]);
    return true;
}

enum run_end_reason machine_run(struct machine *machine, const volatile int *interrupted)
{
    while (machine->end_reason == RUN_END_NONE && turn(machine, interrupted))
        continue;
    emit_end(machine);
    return machine->end_reason;
}

/* No processor is in the guest, and every exit has been answered. */
static bool at_rest(const struct machine *machine)
{
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        if (machine->processor[cpu].state == PROCESSOR_GUEST ||
            machine->processor[cpu].exit_pending)
            return false;
    return true;
}

/* The host takes every processor out, as one does that stops a virtual machine. */
static void bring_out(struct machine *machine)
{
    while (machine->end_reason == RUN_END_NONE && !at_rest(machine)) {
        for (uint32_t cpu = 0; cpu < machine->cpus; cpu++) {
            struct processor *processor = &machine->processor[cpu];
            machine->acting_cpu = (int32_t)cpu;
            hv_kick(machine, cpu);
            if (!processor->exit_pending || machine->end_reason != RUN_END_NONE)
                continue;
            const struct hv_exit exit = processor->exit;
            processor->exit_pending = false;
            honest_handle(machine, &exit);
        }
    }
}

enum machine_rest machine_run_to_rest(struct machine *machine, const char *text,
                                      const volatile int *interrupted)
{
    size_t searched = 0;
    bool printed = text == NULL;
    uint64_t patience_ends = UINT64_MAX;
    while (machine->end_reason == RUN_END_NONE && turn(machine, interrupted)) {
        if (!printed && console_search(machine, text, &searched)) {
            printed = true;
            patience_ends = machine_time_cycles(machine) + REST_PATIENCE_CYCLES;
        }
        if (machine_time_cycles(machine) >= patience_ends)
            bring_out(machine);
        if (machine->end_reason != RUN_END_NONE || !printed || !at_rest(machine))
            continue;
        machine->acting_cpu = (int32_t)machine->last_cpu;
        return MACHINE_RESTS;
    }
    emit_end(machine);
    return printed ? MACHINE_ENDED_RESTLESS : MACHINE_ENDED;
}
