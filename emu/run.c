/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/run_internal.h"

#include <string.h>

#include "cpu/symbols.h"
#include "emu/error.h"

/* The events a scenario may cause in one turn if no limit is given. */
#define SCRIPT_EVENTS_DEFAULT UINT64_C(100000000)

static bool scenario_load(struct run *run, const struct run_request *request, GError **error)
{
    const char *path = request->scenario_path;
    if (path == NULL) {
        run->config = machine_config_default();
        return true;
    }
    if (request->scenario_text != NULL) {
        run->scenario_bytes = request->scenario_bytes;
        run->scenario_text = g_strndup(request->scenario_text, request->scenario_bytes);
    } else {
        run->scenario_text = run_input_read("scenario", path, &run->scenario_bytes, error);
        if (run->scenario_text == NULL)
            return false;
    }
    run_input_describe(run, "scenario", path, run->scenario_text, run->scenario_bytes);
    run->script = script_open(path, run->scenario_text, run->scenario_bytes, NULL, request->log,
                              request->log_user, error);
    if (run->script == NULL)
        return false;
    run->config = script_scenario(run->script)->config;
    return true;
}

static bool config_override(struct run *run, const struct run_request *request, GError **error)
{
    struct machine_config *config = &run->config;
    if (request->seed_given)
        config->seed = request->seed;
    if (request->cpus)
        config->cpus = request->cpus;
    if (request->guest_vmpl)
        config->guest_vmpl = request->guest_vmpl;
    if (request->memory_bytes)
        config->memory_bytes = request->memory_bytes;
    if (request->limit_insns)
        config->limit_insns = request->limit_insns;
    if (request->limit_events)
        config->limit_events = request->limit_events;
    if (request->limit_time_cycles)
        config->limit_time_cycles = request->limit_time_cycles;
    for (size_t i = 0; i < request->settings_count; i++) {
        char **pair = g_strsplit(request->settings[i], "=", 2);
        bool fine = false;
        if (pair[0] == NULL || pair[1] == NULL)
            g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--set %s: it must be NAME=VALUE",
                        request->settings[i]);
        else
            fine = script_setting_set(config, pair[0], pair[1], error);
        g_strfreev(pair);
        if (!fine)
            return false;
    }
    return true;
}

static bool starts_choose(struct run *run, const struct run_request *request, GError **error)
{
    run->starts_given = request->starts != NULL;
    run->starts = request->starts             ? request->starts
                  : run_scenario(run) != NULL ? run_scenario(run)->starts
                                              : NULL;
    if (run->starts == NULL || run->starts[0] != '\0')
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--starts: the text is empty");
    return false;
}

/* The expectation for the monitor at hand: its own, else "default", else the one for all. */
static bool expect_find(struct run *run, GError **error)
{
    const struct scenario *scenario = run_scenario(run);
    if (scenario == NULL || scenario->expects_count == 0)
        return true;
    for (size_t i = 0; i < scenario->expects_count; i++) {
        const struct expect *expect = &scenario->expects[i];
        if (expect->variant == NULL || strcmp(expect->variant, run->monitor_name) == 0) {
            run->expect = expect;
            return true;
        }
        if (strcmp(expect->variant, "default") == 0)
            run->expect = expect;
    }
    if (run->expect == NULL)
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: expect says nothing about monitor '%s' and has no default", scenario->path,
                    run->monitor_name);
    return run->expect != NULL;
}

/*
 * With a background, how a run ends and what it shows is free; the rules must hold that a correct
 * monitor keeps. A monitor that is to break some may break any, or none.
 */
static void expect_loosen(struct run *run)
{
    static char *nothing[] = {NULL};
    bool broken = run->expect != NULL && run->expect->violates != NULL &&
                  run->expect->violates[0] != NULL;
    if (broken)
        run->loose.holds = nothing;
    else if (run->expect != NULL)
        run->loose.holds = run->expect->holds;
    run->expect = &run->loose;
}

static bool expect_choose(struct run *run, const struct run_request *request, GError **error)
{
    run->background_kinds = request->background;
    if (!request->rules_only && !expect_find(run, error))
        return false;
    if (request->rules_only)
        run->expect = &run->loose; /* all hold, any end */
    else if (request->background != 0)
        expect_loosen(run);
    return true;
}

_Static_assert(sizeof(struct machine_config) == 2696,
               "a field more or less: it shapes runs, here or in run_snapshot.c, or it does not");

void run_config_hash(XXH3_state_t *state, const struct machine_config *config)
{
    const uint64_t options[] = {
        config->seed,
        config->memory_bytes,
        config->cpus,
        config->guest_vmpl,
        config->sev_features,
        config->schedule,
        config->tlb_mode,
        config->slice_insns,
        config->rmp_config.pval_vmpl,
        config->rmp_config.pval_c0,
        config->rmp_config.pval_npt,
        config->rmp_config.inuse_write,
    };
    XXH3_128bits_update(state, options, sizeof(options));
    if (config->guest_sev_features != 0)
        XXH3_128bits_update(state, &config->guest_sev_features,
                            sizeof(config->guest_sev_features));
    if (config->kernel_path != NULL) {
        XXH3_128bits_update(state, config->cmdline, strlen(config->cmdline) + 1);
        XXH3_128bits_update(state, &config->linux_entry, sizeof(config->linux_entry));
    }
}

