/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two machines that must not differ: one is saved and goes on, the other is made of the file. The
 * hypervisor takes every processor out of the guest at its Nth exit; there the machine is saved.
 */
#ifndef PROVA_TESTS_SNAPSHOT_TWINS_H
#define PROVA_TESTS_SNAPSHOT_TWINS_H

#include "emu/snapshot.h"

struct guest {
    const char *monitor, *guest; /* guest NULL: the monitor image is all there is */
    uint32_t cpus;
    enum machine_schedule schedule;
    uint64_t sev_features;
    uint32_t first, last, step; /* exits at which the machine is saved */
};

extern const uint8_t twins_key[SNAPSHOT_KEY_BYTES];
extern char *twins_folder, *twins_path; /* the file is in a folder of its own */

void twins_begin(void);
void twins_end(void);

struct machine_config twins_config(const struct guest *guest);
/* Not launched. */
struct machine *twins_machine(const struct guest *guest);

/* The hypervisor program under which both go on; user NULL: the honest one. */
typedef void twins_program_fn(void *user, struct machine *machine);

/*
 * A machine launched, saved at that exit, and run on, and its twin likewise: the same stream, and
 * the twin just made is the same state. False if the run ends before that exit. start sets a
 * machine's program; it is called once for each of the two.
 */
bool twins_compare(const struct guest *guest, uint32_t exit, twins_program_fn *start, void *user);

#endif
