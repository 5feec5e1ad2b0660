/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/snapshot.h"

#include <string.h>

#include "cpu/saved.h"
#include "emu/error.h"
#include "emu/machine_internal.h"

static const char end_mark[8] = "THE END";

/* Where a vCPU ran last, in front of its state. */
struct vcpu_place {
    uint64_t vmcb_spa;  /* of the VMSA whose VMCB it had */
    uint32_t processor; /* whose clock it had; MACHINE_CPUS_MAX: it has never run */
    uint32_t bytes;     /* of the state behind */
};

/* Pages of a block that are not zero; count 0 is behind the last. */
struct page_run {
    uint64_t first, count;
};

/* ------------------------------------------------------------------ the state */

/* The machine's own fields, each with its size. */
typedef bool field_fn(void *user, void *field, size_t bytes);

static bool fields_walk(struct machine *machine, field_fn *field, void *user)
{
    struct secrets *secrets = &machine->secrets;
#define FIELD(of) field(user, &(of), sizeof(of))
    return FIELD(machine->memory.key) && FIELD(machine->memory.key_set) &&
           FIELD(machine->npt.used_tables) && FIELD(machine->psp) && FIELD(machine->processor) &&
           FIELD(machine->vmsa_count) && FIELD(machine->vmsa) && FIELD(machine->hv_pool_low) &&
           FIELD(machine->hv_pool_high) && FIELD(machine->sched_random) &&
           FIELD(machine->last_cpu) && FIELD(machine->insns) && FIELD(machine->progress_events) &&
           FIELD(machine->progress_insns) && FIELD(machine->honest) && FIELD(machine->uart) &&
           FIELD(secrets->shared_pending) && FIELD(secrets->count) &&
           FIELD(secrets->firmware_seen) && FIELD(secrets->list) && FIELD(machine->digest);
#undef FIELD
}

static bool field_save(void *user, void *field, size_t bytes)
{
    snapshot_put(user, field, bytes);
    return true;
}

static bool field_load(void *user, void *field, size_t bytes)
{
    return snapshot_get(user, field, bytes);
}

/* The fields hold addresses too, which are this process's: a file has none of them. */
static void pointers_set(struct machine *machine, const struct npt *npt)
{
    for (uint32_t cpu = 0; cpu < MACHINE_CPUS_MAX; cpu++)
        machine->processor[cpu].vcpu = NULL; /* processors_get() */
    for (uint32_t i = 0; i < machine->vmsa_count; i++)
        machine->vmsa[i].vmcb.npt = npt;
}

/* ------------------------------------------------------------------ saving */

static void fields_put(const struct machine *machine, struct snapshot_writer *writer)
{
    struct machine *copy = g_new(struct machine, 1);
    memcpy(copy, machine, sizeof(*copy));
    pointers_set(copy, NULL);
    fields_walk(copy, field_save, writer);
    g_free(copy);
}

static void recorder_flush(struct snapshot_recorder *recorder)
{
    snapshot_put(recorder->writer, &recorder->count, sizeof(recorder->count));
    snapshot_put(recorder->writer, recorder->events, recorder->count * sizeof(struct event));
    recorder->count = 0;
}

void snapshot_record(void *user, const struct event *event)
{
    struct snapshot_recorder *recorder = user;
    if (recorder->writer == NULL || event->kind == EVENT_RULE || event->kind == EVENT_VERDICT)
        return;
    recorder->events[recorder->count++] = *event;
    if (recorder->count == G_N_ELEMENTS(recorder->events))
        recorder_flush(recorder);
}

static void vcpu_put(const struct machine *machine, const struct vcpu *vcpu,
                     struct snapshot_writer *writer)
{
    GByteArray *state = g_byte_array_new();
    struct vcpu_place place = {.vmcb_spa = vcpu_vmsa_spa(vcpu), .processor = MACHINE_CPUS_MAX};
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        if (vcpu_clock(vcpu) == &machine->processor[cpu].clock)
            place.processor = cpu;
    vcpu_save(vcpu, state);
    place.bytes = state->len;
    snapshot_put(writer, &place, sizeof(place));
    snapshot_put(writer, state->data, state->len);
    g_byte_array_unref(state);
}