/* What the run is made from: the files, and the options that shape it (limits only end it). */
static void inputs_hash(struct run *run)
{
    struct machine_config *config = &run->config;
    XXH3_state_t *state = hash_begin();
    for (size_t i = 0; i < run->inputs_count; i++)
        XXH3_128bits_update(state, run->inputs[i].sha256, sizeof(run->inputs[i].sha256));
    run_config_hash(state, config);
    if (run->typed_after != NULL)
        XXH3_128bits_update(state, run->typed_after, strlen(run->typed_after) + 1);
    if (run->starts_given)
        XXH3_128bits_update(state, run->starts, strlen(run->starts) + 1);
    if (config->hardware_bugs != 0)
        XXH3_128bits_update(state, &config->hardware_bugs, sizeof(config->hardware_bugs));
    if (run->background_kinds != 0)
        XXH3_128bits_update(state, &run->background_kinds, sizeof(run->background_kinds));
    hash_end(state, config->inputs_hash);
}

static void run_observe(void *user, const struct event *event)
{
    struct run *run = user;
    if (event->kind == EVENT_RULE) {
        struct event *first = run->rule_event;
        uint32_t id = event->rule.rule_id;
        if (id < RULE_ID_END && first[id].seq == 0 && event->rule.cause_seq == run->last.seq)
            first[id] = run->last;
        return;
    }
    if (event->kind == EVENT_VERDICT)
        return;
    run->last = *event;
    if (event->kind == EVENT_RUN_END)
        run->end = *event;
    for (size_t i = 0; i < run->faults_count; i++) {
        struct run_fault_watch *watch = &run->faults[i];
        bool fault = event->kind == EVENT_FAULT;
        if (watch->seen.seq != 0 || !run_fault_matches(watch->fault->name, event))
            continue;
        if (watch->fault->vmpl >= 0 && event->vmpl != watch->fault->vmpl)
            continue;
        if (watch->high != UINT64_MAX &&
            (!fault ||
             ((event->fault.gpa < watch->low || event->fault.gpa >= watch->high) &&
              (event->fault.address < watch->low || event->fault.address >= watch->high))))
            continue;
        watch->seen = *event;
    }
}

static void typist_start(struct run *run)
{
    struct typist_source text = typist_text_source(&run->typed);
    if (run->typist != NULL || run->typed_bytes != NULL)
        machine_typist_set(run->machine, run->typist ? run->typist : &text, run->typed_after);
}

struct run *run_new(const struct run_request *request, GError **error)
{
    struct run *run = g_new0(struct run, 1);
    run->verdicts = g_array_new(FALSE, TRUE, sizeof(struct run_verdict));
    run->snapshot.lock = -1;
    if (scenario_load(run, request, error) && config_override(run, request, error) &&
        starts_choose(run, request, error) && run_images_load(run, request, error) &&
        run_typed_load(run, request, error) && expect_choose(run, request, error)) {
        inputs_hash(run);
        run->machine = machine_new(&run->config, error);
    }
    if (run->machine == NULL) {
        run_free(run);
        return NULL;
    }
    run->typist = request->typist;
    run->snapshot_folder = request->snapshots;
    /* System memory, of which the guest's (run_start) is only a part. */
    const struct rules_config rules_config = {.memory_bytes = hv_memory_bytes(run->machine)};
    run->rules = rules_attach(machine_trace(run->machine), &rules_config);
    if (run->rules == NULL || !trace_attach(machine_trace(run->machine), run_observe, run)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "too many observers");
        run_free(run);
        return NULL;
    }
    return run;
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    run_snapshot_close(run);
    script_free(run->script);
    machine_free(run->machine);
    if (run->rules != NULL)
        rules_free(run->rules);
    for (size_t i = 0; i < run->verdicts->len; i++)
        g_free(g_array_index(run->verdicts, struct run_verdict, i).text);
    g_array_free(run->verdicts, TRUE);
    for (size_t i = 0; i < run->inputs_count; i++)
        g_free(run->inputs[i].path);
    g_free(run->monitor_path);
    g_free(run->guest_path);
    g_free(run->kernel_path);
    g_free(run->initrd_path);
    g_free(run->cmdline);
    g_free(run->monitor_name);
    g_free(run->typed_bytes);
    g_free(run->scenario_text);
    g_free(run->exit_text);
    g_free(run);
}

