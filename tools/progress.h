/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of progress on standard error while a run takes longer than a second, if it is a terminal.
 * Host time is only looked at here, for people; the run does not know.
 */
#ifndef PROVA_TOOLS_PROGRESS_H
#define PROVA_TOOLS_PROGRESS_H

#include "trace/trace.h"

struct progress;

/* NULL if there is nobody to show it to; the other functions take NULL. */
struct progress *progress_start(void);
/* A trace_observer_fn. */
void progress_observe(void *progress, const struct event *event);
/* Takes the line away, before something else is printed. */
void progress_clear(struct progress *progress);
void progress_stop(struct progress *progress);

#endif
