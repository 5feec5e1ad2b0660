/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's terminal as the guest's serial console (prova run --interactive): standard input in
 * raw mode, given back as it was on every way out that a process can take notice of. Standard
 * input may be a pipe instead; then bytes are taken as they come.
 */
#ifndef PROVA_TOOLS_TERMINAL_H
#define PROVA_TOOLS_TERMINAL_H

#include "emu/typist.h"

struct terminal;

/* After tool_catch_interrupt(), whose work it takes over. NULL and error: no terminal, no pipe. */
struct terminal *terminal_open(GError **error);
void terminal_close(struct terminal *terminal); /* may be NULL */

/* False: it is a pipe, and no key ends the run. */
bool terminal_is_tty(const struct terminal *terminal);

struct typist_source terminal_source(struct terminal *terminal);

#endif
