/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole machine: time from nothing to the monitor's first guest entry, what writing every event
 * into the database costs a run, and what byte labels, notes and online rules cost.
 *
 * usage: bench_machine MONITOR GUEST [ROUNDS]
 *
 * Each round runs every variant once, in turn, so that a drift of the host's speed hits all alike;
 * medians are printed, and the ratio is the median of the rounds' ratios.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/writer.h"
#include "emu/machine.h"
#include "rules/rules.h"

/* What a run is watched by. */
enum watched { WATCHED_NOT, WATCHED, WATCHED_BY_RULES };

enum { ROUNDS_DEFAULT = 9, ROUNDS_MAX = 101, MEMORY_MIB = 64 };

struct result {
    double seconds;
    double entry_seconds; /* to the first VMRUN of a lower VMPL */
    double close_seconds; /* of the database: what is left to write, indexes */
    uint64_t events, transitions, insns;
};

struct watch {
    gint64 start_us;
    double entry_seconds;
    uint64_t transitions;
};

static double seconds_since(gint64 start_us)
{
    return (double)(g_get_monotonic_time() - start_us) / 1e6;
}

static void observe(void *user, const struct event *event)
{
    struct watch *watch = user;
    if (event->kind == EVENT_RMP)
        watch->transitions++;
    if (event->kind == EVENT_WORLD && event->world.phase == 0 && event->vmpl > 0 &&
        watch->entry_seconds == 0)
        watch->entry_seconds = seconds_since(watch->start_us);
}

static void die(const GError *error)
{
    fprintf(stderr, "bench_machine: %s\n", error->message);
    exit(1);
}

static struct result run(const char *monitor, const char *guest, enum watched watched,
                         const char *database)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor;
    config.guest_path = guest;
    config.memory_bytes = (uint64_t)MEMORY_MIB << 20;
    config.blind = watched == WATCHED_NOT;
    GError *error = NULL;
    struct watch watch = {.start_us = g_get_monotonic_time()};
    struct machine *machine = machine_new(&config, &error);
    if (machine == NULL)
        die(error);
    struct db_writer *writer = NULL;
    if (database) {
        const struct db_run about = {.title = "bench", .version = PROVA_VERSION, .options = "{}"};
        writer = db_writer_open(database, &about, NULL, &error);
        if (writer == NULL)
            die(error);
        trace_attach(machine_trace(machine), db_writer_observe, writer);
    }
    trace_attach(machine_trace(machine), observe, &watch);
    struct rules *rules = NULL;
    if (watched == WATCHED_BY_RULES)
        rules = rules_attach(machine_trace(machine), &(struct rules_config){0});
    if (!machine_launch(machine, &error))
        die(error);
    enum run_end_reason reason = machine_run(machine, NULL);
    if (reason != RUN_END_TERMINATED || machine_end_detail(machine) != 0) {
        fprintf(stderr, "bench_machine: the run ended badly: %s: %s\n", run_end_reason_name(reason),
                machine_end_text(machine));
        exit(1);
    }
    gint64 end_us = g_get_monotonic_time();
    if (writer) {
        char hash[33];
        trace_hash_hex(machine_trace(machine), hash);
        const struct db_run_end end = {.exit_reason = "terminated", .stream_hash = hash};
        if (!db_writer_close(writer, &end, &error))
            die(error);
    }
    struct result result = {
        .seconds = seconds_since(watch.start_us),
        .entry_seconds = watch.entry_seconds,
        .close_seconds = seconds_since(end_us),
        .events = trace_count(machine_trace(machine)),
        .transitions = watch.transitions,
        .insns = machine_retired_insns(machine),
    };
    rules_free(rules);
    machine_free(machine);
    return result;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_machine MONITOR GUEST [ROUNDS]\n");
        return 2;
    }
    int rounds = argc > 3 ? atoi(argv[3]) : ROUNDS_DEFAULT;
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "bench_machine: 1 to %d rounds\n", ROUNDS_MAX);
        return 2;
    }
    char *folder = g_dir_make_tmp("prova-bench-XXXXXX", NULL);
    char *database = g_build_filename(folder, "bench.db", NULL);
    static double entry[ROUNDS_MAX], plain[ROUNDS_MAX], logged[ROUNDS_MAX], ratio[ROUNDS_MAX],
        closing[ROUNDS_MAX], watch_boot[ROUNDS_MAX], watch_run[ROUNDS_MAX];
    struct result last = {0};
    run(argv[1], argv[2], WATCHED, NULL); /* warm-up */
    for (int i = 0; i < rounds; i++) {
        last = run(argv[1], argv[2], WATCHED, NULL);
        entry[i] = last.entry_seconds;
        plain[i] = last.seconds;
        struct result with = run(argv[1], argv[2], WATCHED, database);
        logged[i] = with.seconds;
        closing[i] = with.close_seconds;
        ratio[i] = logged[i] / plain[i];
        struct result blind = run(argv[1], argv[2], WATCHED_NOT, NULL);
        struct result ruled = run(argv[1], argv[2], WATCHED_BY_RULES, NULL);
        watch_boot[i] = ruled.entry_seconds / blind.entry_seconds;
        watch_run[i] = ruled.seconds / blind.seconds;
    }
    printf("machine: %d MiB, %" G_GUINT64_FORMAT " instructions, %" G_GUINT64_FORMAT
           " events, %" G_GUINT64_FORMAT " RMP transitions\n",
           MEMORY_MIB, last.insns, last.events, last.transitions);
    printf("  first guest entry     %8.3f s   (measure: under 0.3 s)\n", median(entry, rounds));
    printf("  run without database  %8.3f s\n", median(plain, rounds));
    printf("  run with database     %8.3f s, of it %.3f s to close the file\n",
           median(logged, rounds), median(closing, rounds));
    printf("  ratio                 %8.3f     (measure: at most 1.10)\n", median(ratio, rounds));
    printf("  labels and rules on against off: boot %.3f, whole run %.3f (measure: at most 1.5)\n",
           median(watch_boot, rounds), median(watch_run, rounds));
    g_unlink(database);
    g_rmdir(folder);
    g_free(database);
    g_free(folder);
    return 0;
}
