/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What many runs come to: a word for each, lines and a grid for people, an exit code. */
#include <string.h>

#include "tools/matrix.h"

static struct matrix_word word_of_code(int code, bool survey)
{
    switch (code) {
    case RUN_EXIT_INPUT: return (struct matrix_word){"UNUSABLE", COLOUR_BAD, survey};
    case RUN_EXIT_LIMIT: return (struct matrix_word){"CUT", COLOUR_BAD, survey};
    case RUN_EXIT_INTERRUPTED: return (struct matrix_word){"STOPPED", COLOUR_BAD, false};
    default: return (struct matrix_word){"CRASHED", COLOUR_BAD, false};
    }
}

static struct matrix_word word_of_violation(const struct matrix_result *result)
{
    if (result->unexpected)
        return (struct matrix_word){"BROKEN", COLOUR_BAD, false};
    return (struct matrix_word){result->missed ? "MISSED" : "NOT MET", COLOUR_BAD, false};
}

struct matrix_word matrix_word(const struct matrix_pair *pair, const struct matrix_result *result)
{
    bool survey = pair->judge == MATRIX_SURVEY;
    if (survey && (result->code == RUN_EXIT_OK || result->code == RUN_EXIT_VIOLATION)) {
        const char *caught = pair->outside ? "outside" : "caught";
        return result->violated[0] ? (struct matrix_word){caught, COLOUR_NOTE, true}
                                   : (struct matrix_word){"holds", COLOUR_DIM, true};
    }
    if (result->code == RUN_EXIT_VIOLATION)
        return word_of_violation(result);
    if (result->code != RUN_EXIT_OK)
        return word_of_code(result->code, survey);
    if (pair->violation_wanted && matrix_monitor_is_correct(pair->monitor_name))
        return (struct matrix_word){"outside", COLOUR_NOTE, true};
    if (pair->violation_wanted)
        return (struct matrix_word){"found", COLOUR_NOTE, true};
    bool defence = pair->attack && pair->judge == MATRIX_BY_ENTRY;
    return (struct matrix_word){defence ? "defeated" : "holds", COLOUR_GOOD, true};
}

const struct matrix_result *matrix_pair_result(const struct matrix *matrix, size_t pair,
                                               uint64_t *nth)
{
    const struct matrix_pair *what = matrix_pair(matrix, pair);
    *nth = 0;
    for (uint64_t i = 0; i < matrix->seeds; i++) {
        const struct matrix_result *result = matrix_result(matrix, pair, i);
        if (matrix_word(what, result).good)
            continue;
        *nth = i;
        break;
    }
    return matrix_result(matrix, pair, *nth);
}

/* A pair that could show a defect of this monitor. */
static bool pair_counts(const struct matrix_pair *pair, const char *monitor)
{
    return !pair->outside && strcmp(pair->monitor_name, monitor) == 0;
}

static bool monitor_caught(const struct matrix *matrix, const char *name)
{
    for (size_t i = 0; i < matrix_pairs(matrix); i++)
        for (uint64_t seed = 0; seed < matrix->seeds; seed++)
            if (pair_counts(matrix_pair(matrix, i), name) &&
                matrix_result(matrix, i, seed)->violated[0])
                return true;
    return false;
}

int matrix_code(const struct matrix *matrix)
{
    static const int order[] = {RUN_EXIT_INTERNAL, MATRIX_CODE_LOST, RUN_EXIT_INTERRUPTED,
                                RUN_EXIT_VIOLATION, RUN_EXIT_INPUT, RUN_EXIT_LIMIT};
    size_t worst = G_N_ELEMENTS(order);
    for (size_t i = 0; i < matrix_pairs(matrix) * matrix->seeds; i++) {
        const struct matrix_pair *pair = matrix_pair(matrix, i / matrix->seeds);
        const struct matrix_result *result =
            matrix_result(matrix, i / matrix->seeds, i % matrix->seeds);
        for (size_t at = 0; at < worst && !matrix_word(pair, result).good; at++)
            if (order[at] == result->code)
                worst = at;
    }
    for (char **name = matrix->monitors; matrix->cross && *name != NULL; name++)
        if (worst == G_N_ELEMENTS(order) && !matrix_monitor_is_correct(*name) &&
            !monitor_caught(matrix, *name))
            return RUN_EXIT_VIOLATION;
    if (worst == G_N_ELEMENTS(order))
        return RUN_EXIT_OK;
    return order[worst] == MATRIX_CODE_LOST ? RUN_EXIT_INTERNAL : order[worst];
}

