/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream: trace_emit() numbers an event, adds it to the rolling hash and hands it to every
 * observer in the order of attachment. Observers watch; none can change the run. What they derive
 * (EVENT_RULE, EVENT_VERDICT) goes through trace_emit_derived(), which the hash leaves out, so that
 * the hash is the same whoever watches.
 */
#ifndef PROVA_TRACE_TRACE_H
#define PROVA_TRACE_TRACE_H

#include <stdbool.h>

#include "trace/event.h"

struct trace;

/* Called for every event, in order, on the thread that runs the machine. */
typedef void trace_observer_fn(void *user, const struct event *event);

struct trace *trace_new(void);
void trace_free(struct trace *trace);

/* At most TRACE_OBSERVERS_MAX; false if there is no place. */
enum { TRACE_OBSERVERS_MAX = 16 };
bool trace_attach(struct trace *trace, trace_observer_fn *fn, void *user);

/*
 * Emits *event: the caller has zeroed it and filled in everything but seq. Returns the sequence
 * number. Derived events emitted by an observer during the call are delivered after it to all.
 */
uint64_t trace_emit(struct trace *trace, struct event *event);
void trace_emit_derived(struct trace *trace, struct event *event);

uint64_t trace_count(const struct trace *trace);      /* last sequence number */
void trace_hash(const struct trace *trace, uint8_t out[16]); /* XXH3-128, canonical (big-endian) */
void trace_hash_hex(const struct trace *trace, char out[33]);

/* Saved state of the stream (sequence number and hash state), for snapshots. */
struct trace_mark;
struct trace_mark *trace_mark_new(const struct trace *trace);
void trace_mark_restore(struct trace *trace, const struct trace_mark *mark);
void trace_mark_free(struct trace_mark *mark);

#endif