static void vcpus_put(const struct machine *machine, struct snapshot_writer *writer)
{
    const struct cpu_env *env = &machine->env;
    snapshot_put(writer, &env->vcpu_count, sizeof(env->vcpu_count));
    for (uint32_t i = 0; i < env->vcpu_count; i++)
        vcpu_put(machine, env->vcpus[i], writer);
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++) {
        uint32_t last = 0; /* which one ran on it last; behind them all: none */
        while (last < env->vcpu_count && env->vcpus[last] != machine->processor[cpu].vcpu)
            last++;
        snapshot_put(writer, &last, sizeof(last));
    }
}

/* The mappings are whole pages, whatever was asked for. */
static uint64_t block_pages(const struct machine *machine, uint32_t block)
{
    return (machine->host_bytes[block] + PAGE_BYTES - 1) / PAGE_BYTES;
}

static void block_put(const struct machine *machine, uint32_t block, struct snapshot_writer *writer)
{
    const uint8_t *bytes = machine->host_block[block];
    const uint64_t pages = block_pages(machine, block);
    struct page_run run = {0};
    for (uint64_t page = 0; page < pages; page = run.first + run.count) {
        run = (struct page_run){.first = page};
        while (run.first < pages && bytes_are_zero(bytes + run.first * PAGE_BYTES, PAGE_BYTES))
            run.first++;
        while (run.first + run.count < pages &&
               !bytes_are_zero(bytes + (run.first + run.count) * PAGE_BYTES, PAGE_BYTES))
            run.count++;
        if (run.count == 0)
            break;
        snapshot_put(writer, &run, sizeof(run));
        snapshot_put(writer, bytes + run.first * PAGE_BYTES, run.count * PAGE_BYTES);
    }
    run = (struct page_run){.first = pages};
    snapshot_put(writer, &run, sizeof(run));
}

void machine_save(const struct machine *machine, struct snapshot_recorder *recorder)
{
    struct snapshot_writer *writer = recorder->writer;
    const uint64_t console_bytes = machine->console->len;
    g_assert(machine->hw_saved_count == 0 && machine->breakpoint_count == 0 &&
             machine->env.watch_count == 0 && machine->end_reason == RUN_END_NONE);
    snapshot_reached_set(writer, (struct snapshot_reached){
                                     .insns = machine->insns,
                                     .events = trace_count(machine->trace),
                                     .time_cycles = machine_time_cycles(machine),
                                 });
    if (recorder->count > 0)
        recorder_flush(recorder);
    recorder_flush(recorder); /* none: the end of them */
    recorder->writer = NULL;
    fields_put(machine, writer);
    snapshot_put(writer, &console_bytes, sizeof(console_bytes));
    snapshot_put(writer, machine->console->str, console_bytes);
    vcpus_put(machine, writer);
    for (uint32_t block = 0; block < machine->host_blocks; block++)
        block_put(machine, block, writer);
    snapshot_put(writer, end_mark, sizeof(end_mark));
}

/* ------------------------------------------------------------------ restoring */

static bool refuse(GError **error, const char *what)
{
    if (error != NULL && *error == NULL)
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL,
                    "the snapshot does not fit this machine (%s); remove it", what);
    return false;
}

static bool event_again(struct machine *machine, struct event *event, GError **error)
{
    if (event->kind == 0 || event->kind >= EVENT_RULE)
        return refuse(error, "an event of no kind");
    if (event->kind == EVENT_RUN_START)
        memcpy(event->run.inputs_hash, machine->config.inputs_hash,
               sizeof(event->run.inputs_hash));
    trace_emit(machine->trace, event);
    return true;
}

static bool events_get(struct machine *machine, struct snapshot_reader *reader, GError **error)
{
    struct event event;
    uint32_t count = 0;
    do {
        if (!snapshot_get(reader, &count, sizeof(count)))
            return refuse(error, "its events end too soon");
        for (uint32_t i = 0; i < count; i++)
            if (!snapshot_get(reader, &event, sizeof(event)) ||
                !event_again(machine, &event, error))
                return refuse(error, "its events end too soon");
    } while (count > 0);
    return true;
}

