/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova query: SQL, or a named question, asked of a recorded run. */
#include <string.h>

#include "db/query.h"
#include "tools/tool.h"

static const char examples[] =
    "Examples:\n"
    "  prova query run.db run\n"
    "  prova query run.db page-history gpa=0x101000\n"
    "  prova query run.db 'SELECT name, holds FROM verdict' --csv\n"
    "\n"
    "prova list queries names the questions that are there; docs/database.md describes the\n"
    "tables. The file cannot be changed.";

enum { PARAMS_MAX = 16 };

struct query_options {
    gboolean csv, json;
    char *limit_rows, *limit_time;
};

static int query(char **argv, int argc, const struct query_options *options)
{
    struct db_param params[PARAMS_MAX];
    char *copies[PARAMS_MAX] = {NULL};
    struct db_query_options query = {
        .format = options->json  ? DB_FORMAT_JSON
                  : options->csv ? DB_FORMAT_CSV
                                 : DB_FORMAT_TABLE,
        .interrupted = tool_interrupted_atomic(),
        .params = params,
    };
    uint64_t cycles = 0;
    int code = RUN_EXIT_OK;
    if (argc - 3 > PARAMS_MAX)
        return tool_usage_error("query", "at most %d parameters", PARAMS_MAX);
    if (options->limit_rows != NULL &&
        (!tool_parse_count(options->limit_rows, &query.limit_rows) || query.limit_rows == 0))
        return tool_usage_error("query", "--limit-rows %s: it must be a number from 1 on",
                                options->limit_rows);
    if (options->limit_time != NULL &&
        (!tool_parse_time(options->limit_time, &cycles) || cycles == 0))
        return tool_usage_error("query", "--limit-time %s: it must be a time such as 5s",
                                options->limit_time);
    query.limit_ms = (cycles + 999999) / 1000000;
    for (int i = 3; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        if (equals == NULL || equals == argv[i]) {
            code = tool_usage_error("query",
                                    "'%s': a parameter is NAME=VALUE (quote an SQL "
                                    "statement: it is one argument)",
                                    argv[i]);
            break;
        }
        size_t n = query.params_count++;
        copies[n] = g_strndup(argv[i], (gsize)(equals - argv[i]));
        params[n] = (struct db_param){.name = copies[n], .value = equals + 1};
    }
    GError *error = NULL;
    struct db_reader *reader = code == RUN_EXIT_OK ? db_reader_open(argv[1], &error) : NULL;
    if (code == RUN_EXIT_OK &&
        (reader == NULL || !db_query_run(reader, argv[2], &query, stdout, NULL, &error)))
        code = tool_fail(error);
    db_reader_close(reader);
    for (size_t i = 0; i < query.params_count; i++)
        g_free(copies[i]);
    return code;
}

int cmd_query(int argc, char **argv)
{
    struct query_options options = {0};
    const GOptionEntry entries[] = {
        {"csv", 0, 0, G_OPTION_ARG_NONE, &options.csv, "as CSV", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "as JSON", NULL},
        {"limit-rows", 0, 0, G_OPTION_ARG_STRING, &options.limit_rows, "stop after so many rows",
         "N"},
        {"limit-time", 0, 0, G_OPTION_ARG_STRING, &options.limit_time,
         "give up after this time, such as 10s", "TIME"},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    if (tool_parse("query", "RUN.DB SQL|NAME [PARAMETER=VALUE...]",
                   "Asks a recorded run a question.", examples, entries, &argc, &argv)) {
        tool_catch_interrupt();
        if (argc < 3)
            code = tool_usage_error("query", "name the database of a run, and a question");
        else if (options.csv && options.json)
            code = tool_usage_error("query", "--csv and --json exclude each other");
        else
            code = query(argv, argc, &options);
    }
    g_free(options.limit_rows);
    g_free(options.limit_time);
    return code;
}
