/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova list: what there is, by name. */
#include <string.h>

#include "db/check.h"
#include "db/query.h"
#include "tools/library.h"
#include "tools/tool.h"

static void row_print(const char *name, const char *text)
{
    printf("  %-24s %s\n", name, text ? text : "");
}

/* A scenario's title and source, or why it has none. */
static void scenario_print(const struct library_entry *entry)
{
    char *text;
    gsize bytes;
    GError *error = NULL;
    struct script *script = NULL;
    if (g_file_get_contents(entry->path, &text, &bytes, &error)) {
        script = script_open(entry->path, text, bytes, NULL, NULL, NULL, &error);
        g_free(text);
    }
    const struct scenario *scenario = script ? script_scenario(script) : NULL;
    const char *dim = tool_colour(COLOUR_DIM), *plain = tool_colour(COLOUR_NONE);
    if (scenario == NULL)
        printf("  %-33s (unusable: %s)\n", entry->plain, error->message);
    else
        printf("  %-33s %s\n", entry->plain, scenario->title);
    if (entry->target != NULL)
        printf("  %-33s %sis %s%s\n", "", dim, entry->target, plain);
    else if (scenario != NULL && scenario->source != NULL)
        printf("  %-33s %s%s%s\n", "", dim, scenario->source, plain);
    g_clear_error(&error);
    script_free(script);
}

static void list_scenarios(void)
{
    GPtrArray *library = library_load();
    const char *group = "";
    for (guint i = 0; i < library->len; i++) {
        const struct library_entry *entry = g_ptr_array_index(library, i);
        if (strcmp(entry->group, group) != 0)
            printf("%s/\n", entry->group);
        group = entry->group;
        scenario_print(entry);
    }
    g_ptr_array_unref(library);
}

static void list_images(bool guest)
{
    char *dir = tool_image_dir();
    char **names = run_image_names(dir, guest);
    for (char **name = names; *name != NULL; name++)
        row_print(*name, "");
    g_strfreev(names);
    g_free(dir);
}

static void list_monitors(void)
{
    list_images(false);
}

static void list_guests(void)
{
    list_images(true);
}

static void list_by_kind(enum rule_kind kind)
{
    size_t count;
    const struct db_invariant *invariants = db_invariant_list(&count);
    for (size_t i = 0; i < count; i++)
        if (invariants[i].kind == kind)
            row_print(invariants[i].name, invariants[i].statement);
}

static void list_invariants(void)
{
    list_by_kind(RULE_INVARIANT);
}

static void list_rules(void)
{
    list_by_kind(RULE_GHOST);
}

static void list_queries(void)
{
    size_t count;
    const struct db_query_info *queries = db_query_list(&count);
    for (size_t i = 0; i < count; i++)
        row_print(queries[i].name, queries[i].description);
}

static void list_faults(void)
{
    for (const struct run_fault_name *fault = run_fault_names(); fault->name != NULL; fault++)
        row_print(fault->name, fault->meaning);
}

static void list_settings(void)
{
    GString *text = g_string_new(NULL);
    script_settings_describe(text);
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
}

static const struct {
    const char *name;
    void (*print)(void);
} lists[] = {
    {"scenarios", list_scenarios},   {"monitors", list_monitors}, {"guests", list_guests},
    {"invariants", list_invariants}, {"rules", list_rules},       {"queries", list_queries},
    {"faults", list_faults},         {"settings", list_settings},
};

static const char examples[] =
    "Examples:\n"
    "  prova list\n"
    "  prova list queries\n"
    "\n"
    "WHAT is one of scenarios, monitors, guests, invariants, rules, queries, faults (what a\n"
    "scenario can expect) and settings (of --set); without it, all are listed.";

int cmd_list(int argc, char **argv)
{
    const GOptionEntry entries[] = {{0}};
    if (!tool_parse("list", "[WHAT]", "Lists what there is.", examples, entries, &argc, &argv))
        return RUN_EXIT_INPUT;
    if (argc > 2)
        return tool_usage_error("list", "one list at a time");
    const char *names[G_N_ELEMENTS(lists) + 1] = {NULL};
    bool any = false;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        names[i] = lists[i].name;
        if (argc == 2 && strcmp(argv[1], lists[i].name) != 0)
            continue;
        if (argc == 1)
            printf("%s%s\n", i ? "\n" : "", lists[i].name);
        lists[i].print();
        any = true;
    }
    if (any)
        return RUN_EXIT_OK;
    const char *nearest = script_nearest(argv[1], names);
    return tool_usage_error("list", "there is no list '%s'%s%s%s", argv[1],
                            nearest ? "; did you mean '" : "", nearest ? nearest : "",
                            nearest ? "'?" : "");
}
