/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova run: one run, and what it comes to. */
#include <string.h>
#include <unistd.h>

#include "cpu/symbols.h"
#include "db/writer.h"
#include "emu/error.h"
#include "tools/library.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/run_options.h"
#include "tools/terminal.h"

struct run_command {
    struct run_options options;
    char *trace, *junit;
    gboolean quiet, verbose, interactive;
    struct terminal *terminal; /* NULL: not interactive */
    struct typist_source typist;
    struct run *run;
    struct db_writer *writer;
    struct progress *progress;
    bool line_open; /* the guest's line on the terminal is not ended */
};

/* The guest's output, and the script's lines between whole lines of it. */
static void console_observe(void *user, const struct event *event)
{
    struct run_command *command = user;
    if (event->kind != EVENT_CONSOLE || event->console.input != 0)
        return;
    progress_clear(command->progress);
    fwrite(event->console.text, 1, event->console.length, stdout);
    if (event->console.length > 0)
        command->line_open = event->console.text[event->console.length - 1] != '\n';
    if (!command->line_open || command->terminal != NULL)
        fflush(stdout);
}

static void line_end(struct run_command *command)
{
    if (command->line_open)
        putchar('\n');
    command->line_open = false;
}

static void script_line(void *user, const char *line)
{
    struct run_command *command = user;
    if (command->quiet)
        return;
    progress_clear(command->progress);
    line_end(command);
    printf("%s[script]%s %s\n", tool_colour(COLOUR_DIM), tool_colour(COLOUR_NONE), line);
    fflush(stdout);
}

static bool symbolize(void *user, uint64_t rip, uint8_t vmpl, struct db_symbol *out)
{
    struct run_command *command = user;
    const struct symbols *symbols =
        machine_symbols(run_machine(command->run), vmpl != 0 && vmpl != EVENT_NO_VMPL);
    struct symbol_info info;
    if (symbols == NULL || !symbols_lookup(symbols, rip, &info) || info.name == NULL)
        return false;
    *out = (struct db_symbol){
        .low = info.address,
        .high = info.address + (info.size ? info.size : 1),
        .line = info.line,
    };
    g_strlcpy(out->name, info.name, sizeof(out->name));
    if (info.file != NULL)
        g_strlcpy(out->file, info.file, sizeof(out->file));
    return true;
}

static bool database_open(struct run_command *command, GError **error)
{
    struct db_input inputs[8];
    size_t count;
    const struct run_input *from = run_inputs(command->run, &count);
    for (size_t i = 0; i < count; i++) {
        inputs[i] =
            (struct db_input){.role = from[i].role, .path = from[i].path, .bytes = from[i].bytes};
        memcpy(inputs[i].sha256, from[i].sha256, sizeof(inputs[i].sha256));
    }
    const struct scenario *scenario = run_scenario(command->run);
    char *version = tool_version();
    char *options = run_options_json(&command->options, command->run);
    const struct db_run description = {
        .title = scenario ? scenario->title : NULL,
        .version = version,
        .options = options,
        .seed = run_config(command->run)->seed,
        .inputs = inputs,
        .inputs_count = count,
    };
    const struct db_writer_options writer_options = {.symbolize = symbolize,
                                                     .symbolize_user = command};
    command->writer = db_writer_open(command->trace, &description, &writer_options, error);
    g_free(options);
    g_free(version);
    if (command->writer == NULL)
        return false;
    if (trace_attach(run_trace(command->run), db_writer_observe, command->writer))
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "too many observers");
    return false;
}

/* A database that is not whole is worse than none. */
static void database_remove(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        char *name = g_strconcat(path, suffixes[i], NULL);
        unlink(name);
        g_free(name);
    }
}

static bool database_close(struct run_command *command, GError **error)
{
    if (command->writer == NULL)
        return true;
    char hash[33];
    trace_hash_hex(run_trace(command->run), hash);
    const struct db_run_end end = {
        .exit_reason = run_end_reason_name(machine_end_reason(run_machine(command->run))),
        .exit_code = (int)run_exit_code(command->run),
        .stream_hash = hash,
    };
    struct db_writer *writer = g_steal_pointer(&command->writer);
    if (db_writer_close(writer, &end, error))
        return true;
    database_remove(command->trace);
    g_prefix_error(error, "the run's database could not be written and was removed: ");
    return false;
}

static bool observers_attach(struct run_command *command, GError **error)
{
    struct trace *trace = run_trace(command->run);
    bool silent = command->quiet && command->terminal == NULL;
    bool fine = silent || trace_attach(trace, console_observe, command);
    command->progress = command->terminal ? NULL : progress_start();
    if (fine && command->progress != NULL)
        fine = trace_attach(trace, progress_observe, command->progress);
    if (!fine)
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "too many observers");
    return fine && (command->trace == NULL || database_open(command, error));
}

static bool execute(struct run_command *command, GError **error)
{
    if (!observers_attach(command, error) ||
        !run_execute(command->run, tool_interrupted(), error)) {
        if (command->writer != NULL) {
            db_writer_close(g_steal_pointer(&command->writer), NULL, NULL);
            database_remove(command->trace);
        }
        return false;
    }
    return true;
}

static void report(struct run_command *command)
{
    enum run_exit code = run_exit_code(command->run);
    bool bad = code != RUN_EXIT_OK && code != RUN_EXIT_INTERRUPTED;
    bool script = machine_end_reason(run_machine(command->run)) == RUN_END_SCRIPT_ERROR;
    if (!command->quiet)
        report_end(command->run, (bad && !script) || command->verbose);
    report_verdicts(command->run, !command->quiet);
    if (!command->quiet)
        report_result(command->run);
    if (bad && (command->quiet || code == RUN_EXIT_INPUT))
        tool_complain("%s", run_exit_text(command->run));
}

