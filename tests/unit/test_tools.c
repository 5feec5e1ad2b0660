/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small parts of the command: the options' JSON and the names of faults. */
#include <glib.h>
#include <string.h>

#include "emu/machine.h"
#include "emu/run_internal.h"
#include "tools/flat_json.h"

static void test_json_round_trip(void)
{
    /* Every byte but NUL, alone and in pairs with what JSON escapes. */
    for (unsigned byte = 1; byte < 256; byte++) {
        char value[] = {(char)byte, '"', (char)byte, '\\', 'u', (char)byte, 0};
        GString *json = g_string_new(NULL);
        flat_json_begin(json);
        flat_json_add(json, "left out", NULL);
        flat_json_add(json, "a", value);
        flat_json_add(json, value, "b");
        flat_json_end(json);
        g_assert_true(g_utf8_validate(json->str, -1, NULL));
        GHashTable *table = flat_json_parse(json->str);
        g_assert_nonnull(table);
        g_assert_cmpuint(g_hash_table_size(table), ==, 2);
        g_assert_cmpstr(g_hash_table_lookup(table, "a"), ==, value);
        g_assert_cmpstr(g_hash_table_lookup(table, value), ==, "b");
        g_hash_table_unref(table);
        g_string_free(json, TRUE);
    }
}

static void test_json_text(void)
{
    GString *json = g_string_new(NULL);
    flat_json_begin(json);
    flat_json_add(json, "name", "line\none \"two\" \\ \xc3\xa4 \xff");
    flat_json_end(json);
    g_assert_cmpstr(json->str, ==, "{\"name\":\"line\\none \\\"two\\\" \\\\ \xc3\xa4 \\udcff\"}");
    g_string_free(json, TRUE);
}

static void test_json_refused(void)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"a\"}",
        "{\"a\":1}",
        "{\"a\":\"b\"",
        "{\"a\":\"b\",}",
        "{\"a\":\"b\"}x",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"b",
        "{\"a\":\"\\",
        "null",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(flat_json_parse(bad[i]));
    GHashTable *table = flat_json_parse(" { \"a\" : \"b\" , \"c\" : \"\\u0041\" } \n");
    g_assert_nonnull(table);
    g_assert_cmpstr(g_hash_table_lookup(table, "c"), ==, "A");
    g_hash_table_unref(table);
    table = flat_json_parse("{}");
    g_assert_nonnull(table);
    g_hash_table_unref(table);
}

struct fault_case {
    const char *name;
    struct event event;
};

#define NPF(bits)                                                                                  \
    {                                                                                              \
        .kind = EVENT_FAULT, .fault = {.class = FAULT_NPF, .error = (bits) }                       \
    }
#define EXCEPTION(number, code)                                                                    \
    {                                                                                              \
        .kind = EVENT_FAULT, .fault = {                                                            \
            .class = FAULT_EXCEPTION,                                                              \
            .vector = (number),                                                                    \
            .error = (code)                                                                        \
        }                                                                                          \
    }

/* One event for each name; it must match that name, and the ones that imply it, and no other. */
static const struct fault_case fault_cases[] = {
    {"npf-rmp", NPF(NPF_RMP | NPF_P | NPF_FINAL)},
    {"npf-vmpl", NPF(NPF_RMP | NPF_VMPL | NPF_P)},
    {"npf-size", NPF(NPF_RMP | NPF_SIZEM | NPF_P)},
    {"npf", NPF(NPF_W)},
    {"vc-not-validated", EXCEPTION(29, 0x404)},
    {"vc", EXCEPTION(29, 0x72)},
    {"pf", EXCEPTION(14, 2)},
    {"gp", EXCEPTION(13, 0)},
    {"ud", EXCEPTION(6, 0)},
    {"df", EXCEPTION(8, 0)},
    {"shutdown", {.kind = EVENT_FAULT, .fault = {.class = FAULT_SHUTDOWN}}},
    {"invalid", {.kind = EVENT_FAULT, .fault = {.class = FAULT_INVALID}}},
    {"hv-rmp-fault", {.kind = EVENT_HV_ACCESS, .hv_access = {.write = 1, .refused = 1}}},
    {"pvalidate-unchanged", {.kind = EVENT_RMP, .rmp = {.insn = RMP_INSN_PVALIDATE, .cf = 1}}},
    {"terminate", {.kind = EVENT_RUN_END, .run = {.reason = RUN_END_TERMINATED, .detail = 0x102}}},
    {"terminate:1:2",
     {.kind = EVENT_RUN_END, .run = {.reason = RUN_END_TERMINATED, .detail = 0x102}}},
};

static bool fault_implies(const char *name, const char *other)
{
    return strcmp(name, other) == 0 ||
           (strcmp(name, "vc-not-validated") == 0 && strcmp(other, "vc") == 0) ||
           (g_str_has_prefix(name, "terminate") && g_str_has_prefix(other, "terminate"));
}

static void test_fault_names(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fault_cases); i++) {
        g_assert_true(run_fault_name_known(fault_cases[i].name));
        for (size_t j = 0; j < G_N_ELEMENTS(fault_cases); j++) {
            bool matches = run_fault_matches(fault_cases[j].name, &fault_cases[i].event);
            if (matches != fault_implies(fault_cases[i].name, fault_cases[j].name))
                g_error("event of %s, name %s", fault_cases[i].name, fault_cases[j].name);
        }
    }
    g_assert_false(run_fault_matches("terminate:1:3", &fault_cases[15].event));
    size_t count = 0;
    for (const struct run_fault_name *name = run_fault_names(); name->name != NULL; name++)
        count++;
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(fault_cases) - 1);
    static const char *const unknown[] = {"",
                                          "npf-",
                                          "terminate:",
                                          "terminate:1",
                                          "terminate:1:",
                                          "terminate:256:0",
                                          "terminate:1:2:3"};
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++)
        g_assert_false(run_fault_name_known(unknown[i]));
}

static void test_nearest(void)
{
    static const char *const words[] = {"monitor", "memory", "cpus", "seed", NULL};
    g_assert_cmpstr(script_nearest("monitr", words), ==, "monitor");
    g_assert_cmpstr(script_nearest("mointor", words), ==, "monitor");
    g_assert_cmpstr(script_nearest("cpu", words), ==, "cpus");
    g_assert_cmpstr(script_nearest("sede", words), ==, "seed");
    g_assert_null(script_nearest("something-else", words));
    char *long_word = g_strnfill(5000, 'm');
    g_assert_null(script_nearest(long_word, words));
    g_free(long_word);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tools/json/round-trip", test_json_round_trip);
    g_test_add_func("/tools/json/text", test_json_text);
    g_test_add_func("/tools/json/refused", test_json_refused);
    g_test_add_func("/run/fault-names", test_fault_names);
    g_test_add_func("/script/nearest-word", test_nearest);
    return g_test_run();
}
