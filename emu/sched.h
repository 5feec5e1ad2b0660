/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deterministic scheduler. At every decision point (an exit, a visible operation, the end of a
 * slice) one runnable processor is chosen: by virtual time, or drawn from the seed. A decision
 * between two or more is an EVENT_SCHED.
 */
#ifndef PROVA_EMU_SCHED_H
#define PROVA_EMU_SCHED_H

enum sched_reason { SCHED_TIME = 0, SCHED_RANDOM = 1 };

#endif
