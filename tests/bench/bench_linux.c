/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same Linux kernel and initramfs, from the start of the program to the shell: on Prova as an
 * SNP guest under the monitor, and on QEMU's TCG with -icount as a plain machine; what the database
 * costs Prova; and how long it takes from a snapshot of the machine at the shell.
 *
 * usage: bench_linux PROVA QEMU VMLINUX INITRD [ROUNDS]
 *
 * QEMU is "" where there is none. Each round runs every variant once, in turn, so that a drift of
 * the host's speed hits all alike; medians are printed, and a ratio is the median of the rounds'
 * ratios.
 */
#define _DEFAULT_SOURCE /* wait4(): the memory of one child */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARKER "PROVA-SHELL-READY"
/* What prova run gives a kernel by itself. */
#define CMDLINE                                                                                    \
    "console=ttyS0 nokaslr no5lvl tsc_early_khz=1000000 tsc=reliable reboot=acpi panic=-1 "        \
    "quiet"

enum { ROUNDS_DEFAULT = 5, ROUNDS_MAX = 101, LIMIT_MS = 120000, ARGS_MAX = 40 };

/* In the order of a round. */
enum variant { QEMU, PROVA, PROVA_TRACE, PROVA_SNAPSHOT, VARIANTS };

static const char *const names[VARIANTS] = {
    [QEMU] = "QEMU TCG -icount",
    [PROVA] = "Prova",
    [PROVA_TRACE] = "Prova with database",
    [PROVA_SNAPSHOT] = "Prova from a snapshot",
};

struct inputs {
    const char *prova, *qemu, *vmlinux, *initrd, *database, *snapshots, *typed;
};

struct result {
    double shell_seconds, seconds; /* to the shell; to the end */
    double memory_mib;
};

static void args_add(const char **args, const char *const *more)
{
    size_t count = 0;
    while (args[count])
        count++;
    for (; *more; more++) {
        g_assert(count < ARGS_MAX - 1);
        args[count++] = *more;
    }
}

/* The one place that says how each is called. */
static void args_make(const struct inputs *in, enum variant variant, const char *args[ARGS_MAX])
{
    memset(args, 0, ARGS_MAX * sizeof(*args));
    if (variant != QEMU) {
        const bool snapshot = variant == PROVA_SNAPSHOT;
        args_add(args, (const char *[]){in->prova, "run", "--monitor", "default", "--cpus", "1",
                                        "--memory", "256M", "--kernel", in->vmlinux, "--initrd",
                                        in->initrd, "--append",
                                        snapshot ? "prova.do=shell" : "prova.do=poweroff", NULL});
        if (variant == PROVA_TRACE)
            args_add(args, (const char *[]){"--trace", in->database, NULL});
        if (snapshot)
            args_add(args, (const char *[]){"--starts", "~ # ", "--snapshots", in->snapshots,
                                            "--input", in->typed, NULL});
        return;
    }
    /* Prova's virtual machine as near as QEMU has it; PVH enters the vmlinux itself. */
    args_add(args, (const char *[]){in->qemu, "-accel", "tcg,thread=single", "-nodefaults",
                                    "-no-user-config", "-display", "none", "-serial", "stdio",
                                    "-no-reboot", "-M",
                                    "microvm,pit=off,pic=off,rtc=on,isa-serial=on,acpi=on", "-cpu",
                                    "max,la57=off", "-m", "256", "-icount",
                                    "shift=0,sleep=off", "-kernel", in->vmlinux, "-initrd",
                                    in->initrd, "-append", CMDLINE " prova.do=poweroff", NULL});
}

static pid_t child_start(const char *const args[ARGS_MAX], int *output)
{
    int ends[2];
    if (pipe(ends) != 0)
        g_error("pipe: %s", g_strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        g_error("fork: %s", g_strerror(errno));
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(ends[1], STDOUT_FILENO) < 0 ||
            dup2(ends[1], STDERR_FILENO) < 0)
            _exit(127);
        close(ends[0]);
        close(ends[1]);
        execvp(args[0], (char *const *)args);
        _exit(127);
    }
    close(ends[1]);
    *output = ends[0];
    return pid;
}

static double seconds_since(gint64 start_us)
{
    return (double)(g_get_monotonic_time() - start_us) / 1e6;
}

/* Reads until the child closes its output or has had its time; when the marker came. */
static double marker_await(int output, gint64 start_us, GString *said)
{
    double shell_seconds = 0;
    for (;;) {
        struct pollfd ready = {.fd = output, .events = POLLIN};
        int left_ms = LIMIT_MS - (int)(seconds_since(start_us) * 1000);
        if (left_ms <= 0 || poll(&ready, 1, left_ms) <= 0)
            return 0;
        char bytes[4096];
        ssize_t count = read(output, bytes, sizeof(bytes));
        if (count <= 0)
            return shell_seconds;
        g_string_append_len(said, bytes, count);
        if (shell_seconds == 0 && strstr(said->str, MARKER))
            shell_seconds = seconds_since(start_us);
    }
}

