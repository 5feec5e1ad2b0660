/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include <xxhash.h>

#include "trace/trace.h"

static struct event event_of(uint16_t kind, uint64_t value)
{
    struct event event;

    memset(&event, 0, sizeof(event));
    event.kind = kind;
    event.time = value * 3;
    event.rip = value;
    event.page.spa = value << 12;
    return event;
}

static struct event rule_of(uint64_t cause_seq, uint32_t rule_id)
{
    struct event event;

    memset(&event, 0, sizeof(event));
    event.kind = EVENT_RULE;
    event.rule.cause_seq = cause_seq;
    event.rule.rule_id = rule_id;
    return event;
}

/* The rolling hash is XXH3-128 over the records one after the other. */
static void test_hash_is_xxh3_of_records(void)
{
    struct trace *trace = trace_new();
    struct event events[1000];
    XXH128_canonical_t want;
    uint8_t got[16];

    for (unsigned i = 0; i < G_N_ELEMENTS(events); i++) {
        events[i] = event_of((uint16_t)(1 + i % (EVENT_RULE - 1)), i);
        g_assert_cmpuint(trace_emit(trace, &events[i]), ==, i + 1);
        g_assert_cmpuint(events[i].seq, ==, i + 1);
    }
    XXH128_canonicalFromHash(&want, XXH3_128bits(events, sizeof(events)));
    trace_hash(trace, got);
    g_assert_cmpmem(got, sizeof(got), want.digest, sizeof(want.digest));
    trace_free(trace);
}

/* The hash of a small stream, written down: it must be the same on every host and compiler. */
static void test_hash_known(void)
{
    struct trace *trace = trace_new();
    struct event event = event_of(EVENT_STORE, 0x1234);
    char hex[33];

    trace_hash_hex(trace, hex);
    g_assert_cmpstr(hex, ==, "99aa06d3014798d86001c324468d497f");
    trace_emit(trace, &event);
    trace_hash_hex(trace, hex);
    g_assert_cmpstr(hex, ==, "895b98ed026f5ccae07e3f6287126586");
    trace_free(trace);
}

struct log {
    struct trace *trace;
    GString *text;
    char name;
    bool derives; /* derive one rule event from each event of the stream */
    bool chains;  /* and one more from rule 1 */
};

static void log_observe(void *user, const struct event *event)
{
    struct log *log = user;

    if (event->kind == EVENT_RULE)
        g_string_append_printf(log->text, "%c:rule%u@%" G_GUINT64_FORMAT " ", log->name,
                               event->rule.rule_id, event->seq);
    else
        g_string_append_printf(log->text, "%c:%s@%" G_GUINT64_FORMAT " ", log->name,
                               event_kind_name(event->kind), event->seq);
    if (log->derives && event->kind != EVENT_RULE) {
        struct event rule = rule_of(event->seq, 1);

        trace_emit_derived(log->trace, &rule);
    }
    if (log->chains && event->kind == EVENT_RULE && event->rule.rule_id == 1) {
        struct event rule = rule_of(event->rule.cause_seq, 2);

        trace_emit_derived(log->trace, &rule);
    }
}

static void test_derived_after_cause(void)
{
    struct trace *trace = trace_new();
    GString *text = g_string_new(NULL);
    struct log a = {.trace = trace, .text = text, .name = 'a', .derives = true};
    struct log b = {.trace = trace, .text = text, .name = 'b', .chains = true};
    struct event event = event_of(EVENT_STORE, 1);

    g_assert_true(trace_attach(trace, log_observe, &a));
    g_assert_true(trace_attach(trace, log_observe, &b));
    trace_emit(trace, &event);
    g_assert_cmpstr(text->str, ==,
                    "a:store@1 b:store@1 a:rule1@1 b:rule1@1 a:rule2@1 b:rule2@1 ");
    g_string_truncate(text, 0);
    event = event_of(EVENT_SCRUB, 1);
    g_assert_cmpuint(trace_emit(trace, &event), ==, 2); /* derived events took no number */
    g_assert_true(g_str_has_prefix(text->str, "a:scrub@2 b:scrub@2 a:rule1@2 "));
    g_string_free(text, TRUE);
    trace_free(trace);
}

/* Who watches does not show in the hash. */
static void test_derived_not_hashed(void)
{
    struct trace *watched = trace_new(), *plain = trace_new();
    GString *text = g_string_new(NULL);
    struct log log = {.trace = watched, .text = text, .name = 'a', .derives = true, .chains = true};
    struct event verdict = rule_of(0, 3);
    char one[33], two[33];

    trace_attach(watched, log_observe, &log);
    for (unsigned i = 0; i < 100; i++) {
        struct event event = event_of(EVENT_STORE, i);

        trace_emit(watched, &event);
        trace_emit(plain, &event);
    }
    verdict.kind = EVENT_VERDICT;
    trace_emit_derived(watched, &verdict); /* outside of an event: at once, after the last */
    g_assert_nonnull(strstr(text->str, "a:verdict@100"));
    trace_hash_hex(watched, one);
    trace_hash_hex(plain, two);
    g_assert_cmpstr(one, ==, two);
    g_string_free(text, TRUE);
    trace_free(watched);
    trace_free(plain);
}