/* "grant-before-scrub       event 2111   page_grant" */
static void decision_append(const struct matrix_result *result, bool good, GString *line)
{
    if (result->decides[0] == '\0') {
        g_string_append(line, result->text);
        return;
    }
    const char *what = result->decides;
    if (good && g_str_has_prefix(what, "fault "))
        what += strlen("fault ");
    if (g_str_has_prefix(what, "ends ")) {
        g_string_append(line, result->ends);
        return;
    }
    g_string_append_printf(line, "%-23s", what);
    if (result->seq != 0)
        g_string_append_printf(line, " event %-6" G_GUINT64_FORMAT, (guint64)result->seq);
    /* The function will do; file and line are in the other formats. */
    g_string_append_printf(line, " %.*s", (int)strcspn(result->symbol, " "), result->symbol);
    g_string_truncate(line, strlen(g_strchomp(line->str)));
}

void matrix_pair_print(const struct matrix *matrix, size_t index, bool heading)
{
    const struct matrix_pair *pair = matrix_pair(matrix, index);
    uint64_t nth;
    const struct matrix_result *result = matrix_pair_result(matrix, index, &nth);
    struct matrix_word word = matrix_word(pair, result);
    GString *line = g_string_new(NULL);
    decision_append(result, word.good, line);
    if (matrix->seeds > 1 && !word.good)
        g_string_append_printf(line, " (run %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                                     ": seed %" G_GUINT64_FORMAT ")",
                               (guint64)nth + 1, (guint64)matrix->seeds,
                               (guint64)(pair->seed + nth));
    if (heading)
        printf("%s\n", pair->scenario);
    printf("  %-23s %s%-9s%s %s\n", pair->monitor_name, tool_colour(word.colour), word.text,
           tool_colour(COLOUR_NONE), line->str);
    if (!word.good && result->decides[0] != '\0')
        printf("  %-23s %-9s %s\n", "", "", result->text);
    fflush(stdout);
    g_string_free(line, TRUE);
}

/* The number of a numbered attack; otherwise a letter, which the legend explains. */
static void column_label(const char *scenario, int *letter, char label[3])
{
    const char *plain = strrchr(scenario, '/');
    plain = plain ? plain + 1 : scenario;
    if (g_ascii_isdigit(plain[0]) && g_ascii_isdigit(plain[1])) {
        label[0] = plain[0];
        label[1] = plain[1];
    } else {
        label[0] = ' ';
        label[1] = (char)('a' + (*letter)++ % 26);
        printf("  %c  %s\n", label[1], scenario);
    }
    label[2] = '\0';
}

static char cell(const struct matrix_pair *pair, const struct matrix_result *result)
{
    struct matrix_word word = matrix_word(pair, result);
    if (!word.good)
        return '!';
    if (result->code != RUN_EXIT_OK && result->code != RUN_EXIT_VIOLATION)
        return '?';
    if (result->violated[0] == '\0')
        return '.';
    return strcmp(word.text, "outside") == 0 ? 'o' : pair->judge == MATRIX_SURVEY ? 'x' : '#';
}

static void grid_row(const struct matrix *matrix, const GPtrArray *scenarios, const char *monitor)
{
    printf("  %-23s ", monitor);
    for (guint column = 0; column < scenarios->len; column++) {
        char shown = ' ';
        for (size_t i = 0; i < matrix_pairs(matrix); i++) {
            const struct matrix_pair *pair = matrix_pair(matrix, i);
            uint64_t nth;
            if (strcmp(pair->monitor_name, monitor) == 0 &&
                strcmp(pair->scenario, g_ptr_array_index(scenarios, column)) == 0)
                shown = cell(pair, matrix_pair_result(matrix, i, &nth));
        }
        printf("%c%s", shown, column + 1 < scenarios->len ? " " : "\n");
    }
}

