/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a verb reads whole. */
#ifndef PROVA_TOOLS_INPUT_FILE_H
#define PROVA_TOOLS_INPUT_FILE_H

#include <glib.h>
#include <stdbool.h>

enum { INPUT_FILE_BYTES_MAX = 64 << 20 };

/*
 * The contents of a file, pipe or device, or of standard input for "-". More than
 * INPUT_FILE_BYTES_MAX is an error, so that /dev/zero ends too. Free *bytes with g_free().
 */
bool input_file_read(const char *path, char **bytes, size_t *len, GError **error);

#endif
