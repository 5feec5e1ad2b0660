/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova replay: the same inputs again, compared with the record event by event. */
#include <string.h>

#include "db/error.h"
#include "db/reader.h"
#include "emu/error.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/run_options.h"

enum replay_outcome {
    REPLAY_SAME,
    REPLAY_DIFFERS, /* recorded and replayed are the two sides */
    REPLAY_LONGER,  /* replayed is an event that the record has not */
    REPLAY_SHORTER, /* recorded is an event that the replay has not */
    REPLAY_PAUSED,  /* the record was given up here: so far the same */
    REPLAY_UNREADABLE,
};

struct replay {
    struct db_reader *reader;
    struct db_run_info info;
    bool cut; /* the recorded run was killed or interrupted: its end says nothing */
    enum replay_outcome outcome;
    uint64_t compared;
    struct event recorded, replayed;
    GError *error;
    volatile int stop;
    struct run_options options;
    char *scenario_text, *monitor_name;
    struct progress *progress;
    struct typist_source typist; /* of an interactive run: types what is recorded */
    bool ahead;                  /* next was read from the record, not compared yet */
    enum db_next ahead_result;
    struct event next;
};

/* The next event of the record, to be looked at. An interrupted run's last one is the
 * interruption. */
static enum db_next record_peek(struct replay *replay)
{
    if (!replay->ahead) {
        replay->ahead = true;
        replay->ahead_result = db_reader_next(replay->reader, &replay->next, &replay->error);
        if (replay->ahead_result == DB_NEXT_EVENT && replay->cut &&
            replay->next.kind == EVENT_RUN_END)
            replay->ahead_result = DB_NEXT_END;
    }
    return replay->ahead_result;
}

/* The same, to be compared. */
static enum db_next record_next(struct replay *replay, struct event *event)
{
    enum db_next result = record_peek(replay);
    *event = replay->next;
    replay->ahead = result != DB_NEXT_EVENT;
    return result;
}

/* Types what the record has here, and only here. */
static void record_type(void *user, const struct typist_turn *turn, struct typist_answer *answer)
{
    struct replay *replay = user;
    const struct event *event = &replay->next;
    if (replay->outcome != REPLAY_SAME || record_peek(replay) != DB_NEXT_EVENT ||
        event->kind != EVENT_CONSOLE || event->actor != ACTOR_RUN || event->seq != turn->seq ||
        event->console.input != turn->nth || event->time < turn->time)
        return;
    answer->passed_cycles = event->time - turn->time;
    answer->length = MIN(event->console.length, EVENT_TEXT_BYTES);
    answer->ends = answer->length == 0;
    memcpy(answer->bytes, event->console.text, answer->length);
}

static void replay_observe(void *user, const struct event *event)
{
    struct replay *replay = user;
    if (event->kind == EVENT_RULE || event->kind == EVENT_VERDICT || replay->outcome != REPLAY_SAME)
        return;
    if (*tool_interrupted())
        replay->stop = 1;
    switch (record_next(replay, &replay->recorded)) {
    case DB_NEXT_EVENT:
        if (memcmp(&replay->recorded, event, sizeof(*event)) == 0) {
            replay->compared++;
            return;
        }
        replay->outcome = REPLAY_DIFFERS;
        break;
    case DB_NEXT_END: replay->outcome = replay->cut ? REPLAY_PAUSED : REPLAY_LONGER; break;
    case DB_NEXT_ERROR: replay->outcome = REPLAY_UNREADABLE; break;
    }
    replay->replayed = *event;
    replay->stop = 1;
}

static const struct db_run_input *input_find(const struct replay *replay, const char *role)
{
    for (size_t i = 0; i < replay->info.inputs_count; i++)
        if (strcmp(replay->info.inputs[i].role, role) == 0)
            return &replay->info.inputs[i];
    return NULL;
}

/* Where a recorded image is now: where it was, or the built-in one of the same file name. */
static char *image_find(const struct db_run_input *input, const char *image_dir, bool guest)
{
    if (g_file_test(input->path, G_FILE_TEST_EXISTS))
        return g_strdup(input->path);
    char *base = g_path_get_basename(input->path);
    char *path = guest ? g_build_filename(image_dir, "guest", base, NULL)
                       : g_build_filename(image_dir, base, NULL);
    g_free(base);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    g_free(path);
    return g_strdup(input->path);
}