void matrix_grid_print(const struct matrix *matrix)
{
    GPtrArray *scenarios = g_ptr_array_new();
    for (size_t i = 0; i < matrix_pairs(matrix); i++)
        if (i == 0 || strcmp(matrix_pair(matrix, i)->scenario,
                             matrix_pair(matrix, i - 1)->scenario) != 0)
            g_ptr_array_add(scenarios, matrix_pair(matrix, i)->scenario);
    char(*labels)[3] = g_malloc0_n(scenarios->len, sizeof(*labels));
    int letter = 0;
    for (guint i = 0; i < scenarios->len; i++)
        column_label(g_ptr_array_index(scenarios, i), &letter, labels[i]);
    for (int digit = 0; digit < 2; digit++) {
        printf("  %-23s ", "");
        for (guint i = 0; i < scenarios->len; i++)
            printf("%c%s", labels[i][digit], i + 1 < scenarios->len ? " " : "\n");
    }
    for (char **name = matrix->monitors; *name != NULL; name++)
        grid_row(matrix, scenarios, *name);
    printf("  # found as the scenario says, x caught as well, . every rule holds, o outside the\n"
           "  architecture, ? no verdict, ! not as expected\n\n");
    g_free(labels);
    g_ptr_array_free(scenarios, TRUE);
}

/* One line for each monitor with a defect: how many scenarios see it, and how the first does. */
static void monitor_print(const struct matrix *matrix, const char *name)
{
    size_t count = 0, first = 0;
    for (size_t i = 0; i < matrix_pairs(matrix); i++) {
        uint64_t nth;
        if (!pair_counts(matrix_pair(matrix, i), name) ||
            !matrix_pair_result(matrix, i, &nth)->violated[0])
            continue;
        if (count++ == 0)
            first = i;
    }
    printf("  %-23s ", name);
    if (count == 0) {
        printf("%scaught by no scenario%s\n", tool_colour(COLOUR_BAD), tool_colour(COLOUR_NONE));
        return;
    }
    uint64_t nth;
    const struct matrix_result *result = matrix_pair_result(matrix, first, &nth);
    printf("caught by %zu: %s, %s, event %" G_GUINT64_FORMAT "\n", count,
           matrix_pair(matrix, first)->scenario, result->decides, (guint64)result->seq);
}

void matrix_summary_print(const struct matrix *matrix)
{
    static const char *const words[] = {"found",  "defeated", "holds",    "outside", "caught",
                                        "BROKEN", "MISSED",   "NOT MET",  "CUT",     "UNUSABLE",
                                        "STOPPED", "CRASHED"};
    size_t total = matrix_pairs(matrix) * matrix->seeds;
    for (char **name = matrix->monitors; matrix->cross && *name != NULL; name++)
        if (!matrix_monitor_is_correct(*name))
            monitor_print(matrix, *name);
    printf("\n%zu run%s:", total, total == 1 ? "" : "s");
    bool first = true;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t count = 0;
        for (size_t job = 0; job < total; job++)
            count += strcmp(matrix_word(matrix_pair(matrix, job / matrix->seeds),
                                        matrix_result(matrix, job / matrix->seeds,
                                                      job % matrix->seeds))
                                .text,
                            words[i]) == 0;
        if (count > 0)
            printf("%s %zu %s", first ? "" : ",", count, words[i]);
        first &= count == 0;
    }
    int code = matrix_code(matrix);
    printf("\nresult    %s%d%s %s\n", tool_colour(code == RUN_EXIT_OK ? COLOUR_GOOD : COLOUR_BAD),
           code, tool_colour(COLOUR_NONE),
           code == RUN_EXIT_OK ? "everything is as expected" : "not everything is as expected");
}
