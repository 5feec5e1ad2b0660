/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenario scripts without a machine: every tests/golden/script/NAME.lua is run, and what it
 * prints, then how it ended, must be NAME.expect. PROVA_GOLDEN_UPDATE=1 writes the files anew.
 */
#include <glib.h>
#include <string.h>

#include "emu/error.h"
#include "emu/script.h"

enum { SEED = 7 };

static void transcript_line(void *user, const char *line)
{
    g_string_append_printf(user, "%s\n", line);
}

/* The scenario's text -> what it printed and how it ended. */
static char *transcript_of(const char *name, const char *text, size_t bytes)
{
    GString *out = g_string_new(NULL);
    GError *error = NULL;
    struct script *script = script_open(name, text, bytes, NULL, transcript_line, out, &error);
    if (script != NULL)
        script_attach(script, NULL, SEED, NULL, &error);
    if (error != NULL) {
        g_assert_true(error->domain == EMU_ERROR);
        g_string_append_printf(out, "%s: %s\n", error->code == EMU_ERROR_LIMIT ? "limit" : "error",
                               error->message);
        g_error_free(error);
    } else {
        g_string_append_printf(out, "ended: %s\n", script_scenario(script)->title);
    }
    script_free(script);
    return g_string_free(out, FALSE);
}

static void check_golden(gconstpointer data)
{
    const char *path = data;
    gsize bytes, expected_bytes;
    char *text, *expected = NULL;
    g_assert_true(g_file_get_contents(path, &text, &bytes, NULL));
    char *name = g_path_get_basename(path);
    char *stem = g_strndup(path, strlen(path) - strlen(".lua"));
    char *expect_path = g_strconcat(stem, ".expect", NULL);
    char *came = transcript_of(name, text, bytes);
    if (g_getenv("PROVA_GOLDEN_UPDATE") != NULL)
        g_assert_true(g_file_set_contents(expect_path, came, -1, NULL));
    g_assert_true(g_file_get_contents(expect_path, &expected, &expected_bytes, NULL));
    g_assert_cmpstr(came, ==, expected);
    g_free(came);
    g_free(expected);
    g_free(expect_path);
    g_free(stem);
    g_free(name);
    g_free(text);
}

