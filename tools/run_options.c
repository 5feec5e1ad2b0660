/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/run_options.h"

#include <string.h>

#include "emu/background.h"
#include "emu/error.h"
#include "tools/flat_json.h"

void run_options_entries(struct run_options *o, GOptionEntry entries[RUN_OPTIONS_ENTRIES])
{
    const GOptionEntry filled[RUN_OPTIONS_ENTRIES] = {
        {"monitor", 'm', 0, G_OPTION_ARG_FILENAME, &o->monitor, "built-in monitor, or an ELF file",
         "NAME|FILE"},
        {"guest", 'g', 0, G_OPTION_ARG_FILENAME, &o->guest,
         "built-in guest, or an ELF file; \"\" for none", "NAME|FILE"},
        {"kernel", 'k', 0, G_OPTION_ARG_FILENAME, &o->kernel,
         "a Linux kernel (bzImage or vmlinux) as the guest", "FILE"},
        {"initrd", 'i', 0, G_OPTION_ARG_FILENAME, &o->initrd, "the kernel's initrd", "FILE"},
        {"append", 0, 0, G_OPTION_ARG_STRING, &o->append, "more of the kernel's command line",
         "TEXT"},
        {"entry", 0, 0, G_OPTION_ARG_STRING, &o->entry,
         "where the kernel is entered: vmlinux (unpacked by the loader) or bzimage", "NAME"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &o->seed, "of everything random (1)", "N"},
        {"cpus", 'c', 0, G_OPTION_ARG_STRING, &o->cpus, "virtual processors, 1 to 16 (1)", "N"},
        {"memory", 'M', 0, G_OPTION_ARG_STRING, &o->memory, "of the guest, such as 64M", "SIZE"},
        {"tlb", 0, 0, G_OPTION_ARG_STRING, &o->tlb,
         "what RMP changes flush: arch (as the manual promises) or hw", "MODE"},
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->settings,
         "an open point of the architecture (prova list settings)", "NAME=VALUE"},
        {"background", 0, 0, G_OPTION_ARG_STRING, &o->background,
         "a hostile generator behind the scenario: park-at-fault, response-fuzz, or both with a "
         "comma",
         "NAME"},
        {"limit-insns", 0, 0, G_OPTION_ARG_STRING, &o->limit_insns,
         "most retired instructions, such as 500M", "N"},
        {"limit-events", 0, 0, G_OPTION_ARG_STRING, &o->limit_events, "most events", "N"},
        {"limit-time", 0, 0, G_OPTION_ARG_STRING, &o->limit_time, "most virtual time, such as 2s",
         "TIME"},
        {"starts", 0, 0, G_OPTION_ARG_STRING, &o->starts,
         "the hypervisor is honest, and nobody types, until the console has shown TEXT", "TEXT"},
        {"snapshots", 0, 0, G_OPTION_ARG_FILENAME, &o->snapshots,
         "the machine at that point is kept in DIR; the first run makes it, others begin with it",
         "DIR"},
    };
    memcpy(entries, filled, sizeof(filled));
}

void run_options_clear(struct run_options *options)
{
    g_free(options->scenario);
    g_free(options->monitor);
    g_free(options->guest);
    g_free(options->kernel);
    g_free(options->initrd);
    g_free(options->append);
    g_free(options->entry);
    g_free(options->seed);
    g_free(options->cpus);
    g_free(options->memory);
    g_free(options->tlb);
    g_strfreev(options->settings);
    g_free(options->background);
    g_free(options->limit_insns);
    g_free(options->limit_events);
    g_free(options->limit_time);
    g_free(options->starts);
    g_free(options->snapshots);
    g_free(options->input);
    g_free(options->input_after);
    g_free(options->interactive);
    *options = (struct run_options){0};
}

static bool refuse(GError **error, const char *option, const char *value, const char *wanted)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--%s %s: it must be %s", option, value, wanted);
    return false;
}

static bool count_option(const char *option, const char *text, uint64_t *value, GError **error)
{
    if (text == NULL || (tool_parse_count(text, value) && *value > 0))
        return true;
    return refuse(error, option, text, "a number from 1 on, such as 1000, 20M or 1G");
}

static bool settings_request(struct run_options *options, struct run_request *request,
                             GError **error)
{
    size_t count = options->settings ? g_strv_length(options->settings) : 0;
    if (options->tlb != NULL) { /* the short form of a setting */
        options->settings = g_renew(char *, options->settings, count + 2);
        options->settings[count++] = g_strdup_printf("tlb_mode=%s", options->tlb);
        options->settings[count] = NULL;
        g_clear_pointer(&options->tlb, g_free);
    }
    if (count > RUN_SETTINGS_MAX)
        return refuse(error, "set", "...", "given at most 16 times");
    for (size_t i = 0; i < count; i++)
        request->settings[i] = options->settings[i];
    request->settings_count = count;
    return true;
}

