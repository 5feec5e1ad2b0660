/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* The hash covers records as they lie in memory, so their byte order is part of the contract. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "event records are little-endian");

/*
 * Derived events wait here until the event that caused them has been seen by every observer. Each
 * rule derives at most one event from another, so the place never runs out unless an observer
 * answers its own kind of event; that is our mistake, and the assertion names it.
 */
enum { TRACE_DERIVED_MAX = 256 };

struct observer {
    trace_observer_fn *fn;
    void *user;
};

struct trace {
    struct observer observers[TRACE_OBSERVERS_MAX];
    unsigned observers_count;
    struct event derived[TRACE_DERIVED_MAX];
    unsigned derived_count;
    bool dispatching;
    uint64_t seq;
    XXH3_state_t *hash;
};

struct trace_mark {
    uint64_t seq;
    XXH3_state_t *hash;
};

static XXH3_state_t *hash_new(void)
{
    XXH3_state_t *state = XXH3_createState();

    if (state == NULL)
        abort(); /* out of memory at start-up, as GLib does */
    XXH3_128bits_reset(state);
    return state;
}

struct trace *trace_new(void)
{
    struct trace *trace = calloc(1, sizeof(*trace));

    if (trace == NULL)
        abort();
    trace->hash = hash_new();
    return trace;
}

void trace_free(struct trace *trace)
{
    if (trace == NULL)
        return;
    XXH3_freeState(trace->hash);
    free(trace);
}

bool trace_attach(struct trace *trace, trace_observer_fn *fn, void *user)
{
    assert(fn != NULL && !trace->dispatching);
    if (trace->observers_count == TRACE_OBSERVERS_MAX)
        return false;
    trace->observers[trace->observers_count++] = (struct observer){.fn = fn, .user = user};
    return true;
}

static bool event_is_derived(const struct event *event)
{
    return event->kind == EVENT_RULE || event->kind == EVENT_VERDICT;
}

/* Hands an event to all, then what they derived from it, in the order of derivation. */
static void dispatch(struct trace *trace, const struct event *event)
{
    trace->dispatching = true;
    for (unsigned i = 0; i < trace->observers_count; i++)
        trace->observers[i].fn(trace->observers[i].user, event);
    for (unsigned d = 0; d < trace->derived_count; d++) {
        struct event derived = trace->derived[d];

        for (unsigned i = 0; i < trace->observers_count; i++)
            trace->observers[i].fn(trace->observers[i].user, &derived);
    }
    trace->derived_count = 0;
    trace->dispatching = false;
}

uint64_t trace_emit(struct trace *trace, struct event *event)
{
    assert(!trace->dispatching); /* observers watch; what they find is derived */
    assert(event->kind > 0 && event->kind < EVENT_KIND_COUNT && !event_is_derived(event));
    event->seq = ++trace->seq;
    XXH3_128bits_update(trace->hash, event, sizeof(*event));
    dispatch(trace, event);
    return event->seq;
}

void trace_emit_derived(struct trace *trace, struct event *event)
{
    assert(event_is_derived(event));
    assert(event->rule.cause_seq <= trace->seq);
    event->seq = event->rule.cause_seq != 0 ? event->rule.cause_seq : trace->seq;
    if (trace->dispatching) {
        assert(trace->derived_count < TRACE_DERIVED_MAX);
        trace->derived[trace->derived_count++] = *event;
        return;
    }
    dispatch(trace, event);
}

uint64_t trace_count(const struct trace *trace)
{
    return trace->seq;
}

void trace_hash(const struct trace *trace, uint8_t out[16])
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(trace->hash));
    memcpy(out, canonical.digest, sizeof(canonical.digest));
}

void trace_hash_hex(const struct trace *trace, char out[33])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];

    trace_hash(trace, bytes);
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[32] = '\0';
}

struct trace_mark *trace_mark_new(const struct trace *trace)
{
    struct trace_mark *mark = calloc(1, sizeof(*mark));

    if (mark == NULL)
        abort();
    assert(!trace->dispatching);
    mark->seq = trace->seq;
    mark->hash = hash_new();
    XXH3_copyState(mark->hash, trace->hash);
    return mark;
}

void trace_mark_restore(struct trace *trace, const struct trace_mark *mark)
{
    assert(!trace->dispatching);
    trace->seq = mark->seq;
    XXH3_copyState(trace->hash, mark->hash);
}

void trace_mark_free(struct trace_mark *mark)
{
    if (mark == NULL)
        return;
    XXH3_freeState(mark->hash);
    free(mark);
}
