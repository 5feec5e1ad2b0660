/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which scenarios meet which monitors, and by what each pair is judged. */
#include <string.h>

#include "emu/error.h"
#include "tools/library.h"
#include "tools/matrix.h"

enum { RUNS_MAX = 500000 }; /* the result of each is kept */

struct plan {
    struct matrix *matrix;
    char **monitors; /* given by the user; NULL: the scenario's */
    char **built_in;
};

bool matrix_monitor_is_correct(const char *name)
{
    return strcmp(name, "default") == 0 || strcmp(name, "verbose") == 0;
}

static char *monitor_name(const char *monitor)
{
    char *name = g_path_get_basename(monitor);
    if (g_str_has_suffix(name, ".elf"))
        name[strlen(name) - strlen(".elf")] = '\0';
    return name;
}

/* The scenario's entry of that name, or the one for all monitors. */
static const struct expect *entry_find(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->expects_count; i++)
        if (scenario->expects[i].variant == NULL || strcmp(scenario->expects[i].variant, name) == 0)
            return &scenario->expects[i];
    return NULL;
}

static bool entry_violates(const struct expect *entry)
{
    return entry != NULL && entry->violates != NULL && entry->violates[0] != NULL;
}

/* What it does, no monitor resists. */
static bool scenario_is_outside(const struct scenario *scenario)
{
    const struct expect *entry = entry_find(scenario, "default");
    bool about_it = entry != NULL && (entry->variant != NULL || scenario->monitor == NULL ||
                                      matrix_monitor_is_correct(scenario->monitor));
    return about_it && entry_violates(entry);
}

static void pair_add(struct plan *plan, const char *name, const struct scenario *scenario,
                     const char *monitor)
{
    struct matrix_pair pair = {
        .scenario = g_strdup(name),
        .path = g_strdup(scenario->path),
        .monitor = g_strdup(monitor),
        .monitor_name = monitor_name(monitor),
        .seed = plan->matrix->seed_given ? plan->matrix->seed : scenario->config.seed,
        .attack = g_str_has_prefix(name, "attacks/") || g_str_has_prefix(name, "reserve/"),
        .outside = scenario_is_outside(scenario),
    };
    const struct expect *entry = entry_find(scenario, pair.monitor_name);
    bool for_all = entry != NULL && entry->variant == NULL;
    bool correct = matrix_monitor_is_correct(pair.monitor_name);
    if (entry != NULL && !(for_all && plan->matrix->cross && !correct)) {
        pair.judge = MATRIX_BY_ENTRY;
        pair.violation_wanted = entry_violates(entry);
    } else {
        pair.judge = plan->matrix->cross && !correct ? MATRIX_SURVEY : MATRIX_BY_RULES;
    }
    if (plan->matrix->options.background != NULL) {
        pair.attack = false; /* the defence that the scenario names need not come to pass */
        if (pair.violation_wanted)
            pair.judge = MATRIX_SURVEY;
        pair.violation_wanted = false;
    }
    g_array_append_val(plan->matrix->pairs, pair);
}

static int name_compare(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    int first = matrix_monitor_is_correct(right) - matrix_monitor_is_correct(left);
    return first ? first : strcmp(left, right);
}

static void name_add(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_strdup(name));
}

/* The monitors that a scenario is about: its own, and those that it has an entry for. */
static void named_add(const struct scenario *scenario, GPtrArray *names)
{
    if (scenario->monitor != NULL &&
        (scenario->expects_count == 0 || entry_find(scenario, scenario->monitor) != NULL))
        name_add(names, scenario->monitor);
    for (size_t i = 0; i < scenario->expects_count; i++)
        if (scenario->expects[i].variant != NULL)
            name_add(names, scenario->expects[i].variant);
}

static bool planned(const struct matrix *matrix, const char *path)
{
    for (size_t i = 0; i < matrix_pairs(matrix); i++)
        if (strcmp(matrix_pair(matrix, i)->path, path) == 0)
            return true;
    return false;
}

/* It boots a kernel, and nobody has given one. */
static bool lacks_kernel(const struct plan *plan, const struct scenario *scenario)
{
    return g_strcmp0(scenario->guest, RUN_GUEST_LINUX) == 0 && scenario->kernel == NULL &&
           plan->matrix->options.kernel == NULL;
}

