/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who types on the guest's serial port: a file, a person, the record of a run. Between two slices
 * the scheduler gives the typist a turn. What is typed is an event of the stream that says in which
 * turn it was, so that a record can be typed again at exactly the same points.
 *
 * Typing starts when the guest has opened its port: DTR/RTS, OUT2 and the receiver's interrupt are
 * on; or when its console has printed a given text. Linux throws away what came before.
 */
#ifndef PROVA_EMU_TYPIST_H
#define PROVA_EMU_TYPIST_H

#include <glib.h>
#include <stdbool.h>

#include "emu/uart.h"
#include "trace/event.h"

struct machine;

struct typist_turn {
    uint64_t seq;   /* of the event that typing now would be */
    uint32_t nth;   /* turns since the event before it, this one included */
    uint32_t room;  /* the most that can be typed now; 0 before the start */
    uint64_t time;  /* virtual TSC cycles */
    /* How long no processor runs: 0 one does, UINT64_MAX until something is typed. */
    uint64_t idle_cycles;
};

struct typist_answer {
    uint32_t length;                 /* bytes typed, at most room */
    bool ends;                       /* length is 0, now and for ever */
    uint64_t passed_cycles;          /* of idle_cycles, when something was typed or it ends */
    char bytes[EVENT_TEXT_BYTES];
};

struct typist_source {
    void *user;
    /* answer is zeroed. A source may let as much of the host's time pass as the guest idles. */
    void (*take)(void *user, const struct typist_turn *turn, struct typist_answer *answer);
    /* Somebody sits there: until the source ends, a limit that nobody gave ends no run. */
    bool live;
};

struct typist {
    struct typist_source source; /* take NULL: nobody types */
    char *after;                 /* printed before typing starts; NULL: the port is open */
    size_t searched_bytes;       /* of the console's output, without after in them */
    bool started, ended;
    uint64_t seen_events;        /* trace_count() at the last turn */
    uint32_t turns;              /* since the last event */
};

/* Before the run, or while it rests. after is copied, may be NULL. */
void machine_typist_set(struct machine *machine, const struct typist_source *source,
                        const char *after);

/* The turn between two slices; idle_cycles as above. True: an event was emitted, look again at
 * what can run. */
bool typist_work(struct machine *machine, uint64_t idle_cycles);

/* Limits are off unless given. */
bool typist_is_live(const struct machine *machine);

/* A text of that length, as long as it is kept; typed as fast as the guest takes it. */
struct typist_text {
    const char *bytes;
    size_t length, typed;
};
struct typist_source typist_text_source(struct typist_text *text);

#endif
