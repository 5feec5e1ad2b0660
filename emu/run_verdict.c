/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdicts of a run: rules as they were seen, then what the scenario expects, then exit code.
 * */
#include "emu/run_internal.h"

#include <string.h>

static bool listed(char **names, const char *name)
{
    return names != NULL && g_strv_contains((const char *const *)names, name);
}

static struct run_verdict *verdict_add(struct run *run, enum rule_kind kind, const char *name,
                                       bool holds, const struct event *event)
{
    struct run_verdict verdict = {.kind = kind, .holds = holds, .expected = holds};
    g_strlcpy(verdict.name, name, sizeof(verdict.name));
    if (event != NULL && event->seq != 0) {
        verdict.event = *event;
        verdict.seq = event->seq;
    }
    g_array_append_val(run->verdicts, verdict);
    return &g_array_index(run->verdicts, struct run_verdict, run->verdicts->len - 1);
}

/* An expectation is a verdict of the database too. */
static struct run_verdict *expectation_add(struct run *run, const char *name, bool holds,
                                           const struct event *decides)
{
    struct run_verdict *verdict = verdict_add(run, RULE_EXPECTATION, name, holds, decides);
    struct event event = {
        .kind = EVENT_VERDICT,
        .vcpu = EVENT_NO_VCPU,
        .vmpl = EVENT_NO_VMPL,
        .actor = ACTOR_RUN,
        .rule = {.cause_seq = verdict->seq, .kind = RULE_EXPECTATION, .holds = holds}};
    memcpy(event.rule.name, verdict->name, strlen(verdict->name));
    trace_emit_derived(run_trace(run), &event);
    return verdict;
}

/* Must this rule hold? Without a list of those that hold, all do that are not to be broken. */
static bool rule_must_hold(const struct expect *expect, const char *name)
{
    if (expect == NULL)
        return true;
    if (listed(expect->violates, name))
        return false;
    return expect->holds == NULL || listed(expect->holds, "all") || listed(expect->holds, name);
}

static void judge_rules(struct run *run)
{
    size_t count;
    const struct rule_info *list = rules_list(&count);
    for (size_t i = 0; i < count; i++) {
        struct rule_status status = rules_status(run->rules, list[i].id);
        bool holds = status.first_seq == 0;
        struct run_verdict *verdict =
            verdict_add(run, list[i].kind, list[i].name, holds, &run->rule_event[list[i].id]);
        verdict->seq = status.first_seq;
        if (run->expect != NULL && listed(run->expect->violates, list[i].name))
            verdict->expected = !holds;
        else
            verdict->expected = holds || !rule_must_hold(run->expect, list[i].name);
    }
}

static void judge_violates(struct run *run)
{
    for (char **name = run->expect->violates; name != NULL && *name != NULL; name++) {
        const struct rule_info *info = rule_find(*name);
        struct rule_status status = rules_status(run->rules, info->id);
        char *text = g_strdup_printf("violates %s", *name);
        expectation_add(run, text, status.first_seq != 0, &run->rule_event[info->id])->text =
            g_strdup_printf("%s is %s", *name, status.first_seq ? "violated" : "not violated");
        g_free(text);
    }
}

static void judge_faults(struct run *run)
{
    for (size_t i = 0; i < run->faults_count; i++) {
        const struct run_fault_watch *watch = &run->faults[i];
        const struct expect_fault *fault = watch->fault;
        GString *name = g_string_new("fault ");
        g_string_append(name, fault->name);
        if (fault->symbol != NULL)
            g_string_append_printf(name, " at %s", fault->symbol);
        else if (fault->gpa != UINT64_MAX)
            g_string_append_printf(name, " at 0x%" G_GINT64_MODIFIER "x", (guint64)fault->gpa);
        expectation_add(run, name->str, watch->seen.seq != 0, &watch->seen)->text =
            g_strdup(watch->seen.seq ? "seen" : "never seen");
        g_string_free(name, TRUE);
    }
}

/* "terminated", with the reason of a termination request: "terminated:0:0"; "debug-exit:CODE". */
static char *end_name(const struct run *run)
{
    enum run_end_reason reason = machine_end_reason(run->machine);
    uint64_t detail = machine_end_detail(run->machine);
    if (reason == RUN_END_DEBUG_EXIT)
        return g_strdup_printf("%s:%u", run_end_reason_name(reason), (unsigned)detail);
    if (reason != RUN_END_TERMINATED)
        return g_strdup(run_end_reason_name(reason));
    return g_strdup_printf("%s:%u:%u", run_end_reason_name(reason), (unsigned)(detail >> 8 & 0xff),
                           (unsigned)(detail & 0xff));
}

/* The run was cut short: what it would have come to is not known. */
static bool end_is_cut(enum run_end_reason reason)
{
    switch (reason) {
    case RUN_END_LIMIT_INSNS:
    case RUN_END_LIMIT_EVENTS:
    case RUN_END_LIMIT_TIME:
    case RUN_END_IDLE:
    case RUN_END_ENGINE:
    case RUN_END_INTERRUPTED:
    case RUN_END_SCRIPT_ERROR: return true;
    default: return false;
    }
}

/* The guest ended as it wants to. Our own guests ask for termination instead of halting. */
static bool end_is_success(const struct run *run)
{
    switch (machine_end_reason(run->machine)) {
    case RUN_END_TERMINATED:
    case RUN_END_DEBUG_EXIT: return machine_end_detail(run->machine) == 0;
    case RUN_END_POWERED_OFF:
    case RUN_END_REBOOTED: return true;
    case RUN_END_HALTED: return run_config(run)->kernel_path != NULL;
    default: return false;
    }
}

