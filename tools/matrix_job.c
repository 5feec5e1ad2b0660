/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pair run with one seed, and what it comes to. */
#include <string.h>

#include "emu/error.h"
#include "tools/matrix.h"

static void words_copy(char *to, size_t bytes, const char *from)
{
    g_strlcpy(to, from, bytes);
    for (char *at = to; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
}

static void decides(struct run *run, const struct run_verdict *verdict,
                    struct matrix_result *result)
{
    words_copy(result->decides, sizeof(result->decides), verdict->name);
    result->seq = verdict->seq;
    char *symbol = verdict->seq ? run_event_symbol(run, &verdict->event) : NULL;
    words_copy(result->symbol, sizeof(result->symbol), symbol ? symbol : "");
    g_free(symbol);
}

static int seq_compare(const void *a, const void *b)
{
    const struct run_verdict *left = *(const struct run_verdict *const *)a;
    const struct run_verdict *right = *(const struct run_verdict *const *)b;
    if (left->seq != right->seq)
        return left->seq < right->seq ? -1 : 1;
    return left < right ? -1 : left > right; /* one event: in the order of the list */
}

/*
 * What decides: the first rule that was broken, unexpected ones before others; in a run that broke
 * none, what the scenario wants to see (a fault before a line on the console before an end); and if
 * something is not as wanted, that.
 */
static void verdicts_read(struct run *run, struct matrix_result *result)
{
    size_t count;
    const struct run_verdict *verdicts = run_verdicts(run, &count);
    const struct run_verdict **broken = g_new0(const struct run_verdict *, count + 1);
    const struct run_verdict *first = NULL, *unmet = NULL, *fault = NULL, *end = NULL;
    size_t broken_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct run_verdict *v = &verdicts[i];
        bool rule = v->kind != RULE_EXPECTATION;
        if (rule && !v->holds)
            broken[broken_count++] = v;
        result->unexpected |= rule && !v->expected && !v->holds;
        result->missed |= rule && !v->expected && v->holds;
        if (!v->expected && (unmet == NULL || (rule && !v->holds)))
            unmet = v;
        if (!rule && fault == NULL && g_str_has_prefix(v->name, "fault "))
            fault = v;
        if (!rule && g_str_has_prefix(v->name, "ends "))
            end = v;
    }
    qsort(broken, broken_count, sizeof(*broken), seq_compare);
    for (size_t i = 0; i < broken_count; i++) {
        if (i > 0)
            g_strlcat(result->violated, ",", sizeof(result->violated));
        g_strlcat(result->violated, broken[i]->name, sizeof(result->violated));
        if (first == NULL || (first->expected && !broken[i]->expected))
            first = broken[i];
    }
    if (first == NULL || (unmet != NULL && first->expected))
        first = unmet ? unmet : fault ? fault : end;
    if (first != NULL)
        decides(run, first, result);
    words_copy(result->text, sizeof(result->text), run_exit_text(run));
    if (end != NULL && end->text != NULL)
        words_copy(result->ends, sizeof(result->ends), end->text + strlen("ended: "));
    g_free(broken);
}

static bool run_one(struct run *run, struct matrix_result *result, GError **error)
{
    if (!run_execute(run, tool_interrupted(), error))
        return false;
    verdicts_read(run, result);
    result->code = (int)run_exit_code(run);
    trace_hash_hex(run_trace(run), result->hash);
    result->insns = machine_retired_insns(run_machine(run));
    result->events = trace_count(run_trace(run));
    result->time_cycles = machine_time_cycles(run_machine(run));
    return true;
}

static int error_code(const GError *error)
{
    if (error->domain == EMU_ERROR && error->code == EMU_ERROR_INTERNAL)
        return RUN_EXIT_INTERNAL;
    return error->domain == EMU_ERROR && error->code == EMU_ERROR_LIMIT ? RUN_EXIT_LIMIT
                                                                         : RUN_EXIT_INPUT;
}

void matrix_job_run(const struct matrix *matrix, size_t job, struct matrix_result *result)
{
    const struct matrix_pair *pair = matrix_pair(matrix, job / matrix->seeds);
    struct run_options options = matrix->options;
    struct run_request request;
    GError *error = NULL;
    struct run *run = NULL;
    *result = (struct matrix_result){.code = RUN_EXIT_INPUT};
    options.scenario = pair->path;
    options.monitor = pair->monitor;
    if (run_options_request(&options, matrix->image_dir, &request, &error)) {
        request.seed = pair->seed + job % matrix->seeds;
        request.seed_given = true;
        request.rules_only = pair->judge != MATRIX_BY_ENTRY;
        run = run_new(&request, &error);
    }
    if (run == NULL || !run_one(run, result, &error)) {
        result->code = error_code(error);
        words_copy(result->text, sizeof(result->text), error->message);
        g_error_free(error);
    }
    run_free(run);
}
