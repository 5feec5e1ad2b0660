/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdicts as JUnit XML. */
#include "tools/out_file.h"
#include "tools/report.h"

const char report_junit_start[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite";

bool report_junit_check(const char *path, GError **error)
{
    return out_file_check("junit", path, report_junit_start, error);
}

char *report_xml_text(const char *text)
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
    char *name = report_xml_text(verdict->name);
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
    char *text = report_xml_text(plain->str);
    g_string_free(plain, TRUE);
    g_string_append_printf(xml, ">\n    <failure message=\"%s\">%s</failure>\n  </testcase>\n",
                           verdict->holds ? "holds, but should not" : "does not hold", text);
    g_free(text);
    g_free(symbol);
}

/* A run without a verdict is no success, whatever the verdicts so far. */
static void junit_error(struct run *run, GString *xml)
{
    char *text = report_xml_text(run_exit_text(run));
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
    char *suite = report_xml_text(scenario ? scenario->title : "prova run");
    GString *xml = g_string_new(report_junit_start);
    g_string_append_printf(xml,
                           " name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" "
                           "skipped=\"0\">\n",
                           suite, count + cut, failures, cut);
    for (size_t i = 0; i < count; i++)
        junit_case(run, &verdicts[i], xml);
    if (cut)
        junit_error(run, xml);
    g_string_append(xml, "</testsuite>\n");
    bool fine = out_file_write("junit", path, report_junit_start, xml, error);
    g_string_free(xml, TRUE);
    g_free(suite);
    return fine;
}