/* With a terminal, before anything is printed: what the user must know first. */
static bool terminal_start(struct run_command *command, struct run_request *request,
                           GError **error)
{
    tool_catch_interrupt();
    if (!command->interactive)
        return true;
    command->terminal = terminal_open(error);
    if (command->terminal == NULL)
        return false;
    command->typist = terminal_source(command->terminal);
    request->typist = &command->typist;
    return true;
}

static int run_all(struct run_command *command, struct run_request *request)
{
    GError *error = NULL;
    if (command->junit != NULL && !report_junit_check(command->junit, &error))
        return tool_fail(error);
    if (!terminal_start(command, request, &error))
        return tool_fail(error);
    command->run = run_new(request, &error);
    if (command->run == NULL)
        return tool_fail(error);
    if (!command->quiet)
        report_inputs(command->run);
    if (command->terminal != NULL && terminal_is_tty(command->terminal)) {
        printf("The terminal is the guest's serial port. Ctrl-] ends the run.\n\n");
        fflush(stdout);
    }
    bool fine = execute(command, &error);
    progress_stop(g_steal_pointer(&command->progress));
    terminal_close(g_steal_pointer(&command->terminal));
    line_end(command);
    if (!fine)
        return tool_fail(error);
    report(command);
    int code = (int)run_exit_code(command->run);
    if (!database_close(command, &error) ||
        (command->junit != NULL && !report_junit(command->run, command->junit, &error)))
        code = tool_fail(error);
    return code;
}

static const char examples[] =
    "Examples:\n"
    "  prova run scenarios/boot.lua\n"
    "  prova run scenarios/paper-8.4.1.lua --monitor no-scrub --trace run.db\n"
    "  prova run --monitor build/my-monitor.elf --guest hello --memory 128M\n"
    "  prova run -m default --kernel vmlinuz --initrd initrd.gz --interactive --trace run.db\n"
    "  prova run -m default --guest echo --input lines.txt\n"
    "\n"
    "Without a scenario the hypervisor is honest, and the run must end with the guest's\n"
    "request for termination with reason 0:0. Many scenarios, many monitors: prova run --all\n"
    "--help.\n"
    "\n"
    "With --interactive all keys but Ctrl-] go to the guest, Ctrl-C too; each is recorded, and\n"
    "prova replay types it again. What is typed, by hand or by --input, waits until the guest\n"
    "has opened its port (RTS, OUT2, receive interrupt), or until its console has shown the\n"
    "text of --input-after.\n"
    "\n"
    "Exit codes: 0 as expected, 1 not as expected, 2 unusable input, 3 cut short by a\n"
    "limit, 70 internal error, 130 interrupted (Ctrl-C; the database is closed properly).";

int cmd_run(int argc, char **argv)
{
    if (cmd_run_is_all(argc, argv))
        return cmd_run_all(argc, argv);
    struct run_command command = {0};
    enum { OWN = 7 };
    GOptionEntry entries[RUN_OPTIONS_ENTRIES + OWN + 1] = {0};
    const GOptionEntry own[OWN] = {
        {"trace", 't', 0, G_OPTION_ARG_FILENAME, &command.trace,
         "record the run in this SQLite file", "RUN.DB"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &command.junit, "write the verdicts as JUnit XML",
         "FILE"},
        {"interactive", 'I', 0, G_OPTION_ARG_NONE, &command.interactive,
         "the terminal is the guest's serial port; Ctrl-] ends the run", NULL},
        {"input", 0, 0, G_OPTION_ARG_FILENAME, &command.options.input,
         "text to be typed on the guest's serial port", "FILE"},
        {"input-after", 0, 0, G_OPTION_ARG_STRING, &command.options.input_after,
         "type when the console has shown TEXT (without it: when the guest has opened the port)",
         "TEXT"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &command.quiet, "print only what is not as expected",
         NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &command.verbose,
         "print the state of the machine at the end, however it ended", NULL},
    };
    run_options_entries(&command.options, entries);
    memcpy(entries + RUN_OPTIONS_ENTRIES, own, sizeof(own));
    int code = RUN_EXIT_INPUT;
    char *image_dir = tool_image_dir();
    struct run_request request;
    GError *error = NULL;
    if (!tool_parse("run", "[SCENARIO]", "Runs a monitor on the emulated platform.", examples,
                    entries, &argc, &argv)) {
        code = RUN_EXIT_INPUT;
    } else if (command.trace != NULL && command.trace[0] == '\0') {
        code = tool_usage_error("run", "--trace names no file");
    } else if (g_strcmp0(command.trace, command.junit) == 0 && command.trace != NULL) {
        code = tool_usage_error("run", "--trace and --junit name the same file");
    } else if (command.interactive && command.options.input != NULL) {
        code = tool_usage_error("run", "--interactive and --input: one of them types");
    } else if (argc > 2) {
        code = tool_usage_error("run", "one scenario at a time: '%s' is too much", argv[2]);
    } else {
        command.options.interactive = command.interactive ? g_strdup("yes") : NULL;
        command.options.scenario = argc == 2 ? library_path(argv[1], &error) : NULL;
        if (error == NULL &&
            run_options_request(&command.options, image_dir, &request, &error)) {
            request.log = script_line;
            request.log_user = &command;
            code = run_all(&command, &request);
        } else {
            code = tool_fail(error);
        }
    }
    terminal_close(command.terminal);
    run_free(command.run);
    run_options_clear(&command.options);
    g_free(command.trace);
    g_free(command.junit);
    g_free(image_dir);
    return code;
}
