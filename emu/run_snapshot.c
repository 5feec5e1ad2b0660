/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/run_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu/version.h"
#include "emu/error.h"
#include "emu/run_internal.h"

enum { LOCK_POLL_US = 20000 };

/* ------------------------------------------------------------------ the key */

static void text_add(XXH3_state_t *state, const char *text)
{
    XXH3_128bits_update(state, text ? text : "", text ? strlen(text) + 1 : 0);
}

/* The state of one build is nothing to another. */
static bool program_add(XXH3_state_t *state, GError **error)
{
    GString *libraries = g_string_new(NULL);
    cpu_libraries_describe(libraries);
    text_add(state, libraries->str);
    g_string_free(libraries, TRUE);
    GMappedFile *program = g_mapped_file_new("/proc/self/exe", FALSE, error);
    if (program == NULL)
        return false;
    XXH3_128bits_update(state, g_mapped_file_get_contents(program),
                        g_mapped_file_get_length(program));
    g_mapped_file_unref(program);
    return true;
}

/* Of the files, all but the script and what is typed: these act from the start on. */
static void files_add(XXH3_state_t *state, const struct run *run)
{
    for (size_t i = 0; i < run->inputs_count; i++) {
        const struct run_input *input = &run->inputs[i];
        if (strcmp(input->role, "scenario") == 0 || strcmp(input->role, "input") == 0)
            continue;
        text_add(state, input->role);
        XXH3_128bits_update(state, input->sha256, sizeof(input->sha256));
    }
}

/* What the scenario's text, which is not among the files, says of the machine comes beside. */
static void config_add(XXH3_state_t *state, const struct machine_config *config)
{
    run_config_hash(state, config);
    XXH3_128bits_update(state, &config->hardware_bugs, sizeof(config->hardware_bugs));
    XXH3_128bits_update(state, &config->blind, sizeof(config->blind));
    XXH3_128bits_update(state, &config->lies, sizeof(config->lies));
}

static bool key_make(struct run *run, GError **error)
{
    const struct scenario *scenario = run_scenario(run);
    XXH3_state_t *state = hash_begin();
    bool fine = program_add(state, error);
    files_add(state, run);
    config_add(state, &run->config);
    text_add(state, run->starts);
    for (char **name = scenario ? scenario->secrets : NULL; name != NULL && *name != NULL; name++)
        text_add(state, *name);
    hash_end(state, run->snapshot.key);
    return fine;
}

/* ------------------------------------------------------------------ the folder */

static void tell(struct run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void tell(struct run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *news = g_strdup_vprintf(format, arguments), *before = run->snapshot.text;
    va_end(arguments);
    run->snapshot.text = before ? g_strconcat(before, "; ", news, NULL) : g_strdup(news);
    g_free(news);
    g_free(before);
}

static bool folder_make(const char *folder, GError **error)
{
    if (g_mkdir_with_parents(folder, 0700) == 0)
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--snapshots %s: %s", folder,
                g_strerror(errno));
    return false;
}

/* Nobody else makes this snapshot meanwhile. On a file system without locks it is made twice. */
static bool lock_take(struct run *run, const volatile int *interrupted, GError **error)
{
    char *path = g_strconcat(run->snapshot.path, ".lock", NULL);
    int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--snapshots: %s: %s", path,
                    g_strerror(errno));
        g_free(path);
        return false;
    }
    g_free(path);
    run->snapshot.lock = lock;
    while (flock(lock, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
        if (interrupted && *interrupted)
            return true; /* the run is over before it does anything */
        g_usleep(LOCK_POLL_US);
    }
    return true;
}

static void lock_drop(struct run *run)
{
    if (run->snapshot.lock >= 0)
        close(run->snapshot.lock);
    run->snapshot.lock = -1;
}

/* What is of no use is said, and made anew. */
static void reader_open(struct run *run)
{
    GError *error = NULL;
    run->snapshot.reader = snapshot_reader_open(run->snapshot.path, run->snapshot.key, &error);
    if (error != NULL)
        tell(run, "%s", error->message);
    g_clear_error(&error);
}