static void test_attach_limit(void)
{
    struct trace *trace = trace_new();
    GString *text = g_string_new(NULL);
    struct log log = {.trace = trace, .text = text, .name = 'a'};
    struct event event = event_of(EVENT_STORE, 1);

    for (unsigned i = 0; i < TRACE_OBSERVERS_MAX; i++)
        g_assert_true(trace_attach(trace, log_observe, &log));
    g_assert_false(trace_attach(trace, log_observe, &log));
    trace_emit(trace, &event);
    g_assert_cmpuint(text->len, ==, TRACE_OBSERVERS_MAX * strlen("a:store@1 "));
    g_string_free(text, TRUE);
    trace_free(trace);
}

static void test_mark(void)
{
    struct trace *trace = trace_new();
    struct trace_mark *mark;
    char first[33], again[33], other[33];

    for (unsigned i = 0; i < 7; i++) {
        struct event event = event_of(EVENT_STORE, i);

        trace_emit(trace, &event);
    }
    mark = trace_mark_new(trace);
    for (unsigned round = 0; round < 3; round++) {
        trace_mark_restore(trace, mark);
        g_assert_cmpuint(trace_count(trace), ==, 7);
        for (unsigned i = 0; i < 9; i++) {
            struct event event = event_of(EVENT_SCRUB, round == 1 ? i + 1 : i);

            trace_emit(trace, &event);
        }
        trace_hash_hex(trace, round == 0 ? first : round == 1 ? other : again);
    }
    g_assert_cmpstr(first, ==, again);
    g_assert_cmpstr(first, !=, other);
    trace_mark_free(mark);
    trace_free(trace);
}

static void test_names(void)
{
    for (uint16_t kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        g_assert_nonnull(event_kind_name(kind));
        for (uint16_t other = 1; other < kind; other++)
            g_assert_cmpstr(event_kind_name(kind), !=, event_kind_name(other));
    }
    g_assert_null(event_kind_name(0));
    g_assert_null(event_kind_name(EVENT_KIND_COUNT));
    g_assert_null(event_kind_name(0xffff));
    for (uint8_t actor = 0; actor <= ACTOR_RUN; actor++)
        g_assert_nonnull(actor_name(actor));
    g_assert_null(actor_name(ACTOR_RUN + 1));
}

static char *source_read(const char *name)
{
    char *path = g_test_build_filename(G_TEST_DIST, name, NULL), *text;
    GError *error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_free(path);
    return text;
}

/* Every field of every record stands in docs/events.md, in the section of its struct. */
static void test_documented(void)
{
    char *header = source_read("trace/event.h"), *docs = source_read("docs/events.md");
    GRegex *record = g_regex_new("struct (event\\w*) \\{\\n(.*?)\\n\\};", G_REGEX_DOTALL, 0, NULL);
    GRegex *field = g_regex_new("^    (?:u?int\\d+_t|char) ([^;]*);", G_REGEX_MULTILINE, 0, NULL);
    GMatchInfo *records;
    unsigned fields_count = 0;

    g_regex_match(record, header, 0, &records);
    for (; g_match_info_matches(records); g_match_info_next(records, NULL)) {
        char *name = g_match_info_fetch(records, 1), *body = g_match_info_fetch(records, 2);
        char *title = g_strdup_printf("\n### struct %s\n", name);
        const char *section = strstr(docs, title);
        char *text;
        GMatchInfo *fields;

        g_test_message("%s", name);
        g_assert_nonnull(section);
        section += strlen(title);
        text = strstr(section, "\n### ") != NULL
                   ? g_strndup(section, (gsize)(strstr(section, "\n### ") - section))
                   : g_strdup(section);
        g_regex_match(field, body, 0, &fields);
        for (; g_match_info_matches(fields); g_match_info_next(fields, NULL)) {
            char *list = g_match_info_fetch(fields, 1);
            char **names = g_strsplit(list, ",", -1);

            for (unsigned i = 0; names[i] != NULL; i++) {
                char *word = g_strstrip(names[i]), *quoted;

                word[strcspn(word, "[ ")] = '\0';
                if (strcmp(word, "pad") == 0)
                    continue;
                quoted = g_strdup_printf("`%s`", word);
                if (strstr(text, quoted) == NULL)
                    g_error("docs/events.md: struct %s lacks %s", name, quoted);
                fields_count++;
                g_free(quoted);
            }
            g_strfreev(names);
            g_free(list);
        }
        g_match_info_free(fields);
        g_free(text);
        g_free(title);
        g_free(name);
        g_free(body);
    }
    g_assert_cmpuint(fields_count, >, 90); /* the expressions still match the header */
    g_match_info_free(records);
    g_regex_unref(record);
    g_regex_unref(field);
    g_free(header);
    g_free(docs);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/hash/is-xxh3-of-records", test_hash_is_xxh3_of_records);
    g_test_add_func("/trace/hash/known", test_hash_known);
    g_test_add_func("/trace/derived/after-cause", test_derived_after_cause);
    g_test_add_func("/trace/derived/not-hashed", test_derived_not_hashed);
    g_test_add_func("/trace/attach/limit", test_attach_limit);
    g_test_add_func("/trace/mark/restores", test_mark);
    g_test_add_func("/trace/names", test_names);
    g_test_add_func("/trace/documented", test_documented);
    return g_test_run();
}
