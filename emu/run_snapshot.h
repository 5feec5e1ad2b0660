/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of snapshots beside a run whose scenario says where it starts: each is the machine at
 * such a start, under the hash of everything that brought it there. The first run makes it, later
 * ones begin with it; of two at a time one waits for the other.
 */
#ifndef PROVA_EMU_RUN_SNAPSHOT_H
#define PROVA_EMU_RUN_SNAPSHOT_H

#include "emu/snapshot.h"

struct run;

struct run_snapshot {
    uint8_t key[SNAPSHOT_KEY_BYTES];
    char *path; /* NULL: no folder, or nothing to put into it */
    int lock;   /* file descriptor; -1 none */
    struct snapshot_reader *reader;     /* there is one, to begin with */
    bool begun;                         /* the machine is made of it */
    struct snapshot_recorder *recorder; /* one is being made */
    char *text;                         /* what came of it, for people; NULL nothing */
};

/* Before the launch. False: the folder is of no use. An interrupt ends the wait for another run. */
bool run_snapshot_open(struct run *run, const char *folder, const volatile int *interrupted,
                       GError **error);
/* In place of the launch and the way to the start, if there is a reader. */
bool run_snapshot_begin(struct run *run, GError **error);
/* The machine is at the scenario's start: makes the snapshot, if it is to be. */
void run_snapshot_make(struct run *run);
void run_snapshot_close(struct run *run);

#endif