static bool console_get(struct machine *machine, struct snapshot_reader *reader)
{
    uint64_t bytes = 0;
    if (!snapshot_get(reader, &bytes, sizeof(bytes)) || bytes > SSIZE_MAX)
        return false;
    g_string_set_size(machine->console, bytes);
    return snapshot_get(reader, machine->console->str, bytes);
}

static bool vcpu_get(struct machine *machine, struct snapshot_reader *reader, GError **error)
{
    struct vcpu_place place;
    if (!snapshot_get(reader, &place, sizeof(place)) || place.processor > MACHINE_CPUS_MAX)
        return false;
    uint8_t *state = g_malloc(place.bytes);
    bool fine = snapshot_get(reader, state, place.bytes);
    if (fine) {
        struct saved saved = {state, place.bytes};
        bool has_run = place.processor < MACHINE_CPUS_MAX;
        struct vmcb *vmcb = has_run ? hv_vmcb(machine, place.vmcb_spa) : NULL;
        struct cpu_clock *clock = has_run ? &machine->processor[place.processor].clock : NULL;
        fine = vcpu_restore(&machine->env, vmcb, clock, &saved, error) != NULL && saved.left == 0;
    }
    g_free(state);
    return fine;
}

static bool processors_get(struct machine *machine, struct snapshot_reader *reader)
{
    uint32_t last = 0;
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++) {
        if (!snapshot_get(reader, &last, sizeof(last)) || last > machine->env.vcpu_count)
            return false;
        if (last < machine->env.vcpu_count)
            machine->processor[cpu].vcpu = machine->env.vcpus[last];
    }
    return true;
}

static bool vcpus_get(struct machine *machine, struct snapshot_reader *reader, GError **error)
{
    uint32_t count = 0;
    if (!snapshot_get(reader, &count, sizeof(count)) || count > CPU_VMSAS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!vcpu_get(machine, reader, error))
            return false;
    return processors_get(machine, reader);
}

/* Into a block that is all zeros. */
static bool block_get(struct machine *machine, uint32_t block, struct snapshot_reader *reader)
{
    uint8_t *bytes = machine->host_block[block];
    const uint64_t pages = block_pages(machine, block);
    struct page_run run;
    for (;;) {
        if (!snapshot_get(reader, &run, sizeof(run)) || run.first > pages ||
            run.count > pages - run.first)
            return false;
        if (run.count == 0)
            return run.first == pages;
        if (!snapshot_get(reader, bytes + run.first * PAGE_BYTES, run.count * PAGE_BYTES))
            return false;
    }
}

bool machine_restore(struct machine *machine, struct snapshot_reader *reader, GError **error)
{
    char mark[sizeof(end_mark)];
    if (!events_get(machine, reader, error))
        return false;
    /* What observers of the machine itself noted of these events is part of the state too. */
    memset(machine->secrets.shared_written, 0,
           machine->secrets.shared_words * sizeof(*machine->secrets.shared_written));
    if (!fields_walk(machine, field_load, reader) || machine->vmsa_count > MACHINE_VMSAS_MAX ||
        machine->npt.used_tables > machine->npt.pool_tables ||
        machine->secrets.count > SECRETS_MAX || machine->last_cpu >= machine->cpus)
        return refuse(error, "its fields");
    pointers_set(machine, &machine->npt);
    if (!console_get(machine, reader))
        return refuse(error, "its console");
    if (!vcpus_get(machine, reader, error))
        return refuse(error, "its vCPUs");
    for (uint32_t block = 0; block < machine->host_blocks; block++)
        if (!block_get(machine, block, reader))
            return refuse(error, "its memory");
    if (!snapshot_get(reader, mark, sizeof(mark)) || memcmp(mark, end_mark, sizeof(mark)) != 0)
        return refuse(error, "its end");
    machine->acting_cpu = (int32_t)machine->last_cpu;
    return true;
}