static struct result run(const struct inputs *in, enum variant variant)
{
    const char *args[ARGS_MAX];
    args_make(in, variant, args);
    GString *said = g_string_new(NULL);
    int output, status = 0;
    gint64 start_us = g_get_monotonic_time();
    pid_t pid = child_start(args, &output);
    struct result result = {.shell_seconds = marker_await(output, start_us, said)};
    close(output);
    if (result.shell_seconds == 0)
        kill(pid, SIGKILL);
    struct rusage usage = {0};
    if (wait4(pid, &status, 0, &usage) != pid)
        g_error("wait4: %s", g_strerror(errno));
    result.seconds = seconds_since(start_us);
    result.memory_mib = (double)usage.ru_maxrss / 1024;
    if (variant == PROVA_TRACE)
        g_unlink(in->database);
    if (result.shell_seconds == 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        size_t tail = MIN(said->len, 2000);
        fprintf(stderr, "bench_linux: %s: %s (status 0x%x); the end of its output:\n%s\n",
                names[variant], result.shell_seconds == 0 ? "no shell" : "ended badly", status,
                said->str + said->len - tail);
        exit(1);
    }
    g_string_free(said, TRUE);
    return result;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median(const double *values, int count)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof(*values));
    qsort(sorted, (size_t)count, sizeof(*sorted), compare);
    return sorted[count / 2];
}

static struct result results[VARIANTS][ROUNDS_MAX];

static double median_ratio(enum variant above, enum variant below, int rounds)
{
    double ratios[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++)
        ratios[i] = results[above][i].shell_seconds / results[below][i].shell_seconds;
    return median(ratios, rounds);
}

static void report(int rounds, bool qemu)
{
    printf("linux: 1 vCPU, 256 MiB, %d rounds       shell      end   most memory\n", rounds);
    for (enum variant v = qemu ? QEMU : PROVA; v < VARIANTS; v++) {
        double shell[ROUNDS_MAX], end[ROUNDS_MAX], memory[ROUNDS_MAX];
        for (int i = 0; i < rounds; i++) {
            shell[i] = results[v][i].shell_seconds;
            end[i] = results[v][i].seconds;
            memory[i] = results[v][i].memory_mib;
        }
        printf("  %-32s %7.2f s %7.2f s %7.0f MiB\n", names[v], median(shell, rounds),
               median(end, rounds), median(memory, rounds));
    }
    if (qemu)
        printf("  Prova to QEMU -icount     %6.2f   (measure: at most 1.5; goal 1.0)\n",
               median_ratio(PROVA, QEMU, rounds));
    else
        printf("  Prova to QEMU -icount: no qemu-system-x86_64 here\n");
    printf("  database on to off        %6.2f   (measure: at most 1.2)\n",
           median_ratio(PROVA_TRACE, PROVA, rounds));
    printf("  from a snapshot to boot   %6.2f\n", median_ratio(PROVA_SNAPSHOT, PROVA, rounds));
    printf("  memory: measure: under 600 MiB\n");
}

static void folder_remove(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
        g_free(file);
    }
    if (folder != NULL)
        g_dir_close(folder);
    g_rmdir(path);
}

int main(int argc, char **argv)
{
    int rounds = argc == 6 ? atoi(argv[5]) : ROUNDS_DEFAULT;
    if (argc < 5 || argc > 6 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_linux PROVA QEMU VMLINUX INITRD [ROUNDS]; 1 to %d rounds\n",
                ROUNDS_MAX);
        return 2;
    }
    char *folder = g_dir_make_tmp("prova-bench-XXXXXX", NULL);
    char *database = g_build_filename(folder, "bench.db", NULL);
    char *snapshots = g_build_filename(folder, "snapshots", NULL);
    char *typed = g_build_filename(folder, "typed", NULL);
    const struct inputs in = {argv[1], argv[2], argv[3], argv[4], database, snapshots, typed};
    bool qemu = *in.qemu != 0;
    if (!g_file_set_contents(typed, "poweroff -f\n", -1, NULL))
        g_error("%s cannot be written", typed);
    run(&in, PROVA_SNAPSHOT); /* makes it */
    for (int i = 0; i < rounds; i++)
        for (enum variant v = qemu ? QEMU : PROVA; v < VARIANTS; v++)
            results[v][i] = run(&in, v);
    report(rounds, qemu);
    folder_remove(snapshots);
    folder_remove(folder);
    g_free(typed);
    g_free(snapshots);
    g_free(database);
    g_free(folder);
    return 0;
}
