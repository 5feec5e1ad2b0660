/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run looks like for people. */
#ifndef PROVA_TOOLS_REPORT_H
#define PROVA_TOOLS_REPORT_H

#include "tools/tool.h"

/* Title, inputs with the start of their SHA-256, seed, size. */
void report_inputs(const struct run *run);
/* How the run ended; diagnosis says why, if it ended badly. */
void report_end(struct run *run, bool diagnosis);
/* The table of verdicts; without details only what is not as expected. */
void report_verdicts(struct run *run, bool details);
/* Hash, and the sentence that the exit code stands for. */
void report_result(struct run *run);

/* The file can be written and is nothing but an earlier report; asked before the run too. */
bool report_junit_check(const char *path, GError **error);
/* JUnit XML of the verdicts; an earlier report is replaced when the new one is complete. */
bool report_junit(struct run *run, const char *path, GError **error);

/* How every such file starts. */
extern const char report_junit_start[];
/* Text for XML 1.0, which has no control characters but tab and line feed, escaped or not. */
char *report_xml_text(const char *text);

/* One event in words. */
void event_describe(const struct event *event, GString *out);

#endif
