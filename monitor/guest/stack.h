/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of the vCPUs (start.S), by index. */
#ifndef MONITOR_GUEST_STACK_H
#define MONITOR_GUEST_STACK_H

#include <stdint.h>

enum { STACK_BYTES = 16384 };

extern uint8_t stacks[][STACK_BYTES];

/* Where the vCPUs start that are not the first: RDI = index, RSP = top of stack. */
extern uint8_t team_entry[];

#endif