/* A limit that lies before the start ends the run there: it is to be run. */
static bool limits_reached(const struct run *run)
{
    const struct snapshot_reached reached = snapshot_reached(run->snapshot.reader);
    const struct machine_config *config = &run->config;
    return (config->limit_insns != 0 && reached.insns >= config->limit_insns) ||
           (config->limit_events != 0 && reached.events >= config->limit_events) ||
           (config->limit_time_cycles != 0 && reached.time_cycles >= config->limit_time_cycles);
}

/* True: there is a snapshot, and nothing to be made. */
static bool reader_ready(struct run *run)
{
    struct run_snapshot *snapshot = &run->snapshot;
    reader_open(run);
    if (snapshot->reader == NULL)
        return false;
    if (limits_reached(run)) {
        tell(run, "not used: a limit of the run lies before the scenario's start");
        snapshot_reader_free(g_steal_pointer(&snapshot->reader));
    }
    return true;
}

static bool recorder_start(struct run *run, GError **error)
{
    struct run_snapshot *snapshot = &run->snapshot;
    struct snapshot_writer *writer = snapshot_writer_open(snapshot->path, snapshot->key, error);
    if (writer == NULL)
        return false;
    snapshot->recorder = g_new0(struct snapshot_recorder, 1);
    snapshot->recorder->writer = writer;
    if (trace_attach(run_trace(run), snapshot_record, snapshot->recorder))
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "too many observers");
    return false;
}

bool run_snapshot_open(struct run *run, const char *folder, const volatile int *interrupted,
                       GError **error)
{
    struct run_snapshot *snapshot = &run->snapshot;
    char name[2 * SNAPSHOT_KEY_BYTES + 1];
    if (folder == NULL)
        return true;
    if (run->starts == NULL) {
        tell(run, "none: nothing says where the scenario starts (its field starts, or --starts)");
        return true;
    }
    if (!folder_make(folder, error) || !key_make(run, error))
        return false;
    for (size_t i = 0; i < SNAPSHOT_KEY_BYTES; i++)
        g_snprintf(name + 2 * i, 3, "%02x", snapshot->key[i]);
    snapshot->path = g_strdup_printf("%s/%s.snapshot", folder, name);
    if (reader_ready(run))
        return true;
    if (!lock_take(run, interrupted, error))
        return false;
    g_clear_pointer(&snapshot->text, g_free);
    if (interrupted && *interrupted)
        return true;
    if (!reader_ready(run))
        return recorder_start(run, error);
    lock_drop(run); /* somebody has made it */
    return true;
}

bool run_snapshot_begin(struct run *run, GError **error)
{
    struct run_snapshot *snapshot = &run->snapshot;
    snapshot->begun = machine_restore(run->machine, snapshot->reader, error);
    g_clear_pointer(&snapshot->reader, snapshot_reader_free); /* it has all of the file */
    return snapshot->begun;
}

void run_snapshot_make(struct run *run)
{
    struct run_snapshot *snapshot = &run->snapshot;
    GError *error = NULL;
    struct stat about = {0};
    if (snapshot->recorder == NULL)
        return;
    struct snapshot_writer *writer = snapshot->recorder->writer;
    machine_save(run->machine, snapshot->recorder);
    if (!snapshot_writer_close(writer, &error))
        tell(run, "none: %s", error->message);
    else if (stat(snapshot->path, &about) == 0)
        tell(run, "made %s (%" G_GUINT64_FORMAT " MiB)", snapshot->path,
             (guint64)about.st_size >> 20);
    g_clear_error(&error);
    lock_drop(run);
}

void run_snapshot_close(struct run *run)
{
    struct run_snapshot *snapshot = &run->snapshot;
    snapshot_reader_free(snapshot->reader);
    if (snapshot->recorder != NULL)
        snapshot_writer_abandon(snapshot->recorder->writer);
    g_free(snapshot->recorder);
    lock_drop(run);
    g_free(snapshot->path);
    g_free(snapshot->text);
}
