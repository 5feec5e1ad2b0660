/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova check: every invariant and rule, in SQL, over a recorded run. */
#include "db/check.h"
#include "tools/tool.h"

static const char examples[] =
    "Examples:\n"
    "  prova check run.db\n"
    "  prova check run.db --only grant-before-scrub --rows\n"
    "  prova check run.db --json\n"
    "\n"
    "Exit codes: 0 all hold, 1 at least one is violated, 2 unusable database.";

struct check_options {
    char *only;
    gboolean csv, json, rows;
};

/* The violating events of each verdict, under its name. */
static bool rows_print(struct db_reader *reader, const struct db_check *result,
                       enum db_format format, GError **error)
{
    const struct db_query_options query = {.format = format,
                                           .interrupted = tool_interrupted_atomic()};
    bool json = format == DB_FORMAT_JSON, first = true, fine = true;
    if (json)
        printf(", \"rows\": {");
    for (size_t i = 0; fine && i < result->verdicts_count; i++) {
        const struct db_verdict *verdict = &result->verdicts[i];
        if (verdict->holds)
            continue;
        if (json)
            printf("%s\n\"%s\": ", first ? "" : ",", verdict->invariant->name);
        else
            printf("\n%s\n", verdict->invariant->name);
        first = false;
        fine = db_check_rows(reader, verdict->invariant, &query, stdout, error);
    }
    return fine;
}

static int check(const char *path, const struct check_options *options)
{
    enum db_format format = options->json  ? DB_FORMAT_JSON
                            : options->csv ? DB_FORMAT_CSV
                                           : DB_FORMAT_TABLE;
    GError *error = NULL;
    struct db_check result = {0};
    struct db_reader *reader = db_reader_open(path, &error);
    bool fine = reader != NULL &&
                db_check_run(reader, options->only, tool_interrupted_atomic(), &result, &error);
    bool document = options->rows && options->json; /* one JSON text around both */
    if (fine && document)
        printf("{\"verdicts\": ");
    fine = fine && db_check_print(reader, &result, format, stdout, &error);
    if (fine && options->rows)
        fine = rows_print(reader, &result, format, &error);
    if (fine && document)
        printf("}}\n");
    int code = result.violated_count ? RUN_EXIT_VIOLATION : RUN_EXIT_OK;
    if (!fine)
        code = tool_fail(error);
    db_check_clear(&result);
    db_reader_close(reader);
    return code;
}

int cmd_check(int argc, char **argv)
{
    struct check_options options = {0};
    const GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING, &options.only, "only this invariant or rule", "NAME"},
        {"rows", 0, 0, G_OPTION_ARG_NONE, &options.rows, "every violating event too", NULL},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &options.csv, "as CSV", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "as JSON", NULL},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    if (tool_parse("check", "RUN.DB", "Checks all invariants and rules in a recorded run.",
                   examples, entries, &argc, &argv)) {
        tool_catch_interrupt();
        if (argc != 2)
            code = tool_usage_error("check", argc < 2 ? "name the database of a run"
                                                      : "one database at a time");
        else if (options.csv && options.json)
            code = tool_usage_error("check", "--csv and --json exclude each other");
        else
            code = check(argv[1], &options);
    }
    g_free(options.only);
    return code;
}