/* The inputs that were loaded are those of the record, and all of them. */
static bool inputs_check(const struct replay *replay, const struct run *run, GError **error)
{
    size_t count;
    const struct run_input *inputs = run_inputs(run, &count);
    for (size_t i = 0; i < count; i++) {
        const struct db_run_input *recorded = input_find(replay, inputs[i].role);
        if (recorded != NULL && recorded->sha256 != NULL &&
            g_ascii_strcasecmp(recorded->sha256, inputs[i].sha256_hex) == 0)
            continue;
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: this is not the %s of the recorded run: its SHA-256 is %.16s..., "
                    "recorded is %.16s...; name the right file with --%s FILE",
                    inputs[i].path, inputs[i].role, inputs[i].sha256_hex,
                    recorded && recorded->sha256 ? recorded->sha256 : "none", inputs[i].role);
        return false;
    }
    if (count < replay->info.inputs_count) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "the recorded run had a guest; name its file with --guest FILE");
        return false;
    }
    return true;
}

static bool replay_open(struct replay *replay, const char *path, GError **error)
{
    char *monitor = replay->options.monitor, *guest = replay->options.guest;
    char *kernel = replay->options.kernel, *initrd = replay->options.initrd;
    char *input = replay->options.input;
    replay->reader = db_reader_open(path, error);
    if (replay->reader == NULL || !db_reader_run(replay->reader, &replay->info, error))
        return false;
    if (replay->info.options == NULL ||
        !run_options_from_json(replay->info.options, &replay->options, &replay->scenario_text,
                               &replay->monitor_name) ||
        input_find(replay, "monitor") == NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: it does not say how its run was made: it cannot be replayed", path);
        return false;
    }
    replay->options.monitor = monitor;
    replay->options.guest = guest;
    replay->options.kernel = kernel;
    replay->options.initrd = initrd;
    replay->options.input = input;
    replay->cut = !replay->info.finished || (replay->info.exit_reason != NULL &&
                                             strcmp(replay->info.exit_reason, "interrupted") == 0);
    return db_reader_seek(replay->reader, 0, error);
}

/* Fills in what the command line left open from the record. */
static void inputs_fill(struct replay *replay, const char *image_dir)
{
    const struct db_run_input *scenario = input_find(replay, "scenario");
    const struct db_run_input *guest = input_find(replay, "guest");
    struct run_options *options = &replay->options;
    if (scenario != NULL)
        options->scenario = g_strdup(scenario->path);
    if (options->monitor == NULL)
        options->monitor = image_find(input_find(replay, "monitor"), image_dir, false);
    if (options->guest == NULL)
        options->guest = guest ? image_find(guest, image_dir, true) : g_strdup("");
    const struct db_run_input *kernel = input_find(replay, "kernel");
    const struct db_run_input *initrd = input_find(replay, "initrd");
    if (options->kernel == NULL && kernel != NULL)
        options->kernel = g_strdup(kernel->path);
    if (options->initrd == NULL && initrd != NULL)
        options->initrd = g_strdup(initrd->path);
    const struct db_run_input *input = input_find(replay, "input");
    if (options->input == NULL && input != NULL)
        options->input = g_strdup(input->path);
}

static void side_print(const char *side, const struct event *event)
{
    GString *text = g_string_new(NULL);
    event_describe(event, text);
    printf("%-9s %s\n", side, text->str);
    g_string_free(text, TRUE);
}

static int outcome_report(struct replay *replay, struct run *run)
{
    char hash[33];
    char count[32];
    struct event extra;
    if (replay->outcome == REPLAY_SAME && record_next(replay, &extra) == DB_NEXT_EVENT) {
        replay->outcome = REPLAY_SHORTER;
        replay->recorded = extra;
    }
    if (replay->error != NULL)
        return tool_fail(g_steal_pointer(&replay->error));
    trace_hash_hex(run_trace(run), hash);
    g_snprintf(count, sizeof(count), "%" G_GUINT64_FORMAT, (guint64)replay->compared);
    switch (replay->outcome) {
    case REPLAY_SAME:
        if (!replay->cut && replay->info.stream_hash != NULL &&
            strcmp(hash, replay->info.stream_hash) != 0) {
            printf("%s equal events, but the stream's hash is %s, recorded is %s\n", count, hash,
                   replay->info.stream_hash);
            return RUN_EXIT_VIOLATION;
        }
        printf("identical: %s events, hash %s\n", count, hash);
        return RUN_EXIT_OK;
    case REPLAY_PAUSED:
        printf("identical: %s events, as far as the recorded run went\n", count);
        return RUN_EXIT_OK;
    case REPLAY_DIFFERS:
        printf("different: after %s equal events\n", count);
        side_print("recorded", &replay->recorded);
        side_print("replayed", &replay->replayed);
        break;
    case REPLAY_LONGER:
        printf("different: after all %s events of the record, one more came\n", count);
        side_print("replayed", &replay->replayed);
        break;
    case REPLAY_SHORTER:
        printf("different: the replay ended after %s events, the record goes on\n", count);
        side_print("recorded", &replay->recorded);
        break;
    case REPLAY_UNREADABLE: break;
    }
    char *version = tool_version();
    if (g_strcmp0(version, replay->info.version) != 0)
        printf("The record was made by %s; this is %s.\n",
               replay->info.version ? replay->info.version : "an unknown version", version);
    g_free(version);
    return RUN_EXIT_VIOLATION;
}

