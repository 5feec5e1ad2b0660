/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdicts as JUnit XML. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/error.h"
#include "tools/report.h"

static const char xml_start[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite";

static bool refuse(GError **error, const char *path, const char *why)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--junit %s: %s", path, why);
    return false;
}

/* The file is one that an earlier run wrote. */
static bool file_is_report(const char *path)
{
    char start[sizeof(xml_start)] = "";
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(start, 1, sizeof(start) - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    return got == sizeof(start) - 1 && memcmp(start, xml_start, got) == 0;
}

bool report_junit_check(const char *path, GError **error)
{
    struct stat status;
    if (path[0] == '\0')
        return refuse(error, path, "it names no file");
    if (stat(path, &status) == 0) {
        if (!S_ISREG(status.st_mode) || (status.st_size > 0 && !file_is_report(path)))
            return refuse(error, path,
                          "exists and is not a report of prova; it was left alone, choose another "
                          "name");
    } else if (errno != ENOENT) {
        return refuse(error, path, g_strerror(errno));
    }
    char *folder = g_path_get_dirname(path);
    int failed = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
    g_free(folder);
    return failed == 0 || refuse(error, path, g_strerror(failed));
}

/* Text for XML 1.0, which has no control characters but tab and line feed, escaped or not. */
static char *xml_text(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (char *at = valid; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at) && *at != '\t' && *at != '\n')
            *at = '?';
    char *escaped = g_markup_escape_text(valid, -1);
    g_free(valid);
    return escaped;
}

static void junit_case(struct run *run, const struct run_verdict *verdict, GString *xml)
{
    char *name = xml_text(verdict->name);
    g_string_append_printf(xml, "  <testcase classname=\"%s\" name=\"%s\"",
                           rule_kind_name(verdict->kind), name);
    g_free(name);
    if (verdict->expected) {
        g_string_append(xml, "/>\n");
        return;
    }
    char *symbol = verdict->seq ? run_event_symbol(run, &verdict->event) : NULL;
    GString *plain = g_string_new(NULL);
    if (verdict->seq != 0)
        g_string_append_printf(plain, "event %" G_GUINT64_FORMAT "%s%s", (guint64)verdict->seq,
                               symbol ? " at " : "", symbol ? symbol : "");
    if (verdict->text != NULL)
        g_string_append_printf(plain, "%s%s", plain->len ? ": " : "", verdict->text);
    char *text = xml_text(plain->str);
    g_string_free(plain, TRUE);
    g_string_append_printf(xml, ">\n    <failure message=\"%s\">%s</failure>\n  </testcase>\n",
                           verdict->holds ? "holds, but should not" : "does not hold", text);
    g_free(text);
    g_free(symbol);
}

/* A run without a verdict is no success, whatever the verdicts so far. */
static void junit_error(struct run *run, GString *xml)
{
    char *text = xml_text(run_exit_text(run));
    g_string_append_printf(xml,
                           "  <testcase classname=\"run\" name=\"comes to a verdict\">\n"
                           "    <error message=\"%s\"/>\n  </testcase>\n",
                           text);
    g_free(text);
}

bool report_junit(struct run *run, const char *path, GError **error)
{
    size_t count, failures = 0;
    const struct run_verdict *verdicts = run_verdicts(run, &count);
    enum run_exit code = run_exit_code(run);
    bool cut = code != RUN_EXIT_OK && code != RUN_EXIT_VIOLATION;
    for (size_t i = 0; i < count; i++)
        failures += !verdicts[i].expected;
    const struct scenario *scenario = run_scenario(run);
    char *suite = xml_text(scenario ? scenario->title : "prova run");
    GString *xml = g_string_new(xml_start);
    g_string_append_printf(xml,
                           " name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" "
                           "skipped=\"0\">\n",
                           suite, count + cut, failures, cut);
    for (size_t i = 0; i < count; i++)
        junit_case(run, &verdicts[i], xml);
    if (cut)
        junit_error(run, xml);
    g_string_append(xml, "</testsuite>\n");
    bool fine = report_junit_check(path, error) &&
                g_file_set_contents(path, xml->str, (gssize)xml->len, error);
    g_string_free(xml, TRUE);
    g_free(suite);
    return fine;
}
