/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report that is written to a file: only an older report of its kind is ever replaced. */
#ifndef PROVA_TOOLS_OUT_FILE_H
#define PROVA_TOOLS_OUT_FILE_H

#include <glib.h>
#include <stdbool.h>

/*
 * Whether option's file can be written: it is not there, or empty, or starts as reports of its kind
 * do. False and error otherwise.
 */
bool out_file_check(const char *option, const char *path, const char *start, GError **error);

/* Checks again and writes. */
bool out_file_write(const char *option, const char *path, const char *start, const GString *text,
                    GError **error);

#endif
