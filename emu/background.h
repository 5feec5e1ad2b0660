/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile generators that run behind any hypervisor program, the honest one or a script. They are a
 * hypervisor program themselves, layered around the other, and act through emu/hv.h and
 * emu/honest.h only; what they do is drawn from the run's seed.
 *
 *   machine    step(exit)    -> park-at-fault: a fault of its own? the processor stays outside
 *                            -> the other program answers the exit and runs the processor
 *                            -> response-fuzz: one thing of the answer becomes another
 *              visible(op)   -> the other program -> park-at-fault: takes the page away
 *              idle()        -> the other program -> park-at-fault: lets somebody go on
 */
#ifndef PROVA_EMU_BACKGROUND_H
#define PROVA_EMU_BACKGROUND_H

#include <glib.h>

#include "emu/machine.h"

enum background_kind {
    BACKGROUND_PARK_AT_FAULT = 1 << 0,
    BACKGROUND_RESPONSE_FUZZ = 1 << 1,
};

enum {
    BACKGROUND_HOLES_MAX = 8,
    BACKGROUND_SEEN = 32,         /* pages of late operations that are remembered */
    BACKGROUND_PARKS_MAX = 4000,  /* in a run */
    BACKGROUND_FUZZ_FIELDS = 16,
};

/* A page that was taken away, or made read-only, until somebody has waited for it. */
struct background_hole {
    bool open;
    bool hit;                 /* a processor is parked at it */
    struct npt_mapping was;   /* how it comes back */
    uint8_t flags;            /* the mapping meanwhile: 0 none, NPT_R */
    uint32_t left;            /* exits of others once it is hit, before that operations */
};

struct background_parked {
    bool parked;
    uint32_t hole; /* BACKGROUND_HOLES_MAX: it is closed, the processor may go on */
    struct hv_exit exit;
};

struct background_park {
    uint32_t odds;        /* one in so many operations */
    uint32_t rebind_odds; /* one in so many parks; 0: never */
    uint32_t parks;
    struct background_hole hole[BACKGROUND_HOLES_MAX];
    struct background_parked cpu[MACHINE_CPUS_MAX];
    bool flushing[MACHINE_CPUS_MAX]; /* tlb_control of what runs next was set */
    uint64_t seen[BACKGROUND_SEEN];
    uint32_t seen_count;
};

struct background_fuzz {
    uint32_t odds; /* one in so many answers */
    uint64_t last[MACHINE_CPUS_MAX][BACKGROUND_FUZZ_FIELDS];
};

/* Plain, so that it is saved by copying. */
struct background {
    uint32_t kinds; /* enum background_kind */
    struct hv_program inner;
    uint64_t random;
    struct background_park park;
    struct background_fuzz fuzz;
};

/* Becomes the machine's program, around the one that it has. */
void background_start(struct background *background, struct machine *machine, uint32_t kinds,
                      uint64_t seed);

/* "park-at-fault,response-fuzz". False and error: a name that there is not. */
bool background_parse(const char *list, uint32_t *kinds, GError **error);
/* The names of the kinds, with commas between; g_free(). */
char *background_names(uint32_t kinds);

/* For the generators: a number below limit, and one chance in odds. */
uint32_t background_draw(struct background *background, uint32_t limit);
bool background_chance(struct background *background, uint32_t odds);

/* emu/background_park.c */
void park_start(struct background *background);
void park_visible(struct background *background, struct machine *machine, uint32_t cpu,
                  const struct vcpu_exit *operation);
/* Before the other program's step. False: the processor stays outside. */
bool park_before_step(struct background *background, struct machine *machine, uint32_t cpu,
                      const struct hv_exit **exit);
void park_after_step(struct background *background, struct machine *machine, uint32_t cpu);
bool park_idle(struct background *background, struct machine *machine);

/* emu/background_fuzz.c. After the other program has answered the exit; the guest has not run. */
void fuzz_start(struct background *background);
void fuzz_after_step(struct background *background, struct machine *machine,
                     const struct hv_exit *exit);

#endif
