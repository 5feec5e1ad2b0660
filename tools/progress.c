/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/progress.h"

#include <glib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct progress {
    GThread *thread;
    GMutex mutex; /* of everything below and of the line on the terminal */
    GCond stop_condition;
    bool stop, shown;
    atomic_uint_fast64_t events;
};

static void line_clear(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}

static gpointer progress_thread(gpointer user)
{
    struct progress *progress = user;
    gint64 start = g_get_monotonic_time(), due = start;
    g_mutex_lock(&progress->mutex);
    while (!progress->stop) {
        due += G_USEC_PER_SEC;
        if (g_cond_wait_until(&progress->stop_condition, &progress->mutex, due))
            continue;
        line_clear(progress);
        fprintf(stderr, "running for %d s, %llu events ",
                (int)((g_get_monotonic_time() - start) / G_USEC_PER_SEC),
                (unsigned long long)atomic_load(&progress->events));
        fflush(stderr);
        progress->shown = true;
    }
    line_clear(progress);
    g_mutex_unlock(&progress->mutex);
    return NULL;
}

struct progress *progress_start(void)
{
    if (!isatty(STDERR_FILENO))
        return NULL;
    struct progress *progress = g_new0(struct progress, 1);
    g_mutex_init(&progress->mutex);
    g_cond_init(&progress->stop_condition);
    progress->thread = g_thread_new("progress", progress_thread, progress);
    return progress;
}

void progress_observe(void *user, const struct event *event)
{
    struct progress *progress = user;
    atomic_store(&progress->events, event->seq);
}

void progress_clear(struct progress *progress)
{
    if (progress == NULL)
        return;
    g_mutex_lock(&progress->mutex);
    line_clear(progress);
    g_mutex_unlock(&progress->mutex);
}

void progress_stop(struct progress *progress)
{
    if (progress == NULL)
        return;
    g_mutex_lock(&progress->mutex);
    progress->stop = true;
    g_cond_signal(&progress->stop_condition);
    g_mutex_unlock(&progress->mutex);
    g_thread_join(progress->thread);
    g_cond_clear(&progress->stop_condition);
    g_mutex_clear(&progress->mutex);
    g_free(progress);
}
