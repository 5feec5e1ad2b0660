/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/tool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu/version.h"
#include "db/error.h"
#include "db/version.h"
#include "emu/error.h"

/* The only writable statics of the command: a signal handler has no other way to say something. */
static volatile int interrupted;
static atomic_bool interrupted_atomic;

void tool_interrupt(void)
{
    interrupted = 1;
    atomic_store(&interrupted_atomic, true);
}

static void interrupt_note(int signal_number)
{
    (void)signal_number;
    tool_interrupt();
}

void tool_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = interrupt_note, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

const volatile int *tool_interrupted(void)
{
    return &interrupted;
}

const atomic_bool *tool_interrupted_atomic(void)
{
    return &interrupted_atomic;
}

int tool_output_close(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "prova: standard output: %s\n", errno ? g_strerror(errno) : "write error");
    return code == RUN_EXIT_OK ? RUN_EXIT_INPUT : code;
}

static void complain(const char *format, va_list arguments)
{
    char *text = g_strdup_vprintf(format, arguments);
    fflush(stdout);
    fprintf(stderr, "prova: %s\n", text);
    g_free(text);
}

void tool_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
}

int tool_usage_error(const char *verb, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try: prova %s%s--help\n", verb, verb[0] ? " " : "");
    return RUN_EXIT_INPUT;
}

int tool_fail(GError *error)
{
    int code = RUN_EXIT_INPUT;
    tool_complain("%s", error->message);
    if (error->domain == EMU_ERROR && error->code == EMU_ERROR_LIMIT)
        code = interrupted ? RUN_EXIT_INTERRUPTED : RUN_EXIT_LIMIT;
    else if (error->domain == EMU_ERROR && error->code == EMU_ERROR_INTERNAL)
        code = RUN_EXIT_INTERNAL;
    else if (error->domain == DB_ERROR && error->code == DB_ERROR_LIMIT)
        code = RUN_EXIT_LIMIT;
    else if (error->domain == DB_ERROR && error->code == DB_ERROR_INTERRUPTED)
        code = RUN_EXIT_INTERRUPTED;
    g_error_free(error);
    return code;
}

/* GLib's text has an ellipsis, which would be a question mark where the locale is not UTF-8. */
static void help_print(GOptionContext *context)
{
    char *text = g_option_context_get_help(context, TRUE, NULL);
    char **parts = g_strsplit(text, "\u2026", -1);
    char *plain = g_strjoinv("...", parts);
    fputs(plain, stdout);
    g_free(plain);
    g_strfreev(parts);
    g_free(text);
}

bool tool_parse(const char *verb, const char *arguments, const char *summary,
                const char *description, const GOptionEntry *entries, int *argc, char ***argv)
{
    GError *error = NULL;
    gboolean help = FALSE;
    const GOptionEntry help_entries[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "this text", NULL},
        {0},
    };
    GOptionContext *context = g_option_context_new(arguments);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, help_entries, NULL);
    char *program = g_strdup_printf("prova %s", verb);
    g_set_prgname(program);
    g_free(program);
    bool fine = g_option_context_parse(context, argc, argv, &error);
    if (fine && help)
        help_print(context);
    g_option_context_free(context);
    if (fine && help)
        exit(tool_output_close(RUN_EXIT_OK));
    if (fine)
        return true;
    tool_usage_error(verb, "%s", error->message);
    g_error_free(error);
    return false;
}

/* A decimal number, followed by one of the units (ends with NULL) or nothing. */
static bool parse_with_units(const char *text, const char *const *units, const uint64_t *factors,
                             uint64_t *value)
{
    gchar *end = NULL;
    if (!g_ascii_isdigit(text[0]))
        return false;
    errno = 0;
    uint64_t number = g_ascii_strtoull(text, &end, 10);
    uint64_t factor = 1;
    if (errno != 0)
        return false;
    if (*end != '\0') {
        size_t i = 0;
        while (units[i] != NULL && g_ascii_strcasecmp(units[i], end) != 0)
            i++;
        if (units[i] == NULL)
            return false;
        factor = factors[i];
    }
    if (number > UINT64_MAX / factor)
        return false;
    *value = number * factor;
    return true;
}

bool tool_parse_count(const char *text, uint64_t *value)
{
    static const char *const units[] = {"k", "M", "G", NULL};
    static const uint64_t factors[] = {1000, 1000000, 1000000000};
    return parse_with_units(text, units, factors, value);
}

bool tool_parse_time(const char *text, uint64_t *cycles)
{
    static const char *const units[] = {"ns", "us", "ms", "s", NULL};
    static const uint64_t factors[] = {1, 1000, 1000000, 1000000000};
    return parse_with_units(text, units, factors, cycles);
}

static char *program_dir(void)
{
    char *program = g_file_read_link("/proc/self/exe", NULL);
    char *dir = program ? g_path_get_dirname(program) : g_strdup(".");
    g_free(program);
    return dir;
}

char *tool_image_dir(void)
{
    char *dir = program_dir();
    char *images = g_build_filename(dir, "monitor", NULL);
    g_free(dir);
    return images;
}

char *tool_scenario_dir(void)
{
    char *dir = program_dir();
    char *candidates[] = {
        g_strdup("scenarios"),                                /* in the source tree */
        g_build_filename(dir, "..", "..", "scenarios", NULL), /* from build/release */
        g_build_filename(dir, "scenarios", NULL),
    };
    char *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
        if (found == NULL && g_file_test(candidates[i], G_FILE_TEST_IS_DIR))
            found = candidates[i];
        else
            g_free(candidates[i]);
    }
    g_free(dir);
    return found;
}

char *tool_version(void)
{
    GString *text = g_string_new("prova " PROVA_VERSION);
    cpu_libraries_describe(text);
    g_string_append_printf(text, ", %s", script_language());
    db_library_describe(text);
    return g_string_free(text, FALSE);
}

const char *tool_colour(enum tool_colour colour)
{
    static const char *const sequences[] = {"\033[0m", "\033[32m", "\033[31;1m", "\033[33m",
                                            "\033[2m"};
    const char *no_colour = g_getenv("NO_COLOR");
    if (!isatty(STDOUT_FILENO) || (no_colour != NULL && no_colour[0] != '\0'))
        return "";
    return sequences[colour];
}
