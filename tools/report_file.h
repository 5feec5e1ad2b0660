/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as a file: its bytes (struct report), or any text with hexadecimal lines between
 * REPORT_TEXT_BEGIN and REPORT_TEXT_END, such as what prova run printed. Of several the last one.
 */
#ifndef PROVA_TOOLS_REPORT_FILE_H
#define PROVA_TOOLS_REPORT_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "monitor/report_abi.h"

/* name is for messages. */
bool report_file_parse(const char *name, const char *bytes, size_t len, struct report *out,
                       GError **error);

/* Exactly len bytes of hexadecimal digits. */
bool report_hex_parse(const char *text, uint8_t *out, size_t len);

#endif
