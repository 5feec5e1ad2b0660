/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What many runs come to, for programs: a record for each pair and seed. */
#include <string.h>

#include "tools/flat_json.h"
#include "tools/matrix.h"
#include "tools/report.h"

struct record {
    const struct matrix_pair *pair;
    const struct matrix_result *result;
    struct matrix_word word;
    uint64_t seed;
};

static size_t records(const struct matrix *matrix)
{
    return matrix_pairs(matrix) * matrix->seeds;
}

static struct record record_at(const struct matrix *matrix, size_t job)
{
    struct record record = {
        .pair = matrix_pair(matrix, job / matrix->seeds),
        .result = matrix_result(matrix, job / matrix->seeds, job % matrix->seeds),
    };
    record.word = matrix_word(record.pair, record.result);
    record.seed = record.pair->seed + job % matrix->seeds;
    return record;
}

static void csv_text(GString *out, const char *text)
{
    char **parts = g_strsplit(text, "\"", -1);
    char *doubled = g_strjoinv("\"\"", parts);
    bool quoted = strpbrk(text, ",\"\n") != NULL;
    g_string_append_printf(out, quoted ? "\"%s\"," : "%s,", doubled);
    g_free(doubled);
    g_strfreev(parts);
}

void matrix_csv(const struct matrix *matrix, GString *out)
{
    g_string_append(out, "scenario,monitor,seed,verdict,good,code,decides,event,symbol,violates,"
                         "ends,text,hash,insns,events,cycles\n");
    for (size_t i = 0; i < records(matrix); i++) {
        const struct record r = record_at(matrix, i);
        csv_text(out, r.pair->scenario);
        csv_text(out, r.pair->monitor_name);
        g_string_append_printf(out, "%" G_GUINT64_FORMAT ",", (guint64)r.seed);
        csv_text(out, r.word.text);
        g_string_append_printf(out, "%d,%d,", r.word.good, r.result->code);
        csv_text(out, r.result->decides);
        g_string_append_printf(out, "%" G_GUINT64_FORMAT ",", (guint64)r.result->seq);
        csv_text(out, r.result->symbol);
        csv_text(out, r.result->violated);
        csv_text(out, r.result->ends);
        csv_text(out, r.result->text);
        g_string_append_printf(out,
                               "%s,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
                               "\n",
                               r.result->hash, (guint64)r.result->insns,
                               (guint64)r.result->events, (guint64)r.result->time_cycles);
    }
}

static void json_number(GString *out, const char *name, uint64_t value)
{
    g_string_append_printf(out, ",\"%s\":%" G_GUINT64_FORMAT, name, (guint64)value);
}

/* Names have no character that JSON would escape. */
static void json_names(GString *out, const char *name, const char *list)
{
    char **names = g_strsplit(list, ",", -1);
    char *joined = g_strjoinv("\",\"", names);
    g_string_append_printf(out, joined[0] ? ",\"%s\":[\"%s\"]" : ",\"%s\":[%s]", name, joined);
    g_free(joined);
    g_strfreev(names);
}

static void record_json(const struct record *r, GString *out)
{
    flat_json_begin(out);
    flat_json_add(out, "scenario", r->pair->scenario);
    flat_json_add(out, "monitor", r->pair->monitor_name);
    json_number(out, "seed", r->seed);
    flat_json_add(out, "verdict", r->word.text);
    g_string_append_printf(out, ",\"good\":%s,\"code\":%d", r->word.good ? "true" : "false",
                           r->result->code);
    flat_json_add(out, "decides", r->result->decides);
    json_number(out, "event", r->result->seq);
    flat_json_add(out, "symbol", r->result->symbol);
    json_names(out, "violates", r->result->violated);
    flat_json_add(out, "ends", r->result->ends);
    flat_json_add(out, "text", r->result->text);
    flat_json_add(out, "hash", r->result->hash);
    json_number(out, "insns", r->result->insns);
    json_number(out, "events", r->result->events);
    json_number(out, "cycles", r->result->time_cycles);
    flat_json_end(out);
}

void matrix_json(const struct matrix *matrix, GString *out)
{
    g_string_append(out, "[");
    for (size_t i = 0; i < records(matrix); i++) {
        const struct record r = record_at(matrix, i);
        g_string_append(out, i ? ",\n" : "\n");
        record_json(&r, out);
    }
    g_string_append(out, "\n]\n");
}

/* TAP 14: '#' and '\' of a description are escaped. */
static void tap_text(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '#' || *text == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
}

/* The diagnostic block is YAML, of which JSON is a part. */
void matrix_tap(const struct matrix *matrix, GString *out)
{
    g_string_append_printf(out, "TAP version 14\n1..%zu\n", records(matrix));
    for (size_t i = 0; i < records(matrix); i++) {
        const struct record r = record_at(matrix, i);
        g_string_append_printf(out, "%s %zu - ", r.word.good ? "ok" : "not ok", i + 1);
        tap_text(out, r.pair->scenario);
        g_string_append(out, " on ");
        tap_text(out, r.pair->monitor_name);
        if (matrix->seeds > 1)
            g_string_append_printf(out, " with seed %" G_GUINT64_FORMAT, (guint64)r.seed);
        g_string_append_printf(out, ": %s\n  ---\n  ", r.word.text);
        record_json(&r, out);
        g_string_append(out, "\n  ...\n");
    }
}

static void junit_case(const struct record *r, GString *xml)
{
    char *scenario = report_xml_text(r->pair->scenario);
    char *monitor = report_xml_text(r->pair->monitor_name);
    char *text = report_xml_text(r->result->text), *decides = report_xml_text(r->result->decides);
    g_string_append_printf(xml,
                           "  <testcase classname=\"%s\" name=\"%s, seed %" G_GUINT64_FORMAT "\"",
                           scenario, monitor, (guint64)r->seed);
    if (r->word.good)
        g_string_append(xml, "/>\n");
    else if (r->result->code == RUN_EXIT_VIOLATION)
        g_string_append_printf(xml,
                               ">\n    <failure message=\"%s\">%s, event %" G_GUINT64_FORMAT
                               ": %s</failure>\n  </testcase>\n",
                               r->word.text, decides, (guint64)r->result->seq, text);
    else
        g_string_append_printf(xml, ">\n    <error message=\"%s\">%s</error>\n  </testcase>\n",
                               r->word.text, text);
    g_free(scenario);
    g_free(monitor);
    g_free(text);
    g_free(decides);
}

void matrix_junit(const struct matrix *matrix, GString *out)
{
    size_t failures = 0, errors = 0;
    for (size_t i = 0; i < records(matrix); i++) {
        const struct record r = record_at(matrix, i);
        failures += !r.word.good && r.result->code == RUN_EXIT_VIOLATION;
        errors += !r.word.good && r.result->code != RUN_EXIT_VIOLATION;
    }
    g_string_append(out, report_junit_start);
    g_string_append_printf(out,
                           " name=\"prova run --all\" tests=\"%zu\" failures=\"%zu\" "
                           "errors=\"%zu\" skipped=\"0\">\n",
                           records(matrix), failures, errors);
    for (size_t i = 0; i < records(matrix); i++) {
        const struct record r = record_at(matrix, i);
        junit_case(&r, out);
    }
    g_string_append(out, "</testsuite>\n");
}
