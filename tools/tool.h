/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of the command share. */
#ifndef PROVA_TOOLS_TOOL_H
#define PROVA_TOOLS_TOOL_H

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "emu/run.h"

/* One verb: gets the arguments from the verb's name on; returns the exit code. */
struct verb {
    const char *name;
    const char *arguments; /* for the list of verbs */
    const char *summary;
    int (*main)(int argc, char **argv);
};

int cmd_run(int argc, char **argv);
/* "run" with --all or --cross among its arguments. */
bool cmd_run_is_all(int argc, char **argv);
int cmd_run_all(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_measure(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_verify_report(int argc, char **argv);
int cmd_certs(int argc, char **argv);

/* "prova: message" on standard error. */
void tool_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Prints and frees the error; returns the exit code that goes with it. */
int tool_fail(GError *error);
/* What was printed must have arrived: a full disk is an error too. Returns the exit code. */
int tool_output_close(int code);
/* Wrong usage: prints the message and where help is; returns 2. */
int tool_usage_error(const char *verb, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Parses options. What remains (verb and positional arguments) is in argc and argv. False: the
 * error was printed. --help prints description (usage examples) and ends the process.
 */
bool tool_parse(const char *verb, const char *arguments, const char *summary,
                const char *description, const GOptionEntry *entries, int *argc, char ***argv);

/* "12", "5k", "20M", "1G" (thousands). */
bool tool_parse_count(const char *text, uint64_t *value);
/* "1000" cycles of the 1 GHz virtual clock, or "5ns", "5us", "5ms", "5s". */
bool tool_parse_time(const char *text, uint64_t *cycles);

/* Where the built-in images are: "monitor" beside the command. */
char *tool_image_dir(void);
/* The folder of scenarios that come with the command; NULL if there is none. */
char *tool_scenario_dir(void);

/* "prova 0.1.0, unicorn 2.1.1, ..." */
char *tool_version(void);

enum tool_colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_NOTE, COLOUR_DIM };
/* Escape sequences for standard output; "" where it is no terminal or NO_COLOR is set. */
const char *tool_colour(enum tool_colour colour);

/* Ctrl-C: the first sets the flag, the second kills. */
const volatile int *tool_interrupted(void);
const atomic_bool *tool_interrupted_atomic(void);
void tool_catch_interrupt(void);
void tool_interrupt(void); /* as Ctrl-C does; a signal handler may call it */

#endif