/* Where an expected fault must happen: a symbol's bytes, or the page of an address. */
static bool fault_resolve(struct run *run, struct run_fault_watch *watch, GError **error)
{
    static const char guest_prefix[] = "guest:";
    const struct expect_fault *fault = watch->fault;
    watch->high = UINT64_MAX;
    if (fault->symbol == NULL && fault->gpa == UINT64_MAX)
        return true;
    watch->low = page_base(fault->gpa);
    watch->high = watch->low + PAGE_BYTES;
    if (fault->symbol == NULL)
        return true;
    bool guest = g_str_has_prefix(fault->symbol, guest_prefix);
    const char *name = fault->symbol + (guest ? strlen(guest_prefix) : 0);
    const struct symbols *symbols = machine_symbols(run->machine, guest);
    struct symbol_info info;
    if (symbols == NULL || !symbols_find(symbols, name, &info)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: expect.fault.gpa: the %s has no symbol '%s'", run_scenario(run)->path,
                    guest ? "guest" : "monitor", name);
        return false;
    }
    watch->low = page_base(info.address);
    watch->high = page_base(info.address + (info.size ? info.size - 1 : 0)) + PAGE_BYTES;
    return true;
}

static bool expect_prepare(struct run *run, GError **error)
{
    for (size_t i = 0; run->expect != NULL && i < run->expect->faults_count; i++) {
        if (run->faults_count == RUN_FAULTS_MAX) {
            g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: more than %d expected faults",
                        run_scenario(run)->path, RUN_FAULTS_MAX);
            return false;
        }
        struct run_fault_watch *watch = &run->faults[run->faults_count];
        watch->fault = &run->expect->faults[i];
        if (!fault_resolve(run, watch, error))
            return false;
        run->faults_count++;
    }
    return true;
}

static bool secrets_register(struct run *run, GError **error)
{
    const struct scenario *scenario = run_scenario(run);
    for (char **name = scenario ? scenario->secrets : NULL; name != NULL && *name != NULL; name++)
        if (!machine_secret_symbol(run->machine, *name, error))
            return false;
    return true;
}

/* The machine where the scenario takes over: run->start says whether it got there. */
static bool machine_bring(struct run *run, const volatile int *interrupted, GError **error)
{
    if (!run_snapshot_open(run, run->snapshot_folder, interrupted, error))
        return false;
    run->start = MACHINE_RESTS;
    if (run->snapshot.reader != NULL)
        return machine_symbols_load(run->machine, error) && expect_prepare(run, error) &&
               run_snapshot_begin(run, error);
    if (!machine_launch(run->machine, error) || !expect_prepare(run, error) ||
        !secrets_register(run, error))
        return false;
    if (run->starts == NULL)
        return true;
    run->start = machine_run_to_rest(run->machine, run->starts, interrupted);
    if (run->start == MACHINE_RESTS)
        run_snapshot_make(run);
    return true;
}

/* From here on the hypervisor is the scenario's. */
static bool scenario_start(struct run *run, const volatile int *interrupted, GError **error)
{
    if (run->script != NULL) {
        script_events_limit_set(run->script, run->config.limit_events ? run->config.limit_events
                                                                      : SCRIPT_EVENTS_DEFAULT);
        if (!script_attach(run->script, run->machine, run->config.seed, interrupted, error))
            return false;
    }
    if (run->background_kinds != 0)
        background_start(&run->background, run->machine, run->background_kinds, run->config.seed);
    typist_start(run);
    return true;
}

bool run_execute(struct run *run, const volatile int *interrupted, GError **error)
{
    if (!machine_bring(run, interrupted, error))
        return false;
    if (run->start == MACHINE_RESTS) {
        if (!scenario_start(run, interrupted, error))
            return false;
        machine_run(run->machine, interrupted);
    }
    run_judge(run);
    return true;
}

const struct scenario *run_scenario(const struct run *run)
{
    return run->script ? script_scenario(run->script) : NULL;
}

const char *run_scenario_text(const struct run *run, size_t *bytes)
{
    *bytes = run->scenario_bytes;
    return run->scenario_text;
}

const struct machine_config *run_config(const struct run *run)
{
    return &run->config;
}

const char *run_monitor_name(const struct run *run)
{
    return run->monitor_name;
}

uint32_t run_background(const struct run *run)
{
    return run->background_kinds;
}

const char *run_snapshot_text(const struct run *run)
{
    if (run->snapshot.begun)
        return run->snapshot.path;
    return run->snapshot.text;
}

const struct run_input *run_inputs(const struct run *run, size_t *count)
{
    *count = run->inputs_count;
    return run->inputs;
}

struct machine *run_machine(struct run *run)
{
    return run->machine;
}

struct trace *run_trace(struct run *run)
{
    return machine_trace(run->machine);
}

const struct run_verdict *run_verdicts(const struct run *run, size_t *count)
{
    *count = run->verdicts->len;
    return (const struct run_verdict *)(void *)run->verdicts->data;
}

enum run_exit run_exit_code(const struct run *run)
{
    return run->exit_code;
}

const char *run_exit_text(const struct run *run)
{
    return run->exit_text ? run->exit_text : "";
}

char *run_event_symbol(struct run *run, const struct event *event)
{
    const struct symbols *symbols =
        machine_symbols(run->machine, event->vmpl != 0 && event->vmpl != EVENT_NO_VMPL);
    struct symbol_info info;
    if (event->rip == 0 || symbols == NULL || !symbols_lookup(symbols, event->rip, &info) ||
        info.name == NULL)
        return NULL;
    if (info.file == NULL)
        return g_strdup(info.name);
    return g_strdup_printf("%s (%s:%u)", info.name, info.file, info.line);
}
