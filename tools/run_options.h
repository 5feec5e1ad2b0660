/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that shape a run: from the command line, into a database, and back for a replay. */
#ifndef PROVA_TOOLS_RUN_OPTIONS_H
#define PROVA_TOOLS_RUN_OPTIONS_H

#include "tools/tool.h"

struct run_options {
    char *scenario, *monitor, *guest, *kernel, *initrd, *append, *entry, *seed, *cpus, *memory;
    char *tlb, **settings, *background, *starts;
    char *limit_insns, *limit_events, *limit_time;
    char *snapshots; /* no part of a database: it changes nothing that is recorded */
    /* Of one run only, no option of run --all: */
    char *input, *input_after, *interactive; /* interactive: "yes" or NULL */
};

/* The first RUN_OPTIONS_IMAGES are the monitor and the guest. */
enum { RUN_OPTIONS_ENTRIES = 17, RUN_OPTIONS_IMAGES = 2 };
/* Fills entries (not the terminating one) that store into options. */
void run_options_entries(struct run_options *options, GOptionEntry entries[RUN_OPTIONS_ENTRIES]);
void run_options_clear(struct run_options *options);

/*
 * Checks the words and fills the request; strings stay owned by options and *image_dir. False and
 * error if one is wrong.
 */
bool run_options_request(struct run_options *options, const char *image_dir,
                         struct run_request *request, GError **error);

/* As the database keeps them; run gives what the options do not say. g_free(). */
char *run_options_json(const struct run_options *options, const struct run *run);

/* From a database's text; *scenario_text, *monitor_name may become NULL. g_free() each. */
bool run_options_from_json(const char *json, struct run_options *options, char **scenario_text,
                           char **monitor_name);

#endif
