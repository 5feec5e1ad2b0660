/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process for each job, a few at a time: what goes wrong in one run, even a crash, is that run's.
 * A process ends with its parent, however that ends.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/error.h"
#include "tools/matrix.h"

enum { POLL_MS = 200, SLOTS_MAX = 256 };

struct slot {
    pid_t pid; /* 0: free */
    int fd;
    size_t job;
    size_t got; /* bytes of the result */
};

struct pool {
    struct matrix *matrix;
    struct slot slot[SLOTS_MAX];
    uint32_t slots, busy;
    size_t next, count, done;
    bool *finished;     /* by job */
    size_t pairs_shown; /* pairs that were handed out, in order */
    bool terminal;
};

static struct matrix_result *result_of(const struct pool *pool, size_t job)
{
    return &g_array_index(pool->matrix->results, struct matrix_result, job);
}

static G_GNUC_NORETURN void child_main(const struct pool *pool, size_t job, int fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it was gone before */
        _exit(RUN_EXIT_INTERNAL);
    signal(SIGINT, SIG_IGN); /* the parent's to deal with */
    signal(SIGTERM, SIG_DFL);
    struct matrix_result result;
    matrix_job_run(pool->matrix, job, &result);
    ssize_t written = write(fd, &result, sizeof(result));
    _exit(written == (ssize_t)sizeof(result) ? 0 : RUN_EXIT_INTERNAL);
}

static bool job_start(struct pool *pool, GError **error)
{
    struct slot *slot = pool->slot;
    int pipes[2];
    while (slot->pid != 0)
        slot++;
    if (pipe(pipes) != 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "pipe: %s", g_strerror(errno));
        return false;
    }
    fflush(stdout); /* what waits in the buffer is printed once */
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        child_main(pool, pool->next, pipes[1], parent);
    }
    close(pipes[1]);
    if (pid < 0) {
        close(pipes[0]);
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "fork: %s", g_strerror(errno));
        return false;
    }
    *slot = (struct slot){.pid = pid, .fd = pipes[0], .job = pool->next++};
    pool->busy++;
    return true;
}

static void job_end(struct pool *pool, struct slot *slot)
{
    struct matrix_result *result = result_of(pool, slot->job);
    int status = 0;
    close(slot->fd);
    while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (slot->got != sizeof(*result)) {
        *result = (struct matrix_result){.code = MATRIX_CODE_LOST};
        if (WIFSIGNALED(status))
            g_snprintf(result->text, sizeof(result->text), "the run's process died: %s",
                       g_strsignal(WTERMSIG(status)));
        else
            g_snprintf(result->text, sizeof(result->text), "the run's process ended with %d",
                       WEXITSTATUS(status));
    }
    pool->finished[slot->job] = true;
    pool->done++;
    pool->busy--;
    slot->pid = 0;
}

/* What has come from a process. */
static void slot_read(struct pool *pool, struct slot *slot)
{
    struct matrix_result *result = result_of(pool, slot->job);
    ssize_t got = read(slot->fd, (char *)result + slot->got, sizeof(*result) - slot->got);
    if (got < 0 && errno == EINTR)
        return;
    if (got > 0)
        slot->got += (size_t)got;
    if (got <= 0 || slot->got == sizeof(*result))
        job_end(pool, slot);
}

static void slots_poll(struct pool *pool)
{
    struct pollfd fds[SLOTS_MAX];
    struct slot *slots[SLOTS_MAX];
    nfds_t count = 0;
    for (uint32_t i = 0; i < pool->slots; i++) {
        if (pool->slot[i].pid == 0)
            continue;
        slots[count] = &pool->slot[i];
        fds[count++] = (struct pollfd){.fd = pool->slot[i].fd, .events = POLLIN};
    }
    if (poll(fds, count, POLL_MS) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents != 0)
            slot_read(pool, slots[i]);
}

static void progress_show(const struct pool *pool)
{
    if (!pool->terminal)
        return;
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%zu of %zu runs done", pool->done, pool->count);
    for (uint32_t i = 0; i < pool->slots && line->len < 60; i++) {
        if (pool->slot[i].pid == 0)
            continue;
        const struct matrix_pair *pair =
            matrix_pair(pool->matrix, pool->slot[i].job / pool->matrix->seeds);
        g_string_append_printf(line, ", %s %s", pair->scenario, pair->monitor_name);
    }
    fprintf(stderr, "\r\033[K%.78s", line->str);
    fflush(stderr);
    g_string_free(line, TRUE);
}

static void progress_hide(const struct pool *pool)
{
    if (pool->terminal)
        fputs("\r\033[K", stderr);
}

/* Pairs whose jobs are all done, as far as nothing before them is missing. */
static void pairs_show(struct pool *pool, matrix_pair_done_fn *done, void *user)
{
    const size_t seeds = pool->matrix->seeds;
    while (pool->pairs_shown < matrix_pairs(pool->matrix)) {
        for (size_t i = 0; i < seeds; i++)
            if (!pool->finished[pool->pairs_shown * seeds + i])
                return;
        progress_hide(pool);
        done(user, pool->matrix, pool->pairs_shown++);
    }
}

static void children_kill(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->slots; i++)
        if (pool->slot[i].pid != 0)
            kill(pool->slot[i].pid, SIGKILL); /* they have nothing to save */
    for (uint32_t i = 0; i < pool->slots; i++)
        if (pool->slot[i].pid != 0)
            job_end(pool, &pool->slot[i]);
}

bool matrix_run(struct matrix *matrix, matrix_pair_done_fn *done, void *user, GError **error)
{
    struct pool *pool = g_new0(struct pool, 1);
    bool fine = true;
    pool->matrix = matrix;
    pool->slots = MIN(matrix->jobs_at_once, SLOTS_MAX);
    pool->count = matrix->results->len;
    pool->finished = g_new0(bool, pool->count);
    pool->terminal = isatty(STDERR_FILENO);
    while (fine && pool->done < pool->count) {
        if (*tool_interrupted()) {
            g_set_error(error, EMU_ERROR, EMU_ERROR_LIMIT,
                        "interrupted after %zu of %zu runs", pool->done, pool->count);
            fine = false;
        }
        while (fine && pool->busy < pool->slots && pool->next < pool->count)
            fine = job_start(pool, error);
        progress_show(pool);
        if (fine)
            slots_poll(pool);
        pairs_show(pool, done, user);
    }
    children_kill(pool);
    progress_hide(pool);
    g_free(pool->finished);
    g_free(pool);
    return fine;
}
