/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The request loop of a processor: run the guest, serve its call, run it again. */
#ifndef MONITOR_REQUEST_H
#define MONITOR_REQUEST_H

struct cpu;

_Noreturn void request_loop(struct cpu *cpu);

#endif