bool run_options_request(struct run_options *options, const char *image_dir,
                         struct run_request *request, GError **error)
{
    *request = (struct run_request){
        .scenario_path = options->scenario,
        .monitor = options->monitor,
        .guest = options->guest,
        .kernel = options->kernel,
        .initrd = options->initrd,
        .append = options->append,
        .input = options->input,
        .input_after = options->input_after,
        .starts = options->starts,
        .snapshots = options->snapshots,
        .image_dir = image_dir,
    };
    if (options->entry != NULL && !linux_entry_parse(options->entry, &request->linux_entry))
        return refuse(error, "entry", options->entry, "vmlinux or bzimage");
    if (options->seed != NULL) {
        guint64 seed;
        if (!g_ascii_string_to_unsigned(options->seed, 10, 0, INT64_MAX, &seed, NULL))
            return refuse(error, "seed", options->seed, "a number from 0 to 2^63 - 1");
        request->seed = seed;
        request->seed_given = true;
    }
    if (options->cpus != NULL) {
        guint64 cpus;
        if (!g_ascii_string_to_unsigned(options->cpus, 10, 1, MACHINE_CPUS_MAX, &cpus, NULL))
            return refuse(error, "cpus", options->cpus, "a number from 1 to 16");
        request->cpus = (uint32_t)cpus;
    }
    if (options->memory != NULL &&
        (!script_parse_size(options->memory, &request->memory_bytes) || request->memory_bytes == 0))
        return refuse(error, "memory", options->memory, "a size such as 64M or 1G");
    if (options->background != NULL &&
        !background_parse(options->background, &request->background, error)) {
        g_prefix_error(error, "--background %s: ", options->background);
        return false;
    }
    if (options->limit_time != NULL &&
        (!tool_parse_time(options->limit_time, &request->limit_time_cycles) ||
         request->limit_time_cycles == 0))
        return refuse(error, "limit-time", options->limit_time,
                      "a time such as 500ms or 2s, or a number of cycles");
    return count_option("limit-insns", options->limit_insns, &request->limit_insns, error) &&
           count_option("limit-events", options->limit_events, &request->limit_events, error) &&
           settings_request(options, request, error);
}

char *run_options_json(const struct run_options *options, const struct run *run)
{
    size_t bytes;
    char *settings = options->settings ? g_strjoinv(",", options->settings) : NULL;
    GString *json = g_string_new(NULL);
    flat_json_begin(json);
    flat_json_add(json, "monitor_name", run_monitor_name(run));
    flat_json_add(json, "append", options->append);
    flat_json_add(json, "entry", options->entry);
    flat_json_add(json, "seed", options->seed);
    flat_json_add(json, "cpus", options->cpus);
    flat_json_add(json, "memory", options->memory);
    flat_json_add(json, "set", settings);
    flat_json_add(json, "background", options->background);
    flat_json_add(json, "limit_insns", options->limit_insns);
    flat_json_add(json, "limit_events", options->limit_events);
    flat_json_add(json, "limit_time", options->limit_time);
    flat_json_add(json, "starts", options->starts);
    flat_json_add(json, "input_after", options->input_after);
    flat_json_add(json, "interactive", options->interactive);
    flat_json_add(json, "scenario_text", run_scenario_text(run, &bytes));
    flat_json_end(json);
    g_free(settings);
    return g_string_free(json, FALSE);
}

/* Takes the value out of the table. */
static char *take(GHashTable *table, const char *name)
{
    return g_strdup(g_hash_table_lookup(table, name));
}

bool run_options_from_json(const char *json, struct run_options *options, char **scenario_text,
                           char **monitor_name)
{
    GHashTable *table = flat_json_parse(json);
    if (table == NULL)
        return false;
    *options = (struct run_options){
        .append = take(table, "append"),
        .entry = take(table, "entry"),
        .seed = take(table, "seed"),
        .cpus = take(table, "cpus"),
        .memory = take(table, "memory"),
        .background = take(table, "background"),
        .limit_insns = take(table, "limit_insns"),
        .limit_events = take(table, "limit_events"),
        .limit_time = take(table, "limit_time"),
        .starts = take(table, "starts"),
        .input_after = take(table, "input_after"),
        .interactive = take(table, "interactive"),
    };
    const char *settings = g_hash_table_lookup(table, "set");
    if (settings != NULL)
        options->settings = g_strsplit(settings, ",", -1);
    *scenario_text = take(table, "scenario_text");
    *monitor_name = take(table, "monitor_name");
    g_hash_table_unref(table);
    return true;
}
