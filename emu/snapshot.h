/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine at rest (machine_run_to_rest()), put away and taken up again: its state, and before it
 * the stream of events that led there. Taking it up emits these events again, so that observers
 * see, the hash covers and a database holds what they would have without the snapshot.
 *
 *   machine_launch(), machine_run_to_rest() ----> state ----> machine_run()
 *             |                                  |     ^
 *   snapshot_record: events               machine_save()  machine_restore(): events, state
 *             |                                  v     |
 *             +--------------------------->    the file
 *
 * What is saved is every model as it lies in memory. The engines get their registers again; what
 * else they hold are caches. Only the build that wrote a file can read it: the program is part of
 * the key (emu/run_snapshot.c).
 */
#ifndef PROVA_EMU_SNAPSHOT_H
#define PROVA_EMU_SNAPSHOT_H

#include "emu/machine.h"
#include "emu/snapshot_file.h"

/* An observer (trace_attach()) of all up to machine_save(); user is a struct snapshot_recorder. */
struct snapshot_recorder {
    struct snapshot_writer *writer; /* NULL: no more */
    uint32_t count;
    struct event events[512];
};
void snapshot_record(void *user, const struct event *event);

/* Writes what the recorder still holds and the machine's state; the caller closes the writer. */
void machine_save(const struct machine *machine, struct snapshot_recorder *recorder);

/*
 * In place of machine_launch() and machine_run_to_rest(), after machine_symbols_load(). On failure
 * (EMU_ERROR_INTERNAL) the machine is good for nothing but machine_free(). The stream's first event
 * names the inputs of this run, not those of the run that was saved.
 */
bool machine_restore(struct machine *machine, struct snapshot_reader *reader, GError **error);

#endif