static int replay_run(struct replay *replay, const char *image_dir)
{
    GError *error = NULL;
    struct run_request request;
    int code = RUN_EXIT_INPUT;
    struct run *run = NULL;
    if (run_options_request(&replay->options, image_dir, &request, &error)) {
        request.scenario_text = replay->scenario_text;
        request.scenario_bytes = replay->scenario_text ? strlen(replay->scenario_text) : 0;
        request.monitor_name = replay->monitor_name;
        replay->typist = (struct typist_source){.user = replay, .take = record_type, .live = true};
        if (replay->options.interactive != NULL)
            request.typist = &replay->typist;
        run = run_new(&request, &error);
    }
    if (run == NULL || !inputs_check(replay, run, &error)) {
        code = tool_fail(error);
    } else {
        tool_catch_interrupt();
        replay->progress = progress_start();
        trace_attach(run_trace(run), replay_observe, replay);
        if (replay->progress != NULL)
            trace_attach(run_trace(run), progress_observe, replay->progress);
        bool fine = run_execute(run, &replay->stop, &error);
        progress_stop(replay->progress);
        if (*tool_interrupted()) {
            tool_complain("interrupted after %" G_GUINT64_FORMAT " equal events",
                          (guint64)replay->compared);
            code = RUN_EXIT_INTERRUPTED;
            g_clear_error(&error);
        } else {
            /* A difference stops the run, even before it has started. */
            bool judged = fine || replay->outcome != REPLAY_SAME;
            code = judged ? outcome_report(replay, run) : tool_fail(g_steal_pointer(&error));
            g_clear_error(&error);
        }
    }
    run_free(run);
    return code;
}

static const char examples[] =
    "Examples:\n"
    "  prova replay run.db\n"
    "  prova replay run.db --monitor /moved/to/default.elf\n"
    "\n"
    "The database holds the scenario itself, and the path and SHA-256 of monitor and guest.\n"
    "Exit codes: 0 identical, 1 different (the first difference is printed), 2 an input is\n"
    "missing or changed.";

int cmd_replay(int argc, char **argv)
{
    struct replay replay = {0};
    const GOptionEntry entries[] = {
        {"monitor", 'm', 0, G_OPTION_ARG_FILENAME, &replay.options.monitor,
         "where the monitor's file is now", "FILE"},
        {"guest", 'g', 0, G_OPTION_ARG_FILENAME, &replay.options.guest,
         "where the guest's file is now", "FILE"},
        {"kernel", 'k', 0, G_OPTION_ARG_FILENAME, &replay.options.kernel,
         "where the kernel's file is now", "FILE"},
        {"initrd", 'i', 0, G_OPTION_ARG_FILENAME, &replay.options.initrd,
         "where the initrd's file is now", "FILE"},
        {"input", 0, 0, G_OPTION_ARG_FILENAME, &replay.options.input,
         "where the typed text's file is now", "FILE"},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    GError *error = NULL;
    char *image_dir = tool_image_dir();
    if (tool_parse("replay", "RUN.DB", "Runs a recorded run again and compares the two.", examples,
                   entries, &argc, &argv)) {
        if (argc != 2) {
            code = tool_usage_error("replay", argc < 2 ? "name the database of a run"
                                                       : "one database at a time");
        } else if (!replay_open(&replay, argv[1], &error)) {
            code = tool_fail(error);
        } else {
            inputs_fill(&replay, image_dir);
            code = replay_run(&replay, image_dir);
        }
    }
    db_run_info_clear(&replay.info);
    db_reader_close(replay.reader);
    run_options_clear(&replay.options);
    g_clear_error(&replay.error);
    g_free(replay.scenario_text);
    g_free(replay.monitor_name);
    g_free(image_dir);
    return code;
}
