/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova run --all: the library's scenarios against monitors. */
#include <string.h>

#include "tools/matrix.h"
#include "tools/out_file.h"
#include "tools/report.h"

enum { JOBS_MAX = 256, SEEDS_MAX = 100000 };
static const char tap_start[] = "TAP version 14\n";

struct all_command {
    struct matrix matrix;
    char **scenarios, **monitors;
    char *jobs, *seeds, *junit, *tap;
    gboolean all, cross, csv, json, quiet;
    const char *shown; /* the scenario of the last line */
};

static const char examples[] =
    "Examples:\n"
    "  prova run --all\n"
    "  prova run --all --monitor build/my-monitor.elf --junit attacks.xml\n"
    "  prova run --all --scenario '*' --monitor default\n"
    "  prova run --all --scenario boot --monitor default --background park-at-fault --seeds 30\n"
    "  prova run --all --cross\n"
    "\n"
    "Without --scenario: the attacks and the reserve. Without --monitor: those that each scenario\n"
    "says something about. A monitor that it says nothing about is asked only whether every\n"
    "invariant and rule holds. Words: found (a defect, as the scenario says), defeated (by the\n"
    "defence that it names), holds, outside (what the architecture cannot prevent); MISSED,\n"
    "BROKEN, NOT MET, CUT, UNUSABLE and CRASHED are not as expected.";

static void pair_done(void *user, const struct matrix *matrix, size_t pair)
{
    struct all_command *command = user;
    const char *scenario = matrix_pair(matrix, pair)->scenario;
    uint64_t nth;
    const struct matrix_result *result = matrix_pair_result(matrix, pair, &nth);
    bool good = matrix_word(matrix_pair(matrix, pair), result).good;
    bool quiet = command->quiet || command->cross || command->csv || command->json;
    if (quiet && (good || command->csv || command->json))
        return;
    matrix_pair_print(matrix, pair, g_strcmp0(command->shown, scenario) != 0);
    command->shown = scenario;
}

static bool number_read(const char *option, const char *text, uint64_t most, uint64_t *value,
                        int *code)
{
    guint64 number;
    if (text == NULL)
        return true;
    if (g_ascii_string_to_unsigned(text, 10, 1, most, &number, NULL)) {
        *value = number;
        return true;
    }
    *code = tool_usage_error("run", "--%s %s: it must be a number from 1 to %" G_GUINT64_FORMAT,
                             option, text, (guint64)most);
    return false;
}

static bool command_check(struct all_command *command, int argc, char **argv, int *code)
{
    uint64_t jobs = g_get_num_processors();
    GError *error = NULL;
    *code = RUN_EXIT_INPUT;
    if (argc > 1) {
        *code = tool_usage_error("run", "'%s': with --all, scenarios are named by --scenario",
                                 argv[1]);
        return false;
    }
    if (command->csv && command->json) {
        *code = tool_usage_error("run", "--csv and --json exclude each other");
        return false;
    }
    if (command->junit != NULL && g_strcmp0(command->junit, command->tap) == 0) {
        *code = tool_usage_error("run", "--junit and --tap name the same file");
        return false;
    }
    command->matrix.seeds = 1;
    if (!number_read("jobs", command->jobs, JOBS_MAX, &jobs, code) ||
        !number_read("seeds", command->seeds, SEEDS_MAX, &command->matrix.seeds, code))
        return false;
    command->matrix.jobs_at_once = (uint32_t)jobs;
    struct run_request request; /* bad options are said once, before anything runs */
    if (!run_options_request(&command->matrix.options, command->matrix.image_dir, &request,
                             &error) ||
        (command->junit != NULL && !report_junit_check(command->junit, &error)) ||
        (command->tap != NULL && !out_file_check("tap", command->tap, tap_start, &error))) {
        *code = tool_fail(error);
        return false;
    }
    command->matrix.seed_given = request.seed_given;
    command->matrix.seed = request.seed;
    return true;
}

static bool files_write(const struct all_command *command, GError **error)
{
    GString *text = g_string_new(NULL);
    bool fine = true;
    if (command->junit != NULL) {
        matrix_junit(&command->matrix, text);
        fine = out_file_write("junit", command->junit, report_junit_start, text, error);
    }
    g_string_truncate(text, 0);
    if (fine && command->tap != NULL) {
        matrix_tap(&command->matrix, text);
        fine = out_file_write("tap", command->tap, tap_start, text, error);
    }
    g_string_truncate(text, 0);
    if (command->csv)
        matrix_csv(&command->matrix, text);
    if (command->json)
        matrix_json(&command->matrix, text);
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
    return fine;
}

static int all_run(struct all_command *command)
{
    GError *error = NULL;
    command->matrix.cross = command->cross;
    if (!matrix_plan(&command->matrix, command->scenarios, command->monitors, &error))
        return tool_fail(error);
    tool_catch_interrupt();
    if (!matrix_run(&command->matrix, pair_done, command, &error))
        return tool_fail(error);
    int code = matrix_code(&command->matrix);
    if (!command->csv && !command->json) {
        if (command->cross)
            matrix_grid_print(&command->matrix);
        if (!command->quiet || code != RUN_EXIT_OK)
            matrix_summary_print(&command->matrix);
    }
    return files_write(command, &error) ? code : tool_fail(error);
}

bool cmd_run_is_all(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--all") == 0 || strcmp(argv[i], "--cross") == 0)
            return true;
    return false;
}

int cmd_run_all(int argc, char **argv)
{
    struct all_command command = {0};
    GOptionEntry shared[RUN_OPTIONS_ENTRIES];
    enum { OWN = 11, SHARED = RUN_OPTIONS_ENTRIES - RUN_OPTIONS_IMAGES };
    GOptionEntry entries[OWN + SHARED + 1] = {
        {"all", 0, 0, G_OPTION_ARG_NONE, &command.all, "scenarios of the library", NULL},
        {"scenario", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &command.scenarios,
         "which ones: names with * and ?, or a file; may be repeated", "PATTERN|FILE"},
        {"monitor", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &command.monitors,
         "built-in monitor, or an ELF file; may be repeated", "NAME|FILE"},
        {"cross", 0, 0, G_OPTION_ARG_NONE, &command.cross,
         "every built-in monitor against every scenario", NULL},
        {"jobs", 'j', 0, G_OPTION_ARG_STRING, &command.jobs,
         "runs at a time (one for each processor)", "N"},
        {"seeds", 0, 0, G_OPTION_ARG_STRING, &command.seeds,
         "runs of each pair, with this and the following seeds (1)", "N"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &command.junit, "write JUnit XML", "FILE"},
        {"tap", 0, 0, G_OPTION_ARG_FILENAME, &command.tap, "write TAP 14", "FILE"},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &command.csv, "as CSV", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &command.json, "as JSON", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &command.quiet, "print only what is not as expected",
         NULL},
    };
    run_options_entries(&command.matrix.options, shared);
    memcpy(entries + OWN, shared + RUN_OPTIONS_IMAGES, SHARED * sizeof(*shared));
    command.matrix.image_dir = tool_image_dir();
    int code = RUN_EXIT_INPUT;
    if (tool_parse("run", "--all", "Runs scenarios of the library against monitors.", examples,
                   entries, &argc, &argv) &&
        command_check(&command, argc, argv, &code))
        code = all_run(&command);
    matrix_clear(&command.matrix);
    g_strfreev(command.scenarios);
    g_strfreev(command.monitors);
    g_free(command.jobs);
    g_free(command.seeds);
    g_free(command.junit);
    g_free(command.tap);
    return code;
}