static void add_golden_tests(void)
{
    char *dir_path =
        g_build_filename(g_test_get_dir(G_TEST_DIST), "tests", "golden", "script", NULL);
    GDir *dir = g_dir_open(dir_path, 0, NULL);
    g_assert_nonnull(dir);
    const char *entry;
    GList *names = NULL;
    while ((entry = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(entry, ".lua"))
            names = g_list_insert_sorted(names, g_strdup(entry), (GCompareFunc)strcmp);
    g_assert_nonnull(names);
    for (GList *item = names; item != NULL; item = item->next) {
        char *test = g_strdup_printf(
            "/script/golden/%.*s", (int)(strlen(item->data) - strlen(".lua")), (char *)item->data);
        g_test_add_data_func_full(test, g_build_filename(dir_path, item->data, NULL), check_golden,
                                  g_free);
        g_free(test);
    }
    g_list_free_full(names, g_free);
    g_dir_close(dir);
    g_free(dir_path);
}

/* The same script twice in one process: addresses and Lua's hash seed differ, its output does not.
 * */
static void test_repeatable(void)
{
    static const char text[] =
        "scenario { title = 'x' }\n"
        "local t = {}\n"
        "for i = 1, 200 do t['k' .. random(1000000)] = i; t[i * 7 % 64] = i end\n"
        "for i = 1, 100 do t['k' .. i] = nil; t['m' .. i] = i end\n"
        "for k, v in pairs(t) do print(k, v) end\n"
        "print(math.random(), math.random(6), random(0))\n"
        "print(tostring({}), tostring(print), tostring(coroutine.create(print)))\n";
    char *first = transcript_of("x.lua", text, strlen(text));
    for (int i = 0; i < 5; i++) {
        void *shift = g_malloc((gsize)i * 1000 + 1);
        char *again = transcript_of("x.lua", text, strlen(text));
        g_assert_cmpstr(first, ==, again);
        g_free(again);
        g_free(shift);
    }
    g_assert_nonnull(strstr(first, "ended: x"));
    g_free(first);
}

struct refusal {
    const char *name, *text, *message; /* the message contains */
    int code;
};

/* Texts that a file of tests/golden/script cannot hold, or that need no whole file. */
static const struct refusal refusals[] = {
    {"binary", "\x1bLua", "not a text file", EMU_ERROR_INPUT},
    {"empty", "", "there is no scenario{...}", EMU_ERROR_INPUT},
    {"syntax", "scenario {\n title = \n}", "s.lua:3: unexpected symbol near '}'", EMU_ERROR_INPUT},
    {"no-title", "scenario { cpus = 1 }", "s.lua:1: scenario has no title", EMU_ERROR_INPUT},
    {"unknown-field", "scenario {\n  title = 'x',\n  cpu = 1,\n}",
     "s.lua:3: scenario has no field 'cpu'; did you mean 'cpus'?", EMU_ERROR_INPUT},
    {"map-no-list", "scenario {\n title = 'x',\n memory_map = { gpa = 0 } }",
     "s.lua:3: memory_map must be a list", EMU_ERROR_INPUT},
    {"map-field", "scenario { title = 'x', memory_map = { { gpa = 0, size = 1 } } }",
     "memory_map has no field 'size'", EMU_ERROR_INPUT},
    {"map-type", "scenario { title = 'x', memory_map = { { gpa = 0, bytes = 1, type = 'rom' } } }",
     "memory_map: type must be \"ram\" or a number", EMU_ERROR_INPUT},
    {"map-nothing", "scenario { title = 'x', memory_map = { {} } }",
     "memory_map: an entry has no gpa", EMU_ERROR_INPUT},
    {"cpuid-large", "scenario { title = 'x', cpuid = { { leaf = 1 << 40 } } }",
     "cpuid: leaf is too large", EMU_ERROR_INPUT},
    {"apic-id", "scenario { title = 'x', apic_ids = { -1 } }",
     "apic_ids: entry 1 must be a number of 32 bits", EMU_ERROR_INPUT},
    {"hw-bug", "scenario { title = 'x', hardware_bugs = { 'alias', 'rowhammer' } }",
     "hardware_bugs: there is no bug 'rowhammer'", EMU_ERROR_INPUT},
    {"hw-declared", "scenario { title = 'x', hardware_bugs = 'alias' }\nhw.invd(0)",
     "s.lua:2: hw.invd: the scenario has to declare hardware_bugs = { \"cachewarp\" }",
     EMU_ERROR_INPUT},
    {"hw-nil", "scenario { title = 'x' }\nhw.invd(0)", "nil value (global 'hw')", EMU_ERROR_INPUT},
    {"launch-field", "scenario { title = 'x', launch = { policy_debg = true } }",
     "launch has no field 'policy_debg'; did you mean 'policy_debug'?", EMU_ERROR_INPUT},
    {"wrong-type", "scenario {\n  title = 'x',\n  cpus = '1',\n}",
     "s.lua:3: cpus is a string; it must be a whole number", EMU_ERROR_INPUT},
    {"out-of-range", "scenario {\n  title = 'x', cpus = 17 }",
     "s.lua:2: cpus = 17: it must be 1 to 16", EMU_ERROR_INPUT},
    {"word", "scenario { title = 'x', tlb_mode = 'fast' }",
     "tlb_mode = 'fast': it must be one of arch, hw", EMU_ERROR_INPUT},
    {"size", "scenario { title = 'x', memory = '64Q' }", "memory = \"64Q\": it must be a size",
     EMU_ERROR_INPUT},
    {"boolean", "scenario {\n  title = 'x',\n  restricted_injection = 1 }",
     "s.lua:3: restricted_injection is a number; it must be true or false", EMU_ERROR_INPUT},
    {"guest-injection", "scenario {\n  title = 'x',\n  guest_injection = 'none' }",
     "s.lua:3: guest_injection = \"none\": it must be \"normal\" or \"as-monitor\"",
     EMU_ERROR_INPUT},
    {"twice", "scenario { title = 'x' } scenario { title = 'y' }", "given twice", EMU_ERROR_INPUT},
    {"rule", "scenario { title = 'x', expect = { violates = 'vmpl0-confidentialty' } }",
     "no invariant or rule 'vmpl0-confidentialty'; did you mean 'vmpl0-confidentiality'?",
     EMU_ERROR_INPUT},
    {"expect-field", "scenario { title = 'x', expect = { violate = 'single-binding' } }",
     "expect has no field 'violate'; did you mean 'violates'?", EMU_ERROR_INPUT},
    {"fault", "scenario { title = 'x', expect = { fault = 'npf-rpm' } }",
     "no fault 'npf-rpm'; did you mean 'npf-rmp'?", EMU_ERROR_INPUT},
    {"end", "scenario { title = 'x', expect = { ends = 'terminate' } }",
     "no end 'terminate'; did you mean 'terminated'?", EMU_ERROR_INPUT},
    {"holds-and-violates",
     "scenario { title = 'x', expect = { violates = 'vmsa-sealed', holds = 'vmsa-sealed' } }",
     "'vmsa-sealed' is in violates and in holds", EMU_ERROR_INPUT},
    {"loop", "scenario { title = 'x' } while true do end", "is there a loop without an end?",
     EMU_ERROR_LIMIT},
    {"loop-before", "while true do end scenario { title = 'x' }", "is there a loop",
     EMU_ERROR_LIMIT},
    {"memory", "scenario { title = 'x' }\nlocal t = {} for i = 1, 1e9 do t[i] = {} end",
     "s.lua:2: memory limit of the script reached: it may use 64 MiB", EMU_ERROR_LIMIT},
};

static void test_refusal(gconstpointer data)
{
    const struct refusal *refusal = data;
    GError *error = NULL;
    struct script *script =
        script_open("s.lua", refusal->text, strlen(refusal->text), NULL, NULL, NULL, &error);
    if (script != NULL)
        g_assert_false(script_attach(script, NULL, SEED, NULL, &error));
    g_assert_nonnull(error);
    if (strstr(error->message, refusal->message) == NULL)
        g_error("'%s' does not say '%s'", error->message, refusal->message);
    g_assert_cmpint(error->code, ==, refusal->code);
    g_error_free(error);
    script_free(script);
}

static void test_too_large(void)
{
    gsize bytes = SCRIPT_FILE_BYTES_MAX + 1;
    char *text = g_strnfill(bytes, ' ');
    GError *error = NULL;
    g_assert_null(script_open("s.lua", text, bytes, NULL, NULL, NULL, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_error_free(error);
    g_free(text);
}

static void test_interrupted(void)
{
    static const char text[] = "scenario { title = 'x' } pcall(function() while true do end end)";
    GError *error = NULL;
    const volatile int yes = 1;
    struct script *script = script_open("s.lua", text, strlen(text), NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(script_attach(script, NULL, SEED, &yes, &error));
    g_assert_cmpstr(error->message, ==, "interrupted");
    g_assert_cmpuint(script_insns_used(script), <, 100000);
    g_error_free(error);
    script_free(script);
}

/* Every allocation may fail: with every small limit the script ends in the limit's error. */
static void test_memory_everywhere(void)
{
    static const char text[] =
        "scenario { title = 'x', expect = { a = { violates = 'vmsa-sealed', fault = { name = "
        "'npf', gpa = 'a' }, console = { 'b' } } } }\n"
        "local t = {} for i = 1, 50 do t[i] = ('x'):rep(i) end\n"
        "pcall(function () local u = setmetatable({}, { __tostring = function () return 'u' end "
        "}) print(u, table.concat(t)) end)\n"
        "local c = coroutine.wrap(function () coroutine.yield(string.format('%s', t)) end) c()\n"
        "for k in pairs(t) do t[k] = nil end\n";
    unsigned failed = 0;
    for (size_t limit = 512; limit < 80000; limit += 96) {
        struct script_limits limits = {.memory_bytes = limit};
        GError *error = NULL;
        struct script *script =
            script_open("s.lua", text, strlen(text), &limits, NULL, NULL, &error);
        if (script != NULL)
            script_attach(script, NULL, SEED, NULL, &error);
        if (error != NULL) {
            g_assert_error(error, EMU_ERROR, EMU_ERROR_LIMIT);
            failed++;
        }
        g_clear_error(&error);
        script_free(script);
    }
    g_assert_cmpuint(failed, >, 100);
}

static void test_sizes(void)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},
                {"4096", 4096},
                {"64M", UINT64_C(64) << 20},
                {"64m", UINT64_C(64) << 20},
                {"1GiB", UINT64_C(1) << 30},
                {"2GB", UINT64_C(2) << 30},
                {"0x1000", 4096},
                {"16K", 16384}};
    static const char *const bad[] = {"", "M", "-1", " 1", "1Q", "1M1", "64 M", "99999999999T"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        uint64_t bytes = 1;
        g_assert_true(script_parse_size(good[i].text, &bytes));
        g_assert_cmpuint(bytes, ==, good[i].bytes);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint64_t bytes;
        g_assert_false(script_parse_size(bad[i], &bytes));
    }
}

static void test_fields(void)
{
    static const char text[] =
        "scenario { title = 'T', source = 'S', monitor = 'm', guest = 'g', cpus = 3, memory = "
        "'32M', seed = 9, guest_vmpl = 1, schedule = 'random', tlb_mode = 'hw', pval_vmpl = "
        "'permission', limit_insns = 5, limit_events = 6, limit_time = 7, slice_insns = 8, "
        "secrets = { 'a', 'b' }, expect = { ['no-scrub'] = { violates = { 'vmsa-sealed' } }, "
        "default = { fault = { { name = 'npf-rmp', gpa = 'v', vmpl = 0 }, 'vc' }, ends = 'stuck' } "
        "} }";
    GError *error = NULL;
    struct script *script = script_open("s.lua", text, strlen(text), NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    const struct scenario *s = script_scenario(script);
    g_assert_cmpstr(s->title, ==, "T");
    g_assert_cmpstr(s->source, ==, "S");
    g_assert_cmpstr(s->monitor, ==, "m");
    g_assert_cmpstr(s->guest, ==, "g");
    g_assert_cmpuint(s->config.cpus, ==, 3);
    g_assert_cmpuint(s->config.memory_bytes, ==, UINT64_C(32) << 20);
    g_assert_cmpuint(s->config.seed, ==, 9);
    g_assert_cmpuint(s->config.guest_vmpl, ==, 1);
    g_assert_cmpint(s->config.schedule, ==, SCHEDULE_RANDOM);
    g_assert_cmpint(s->config.tlb_mode, ==, TLB_HW);
    g_assert_cmpint(s->config.rmp_config.pval_vmpl, ==, RMP_PVAL_VMPL_PERMISSION);
    g_assert_cmpuint(s->config.limit_insns, ==, 5);
    g_assert_cmpuint(s->config.limit_events, ==, 6);
    g_assert_cmpuint(s->config.limit_time_cycles, ==, 7);
    g_assert_cmpuint(s->config.slice_insns, ==, 8);
    g_assert_cmpstr(s->secrets[1], ==, "b");
    g_assert_cmpuint(s->expects_count, ==, 2);
    g_assert_cmpstr(s->expects[0].variant, ==, "default");
    g_assert_cmpuint(s->expects[0].faults_count, ==, 2);
    g_assert_cmpstr(s->expects[0].faults[0].symbol, ==, "v");
    g_assert_cmpint(s->expects[0].faults[0].vmpl, ==, 0);
    g_assert_cmpstr(s->expects[0].ends[0], ==, "stuck");
    g_assert_cmpstr(s->expects[1].variant, ==, "no-scrub");
    g_assert_cmpstr(s->expects[1].violates[0], ==, "vmsa-sealed");
    script_free(script);
}

/* The words of a bit of SEV_FEATURES, from the scenario and from the command line. */
static void test_restricted_injection(void)
{
    static const char text[] =
        "scenario { title = 'T', sev_features = 0x20, restricted_injection = true }";
    GError *error = NULL;
    struct script *script = script_open("s.lua", text, strlen(text), NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    struct machine_config config = script_scenario(script)->config;
    g_assert_cmphex(config.sev_features, ==, 0x28);
    g_assert_true(script_setting_set(&config, "restricted_injection", "off", &error));
    g_assert_cmphex(config.sev_features, ==, 0x20);
    g_assert_true(script_setting_set(&config, "restricted_injection", "on", &error));
    g_assert_cmphex(config.sev_features, ==, 0x28);
    g_assert_false(script_setting_set(&config, "restricted_injection", "1", &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_error_free(error);
    script_free(script);
}

/* SEV_FEATURES of the guest's VMSAs: its own, or 0 for those of the monitor. */
static void test_guest_injection(void)
{
    const struct {
        const char *text;
        uint64_t features;
    } cases[] = {
        {"scenario { title = 'T' }", 0},
        {"scenario { title = 'T', guest_injection = 'as-monitor' }", 0},
        {"scenario { title = 'T', guest_injection = 'normal', restricted_injection = true }", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        struct script *script =
            script_open("s.lua", cases[i].text, strlen(cases[i].text), NULL, NULL, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmphex(script_scenario(script)->config.guest_sev_features, ==, cases[i].features);
        script_free(script);
    }
}

/* Headers through which the files of scripts and backgrounds may know the machine: the hypervisor's
 * interface, and what a program around it needs. */
static const char *const headers_allowed[] = {
    "cpu/symbols.h",    "emu/background.h",      "emu/error.h",  "emu/ghcb.h",
    "emu/honest.h",     "emu/hv.h",              "emu/hw_bug.h", "emu/machine.h",
    "emu/run.h",        "emu/script_internal.h", "emu/script.h", NULL,
};

/* Every header of the project that the file includes is allowed; returns how many there are. */
static unsigned check_includes(const char *path)
{
    static const char include[] = "#include \"";
    unsigned count = 0;
    char *text;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (!g_str_has_prefix(*line, include))
            continue;
        char *header = g_strdup(*line + strlen(include));
        strchr(header, '"')[0] = '\0';
        if (!g_strv_contains(headers_allowed, header))
            g_error("%s includes %s", path, header);
        g_free(header);
        count++;
    }
    g_strfreev(lines);
    g_free(text);
    return count;
}

/* Design rule 4: no way round the hypervisor's interface. */
static void test_interface_only(void)
{
    char *path = g_build_filename(g_test_get_dir(G_TEST_DIST), "emu", NULL);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *entry;
    unsigned includes = 0;
    g_assert_nonnull(dir);
    while ((entry = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_prefix(entry, "script") && !g_str_has_prefix(entry, "background"))
            continue;
        char *file = g_build_filename(path, entry, NULL);
        includes += check_includes(file);
        g_free(file);
    }
    g_assert_cmpuint(includes, >, 10);
    g_dir_close(dir);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_golden_tests();
    g_test_add_func("/script/repeatable", test_repeatable);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        char *name = g_strconcat("/script/refusal/", refusals[i].name, NULL);
        g_test_add_data_func(name, &refusals[i], test_refusal);
        g_free(name);
    }
    g_test_add_func("/script/refusal/too-large", test_too_large);
    g_test_add_func("/script/interrupted", test_interrupted);
    g_test_add_func("/script/memory-limit-everywhere", test_memory_everywhere);
    g_test_add_func("/script/sizes", test_sizes);
    g_test_add_func("/script/fields", test_fields);
    g_test_add_func("/script/restricted-injection", test_restricted_injection);
    g_test_add_func("/script/guest-injection", test_guest_injection);
    g_test_add_func("/script/interface-only", test_interface_only);
    return g_test_run();
}