/* The guest says itself that it failed. */
static bool end_is_failure(const struct run *run)
{
    enum run_end_reason reason = machine_end_reason(run->machine);
    return reason == RUN_END_PANIC || (reason == RUN_END_DEBUG_EXIT && !end_is_success(run));
}

/* The end that is wanted came; without a wish, any that is neither a cut nor a failure, or success.
 */
static bool end_is_wanted(const struct run *run, const char *name)
{
    char **ends = run->expect ? run->expect->ends : NULL;
    if (ends != NULL && ends[0] != NULL) {
        const char *reason = run_end_reason_name(machine_end_reason(run->machine));
        return listed(ends, name) || listed(ends, reason);
    }
    if (run->expect != NULL)
        return !end_is_cut(machine_end_reason(run->machine)) && !end_is_failure(run);
    return end_is_success(run);
}

static void judge_end(struct run *run)
{
    char **ends = run->expect ? run->expect->ends : NULL;
    bool any = run->expect != NULL && (ends == NULL || ends[0] == NULL);
    char *came = end_name(run);
    char *wanted = any           ? g_strdup("itself")
                   : run->expect ? g_strjoinv(" or ", ends)
                                 : g_strdup("terminated:0:0");
    char *title = g_strdup_printf("ends %s", wanted);
    expectation_add(run, title, end_is_wanted(run, came), &run->end)->text =
        g_strdup_printf("ended: %s", came);
    g_free(title);
    g_free(wanted);
    g_free(came);
}

static void judge_console(struct run *run)
{
    char **wanted = run->expect->console;
    const char *console = machine_console(run->machine);
    for (; wanted != NULL && *wanted != NULL; wanted++) {
        char *title = g_strdup_printf("console %.30s", *wanted);
        bool there = strstr(console, *wanted) != NULL;
        expectation_add(run, title, there, NULL)->text =
            g_strdup_printf("the console %s \"%s\"", there ? "says" : "never says", *wanted);
        g_free(title);
    }
}

/* The scenario took over the machine where it says. */
static void judge_start(struct run *run)
{
    if (run->starts == NULL || run->expect == &run->loose)
        return;
    char *title = g_strdup_printf("starts %.31s", run->starts);
    struct run_verdict *verdict =
        expectation_add(run, title, run->start == MACHINE_RESTS, NULL);
    g_free(title);
    if (run->start == MACHINE_RESTS)
        verdict->text = g_strdup("the scenario took over there");
    else if (run->start == MACHINE_ENDED)
        verdict->text = g_strdup_printf("the console never says \"%s\": the scenario has not "
                                        "started",
                                        run->starts);
    else
        verdict->text = g_strdup("the console says so, but the run ended before every processor "
                                 "was out of the guest: the scenario has not started");
}

static void conclude(struct run *run, enum run_exit code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void conclude(struct run *run, enum run_exit code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    run->exit_code = code;
    run->exit_text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

static const char *success_text(const struct run *run)
{
    if (run->background_kinds == 0)
        return "everything is as expected";
    return run->expect->holds == NULL || run->expect->holds[0] != NULL
               ? "every rule that must hold holds, with a background"
               : "nothing is asked of a monitor that is to be broken, with a background";
}

/* A violation that nobody expects is a finding even in a run that was cut short. */
static void conclude_all(struct run *run)
{
    const struct run_verdict *unexpected = NULL, *unmet = NULL;
    for (size_t i = 0; i < run->verdicts->len; i++) {
        const struct run_verdict *v = &g_array_index(run->verdicts, struct run_verdict, i);
        if (v->kind != RULE_EXPECTATION && !v->holds && !v->expected && unexpected == NULL)
            unexpected = v;
        if (!v->expected && unmet == NULL)
            unmet = v;
        if (v->kind == RULE_EXPECTATION && !v->holds && unmet != NULL &&
            unmet->kind != RULE_EXPECTATION)
            unmet = v;
    }
    enum run_end_reason reason = machine_end_reason(run->machine);
    const char *text = machine_end_text(run->machine);
    char *end = end_name(run);
    bool limit = run->script != NULL && script_limit_reached(run->script);
    if (reason == RUN_END_SCRIPT_ERROR)
        conclude(run, limit ? RUN_EXIT_LIMIT : RUN_EXIT_INPUT, "%s", text);
    else if (unexpected != NULL)
        conclude(run, RUN_EXIT_VIOLATION, "%s is violated", unexpected->name);
    else if (reason == RUN_END_INTERRUPTED)
        conclude(run, RUN_EXIT_INTERRUPTED, "interrupted");
    else if (unmet == NULL)
        conclude(run, RUN_EXIT_OK, "%s", success_text(run));
    else if (end_is_cut(reason))
        conclude(run, RUN_EXIT_LIMIT, "cut short (%s): %s", end, text);
    else
        conclude(run, RUN_EXIT_VIOLATION, "expected '%s': %s", unmet->name,
                 unmet->text ? unmet->text : "it is not so");
    g_free(end);
}

void run_judge(struct run *run)
{
    rules_emit_verdicts(run->rules);
    judge_rules(run);
    judge_start(run);
    judge_end(run);
    if (run->expect != NULL) {
        judge_violates(run);
        judge_faults(run);
        judge_console(run);
    }
    conclude_all(run);
}
