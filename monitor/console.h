/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serial console: a 16550 at port 0x3f8, reached by IOIO through the GHCB. All of it is public: no
 * secret is ever printed.
 *
 * The monitor is quiet: it says what whoever runs the machine must know, which is little more than
 * why it ends. Built with -DMONITOR_VERBOSE=1 it also says how far it has come.
 */
#ifndef MONITOR_CONSOLE_H
#define MONITOR_CONSOLE_H

#include <stdint.h>

#include "monitor/lock.h"

#ifndef MONITOR_VERBOSE
#define MONITOR_VERBOSE 0
#endif

struct cpu;
struct fault_frame;

struct console {
    struct lock lock;
};

/* Sets the port up; needs the processor's GHCB. */
void console_start(struct console *console, struct cpu *cpu);

/* A line beginning with "monitor: "; formats of lib/format.h. Silent without a console. */
void console_print(struct cpu *cpu, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for how far the monitor has come: silent unless it was built to be verbose. */
void console_milestone(struct cpu *cpu, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Last lines before termination; take no lock, since this processor may hold it. */
void console_last_words(struct cpu *cpu, const char *what, uint64_t value, unsigned code);
void console_fault(struct cpu *cpu, const struct fault_frame *frame, uint64_t cr2);

#endif