/* chosen: by its name. Of those that a pattern means, what cannot be run is left out. */
static bool scenario_add(struct plan *plan, const char *name, const char *path, bool chosen,
                         GError **error)
{
    char *text;
    gsize bytes;
    if (planned(plan->matrix, path)) /* patterns may overlap */
        return true;
    if (!g_file_get_contents(path, &text, &bytes, error)) {
        (*error)->domain = EMU_ERROR;
        (*error)->code = EMU_ERROR_INPUT;
        return false;
    }
    struct script *script = script_open(path, text, bytes, NULL, NULL, NULL, error);
    g_free(text);
    if (script == NULL)
        return false;
    if (!chosen && lacks_kernel(plan, script_scenario(script))) {
        script_free(script);
        return true;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    char **given = plan->monitors ? plan->monitors : plan->matrix->cross ? plan->built_in : NULL;
    if (given == NULL)
        named_add(script_scenario(script), names);
    for (char **monitor = given; monitor != NULL && *monitor != NULL; monitor++)
        if (plan->monitors != NULL || strcmp(*monitor, "verbose") != 0)
            name_add(names, *monitor);
    qsort(names->pdata, names->len, sizeof(*names->pdata), name_compare);
    for (guint i = 0; i < names->len; i++)
        pair_add(plan, name, script_scenario(script), g_ptr_array_index(names, i));
    g_ptr_array_unref(names);
    script_free(script);
    return true;
}

/*
 * The scenarios that a pattern means. A plain name means one entry, as elsewhere: boot is not
 * linux/boot. To a pattern, a short name that is a link is no scenario of its own.
 */
static bool pattern_add(struct plan *plan, const GPtrArray *library, const char *pattern,
                        bool required, GError **error)
{
    const bool plain = strpbrk(pattern, "*?") == NULL;
    const struct library_entry *one = plain ? library_find(library, pattern) : NULL;
    guint found = 0;
    for (guint i = 0; i < library->len; i++) {
        const struct library_entry *entry = g_ptr_array_index(library, i);
        if (!library_matches(entry, pattern) || (plain ? entry != one : entry->target != NULL))
            continue;
        found++;
        if (!scenario_add(plan, entry->name, entry->path, plain, error))
            return false;
    }
    if (found > 0 || !required)
        return true;
    if (plain) {
        char *path = library_path(pattern, error);
        bool fine = path != NULL && scenario_add(plan, pattern, path, true, error);
        g_free(path);
        return fine;
    }
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                "--scenario %s: no scenario has such a name (prova list scenarios)", pattern);
    return false;
}

/* Monitors are looked for before anything runs. */
static bool monitors_check(const struct plan *plan, GError **error)
{
    for (char **monitor = plan->monitors; monitor != NULL && *monitor != NULL; monitor++) {
        char *path = run_image_path(plan->matrix->image_dir, *monitor, false, error);
        if (path == NULL)
            return false;
        g_free(path);
    }
    return true;
}

static void monitors_collect(struct matrix *matrix)
{
    GPtrArray *names = g_ptr_array_new();
    for (size_t i = 0; i < matrix_pairs(matrix); i++)
        name_add(names, matrix_pair(matrix, i)->monitor_name);
    qsort(names->pdata, names->len, sizeof(*names->pdata), name_compare);
    g_ptr_array_add(names, NULL);
    matrix->monitors = (char **)g_ptr_array_free(names, FALSE);
}

bool matrix_plan(struct matrix *matrix, char **patterns, char **monitors, GError **error)
{
    static const char *const usual[] = {"attacks/*", "reserve/*", NULL};
    struct plan plan = {.matrix = matrix, .monitors = monitors};
    GPtrArray *library = library_load();
    matrix->pairs = g_array_new(FALSE, TRUE, sizeof(struct matrix_pair));
    matrix->results = g_array_new(FALSE, TRUE, sizeof(struct matrix_result));
    plan.built_in = run_image_names(matrix->image_dir, false);
    bool fine = monitors_check(&plan, error);
    for (char **pattern = patterns; fine && pattern != NULL && *pattern != NULL; pattern++)
        fine = pattern_add(&plan, library, *pattern, true, error);
    for (size_t i = 0; fine && patterns == NULL && usual[i] != NULL; i++)
        fine = pattern_add(&plan, library, usual[i], false, error);
    if (fine && matrix->pairs->len == 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "nothing to run: there is no scenario of an attack (prova list scenarios), or "
                    "none without --kernel");
        fine = false;
    }
    if (fine && matrix->pairs->len * matrix->seeds > RUNS_MAX) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%u pairs with %" G_GUINT64_FORMAT " seeds each: more than %d runs",
                    matrix->pairs->len, (guint64)matrix->seeds, RUNS_MAX);
        fine = false;
    }
    if (fine) {
        g_array_set_size(matrix->results, (guint)(matrix->pairs->len * matrix->seeds));
        monitors_collect(matrix);
    }
    g_strfreev(plan.built_in);
    g_ptr_array_unref(library);
    return fine;
}

void matrix_clear(struct matrix *matrix)
{
    for (size_t i = 0; matrix->pairs != NULL && i < matrix->pairs->len; i++) {
        struct matrix_pair *pair = &g_array_index(matrix->pairs, struct matrix_pair, i);
        g_free(pair->scenario);
        g_free(pair->path);
        g_free(pair->monitor);
        g_free(pair->monitor_name);
    }
    if (matrix->pairs != NULL)
        g_array_free(matrix->pairs, TRUE);
    if (matrix->results != NULL)
        g_array_free(matrix->results, TRUE);
    g_strfreev(matrix->monitors);
    run_options_clear(&matrix->options);
    g_free(matrix->image_dir);
}

size_t matrix_pairs(const struct matrix *matrix)
{
    return matrix->pairs->len;
}

const struct matrix_pair *matrix_pair(const struct matrix *matrix, size_t pair)
{
    return &g_array_index(matrix->pairs, struct matrix_pair, pair);
}

const struct matrix_result *matrix_result(const struct matrix *matrix, size_t pair, uint64_t seed)
{
    return &g_array_index(matrix->results, struct matrix_result, pair * matrix->seeds + seed);
}
