/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/report.h"

#include <string.h>

#include "emu/background.h"
#include "emu/hw_bug.h"

static const char *kind_word(enum rule_kind kind)
{
    return rule_kind_name(kind);
}

void report_inputs(const struct run *run)
{
    const struct scenario *scenario = run_scenario(run);
    const struct machine_config *config = run_config(run);
    const char *dim = tool_colour(COLOUR_DIM), *plain = tool_colour(COLOUR_NONE);
    size_t count;
    const struct run_input *inputs = run_inputs(run, &count);
    if (scenario != NULL)
        printf("%s\n", scenario->title);
    if (scenario != NULL && scenario->source != NULL)
        printf("source    %s\n", scenario->source);
    for (size_t i = 0; i < count; i++)
        printf("%-9s %s  %ssha256 %.16s%s\n", inputs[i].role, inputs[i].path, dim,
               inputs[i].sha256_hex, plain);
    printf("machine   %u vCPU%s, %" G_GUINT64_FORMAT
           " MiB, guest at VMPL %u, seed %" G_GUINT64_FORMAT "\n",
           config->cpus, config->cpus == 1 ? "" : "s", (guint64)(config->memory_bytes >> 20),
           config->guest_vmpl, (guint64)config->seed);
    if (config->hardware_bugs != 0) {
        printf("hardware ");
        for (unsigned i = 0; hw_bug_name(i) != NULL; i++)
            if (config->hardware_bugs >> i & 1)
                printf(" %s", hw_bug_name(i));
        printf(": bugs OUTSIDE THE ARCHITECTURE\n");
    }
    if (run_background(run) != 0) {
        char *names = background_names(run_background(run));
        printf("behind    %s\n", names);
        g_free(names);
    }
    printf("\n");
}

/* Cycles of the 1 GHz clock, in the unit that reads best. */
static void time_print(uint64_t cycles)
{
    if (cycles < 10000000)
        printf("%.3f ms", (double)cycles / 1e6);
    else
        printf("%.3f s", (double)cycles / 1e9);
}

void report_end(struct run *run, bool diagnosis)
{
    const struct machine *machine = run_machine(run);
    const char *text = machine_end_text(machine);
    if (run_snapshot_text(run) != NULL)
        printf("\nsnapshot  %s", run_snapshot_text(run));
    printf("\nended     %s%s%s\n", run_end_reason_name(machine_end_reason(machine)),
           text[0] ? ": " : "", text);
    printf("after     ");
    time_print(machine_time_cycles(machine));
    printf(" of virtual time, %" G_GUINT64_FORMAT " instructions, %" G_GUINT64_FORMAT " events\n",
           (guint64)machine_retired_insns(machine), (guint64)trace_count(run_trace(run)));
    if (!diagnosis)
        return;
    GString *why = g_string_new(NULL);
    machine_diagnose(machine, why);
    printf("\n%s", why->str);
    if (why->len > 0 && why->str[why->len - 1] != '\n')
        printf("\n");
    g_string_free(why, TRUE);
}

static void verdict_word(const struct run_verdict *verdict, const char **word,
                         enum tool_colour *colour)
{
    if (verdict->kind == RULE_EXPECTATION) {
        *word = verdict->holds ? "ok" : "NOT MET";
        *colour = verdict->holds ? COLOUR_GOOD : COLOUR_BAD;
    } else if (verdict->holds) {
        *word = verdict->expected ? "holds" : "HOLDS";
        *colour = verdict->expected ? COLOUR_GOOD : COLOUR_BAD;
    } else {
        *word = verdict->expected ? "violated" : "VIOLATED";
        *colour = verdict->expected ? COLOUR_NOTE : COLOUR_BAD;
    }
}

static void verdict_print(struct run *run, const struct run_verdict *verdict, int name_width)
{
    const char *word;
    enum tool_colour colour;
    verdict_word(verdict, &word, &colour);
    bool bare = verdict->seq == 0 && verdict->text == NULL; /* nothing follows the name */
    printf("%s%-9s%s %-11s %-*s", tool_colour(colour), word, tool_colour(COLOUR_NONE),
           kind_word(verdict->kind), bare ? 0 : name_width, verdict->name);
    if (verdict->seq != 0)
        printf("  event %" G_GUINT64_FORMAT, (guint64)verdict->seq);
    char *symbol = verdict->seq ? run_event_symbol(run, &verdict->event) : NULL;
    if (symbol != NULL)
        printf(", RIP 0x%" G_GINT64_MODIFIER "x %s", (guint64)verdict->event.rip, symbol);
    else if (verdict->event.rip != 0)
        printf(", RIP 0x%" G_GINT64_MODIFIER "x", (guint64)verdict->event.rip);
    if (verdict->text != NULL)
        printf("  (%s)", verdict->text);
    if (verdict->kind != RULE_EXPECTATION && !verdict->holds && verdict->expected)
        printf("  as expected");
    printf("\n");
    g_free(symbol);
}

void report_verdicts(struct run *run, bool details)
{
    size_t count;
    const struct run_verdict *verdicts = run_verdicts(run, &count);
    bool first = true;
    size_t width = 0;
    for (size_t i = 0; i < count; i++)
        width = MAX(width, strlen(verdicts[i].name));
    for (size_t i = 0; i < count; i++) {
        if (!details && verdicts[i].expected)
            continue;
        if (first)
            printf("\n");
        first = false;
        verdict_print(run, &verdicts[i], (int)width);
    }
}

void report_result(struct run *run)
{
    enum run_exit code = run_exit_code(run);
    char hash[33];
    trace_hash_hex(run_trace(run), hash);
    printf("\nstream    %s\n", hash);
    printf("result    %s%d%s %s\n", tool_colour(code == RUN_EXIT_OK ? COLOUR_GOOD : COLOUR_BAD),
           (int)code, tool_colour(COLOUR_NONE), run_exit_text(run));
}
