/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports from a file: the bytes of one, or any text in which a guest printed some, such as what
 * prova run printed:
 *
 *   hexadecimal lines between REPORT_TEXT_BEGIN and REPORT_TEXT_END, struct report; of several the
 *   last one;
 *   base64 lines between "-----BEGIN PROVA NAME REPORT-----" and the END of it, the firmware's
 *   report; behind it perhaps NAME MANIFEST and NAME AUX in the same way.
 */
#ifndef PROVA_TOOLS_REPORT_FILE_H
#define PROVA_TOOLS_REPORT_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "psp/verify.h"

#define REPORT_NAME_ATTEST   "MONITOR" /* of reports that have no name */
#define REPORT_NAME_FIRMWARE "GUEST"
#define REPORT_NAME_SVSM     "SVSM"

struct report_item {
    char *name;
    bool attest;
    struct report report; /* only its firmware part unless attest */
    GByteArray *manifest; /* of the SVSM attestation protocol, else NULL */
    GByteArray *aux;      /* certificate table, else NULL */
};

void report_item_free(struct report_item *item);

/* Borrows from the item. */
struct psp_evidence report_item_evidence(const struct report_item *item);

/* Those of a file, of struct report_item; at least one. name is for messages. NULL: *error. */
GPtrArray *report_file_parse(const char *name, const char *bytes, size_t len, GError **error);

/* The named ones of a text, added to items; false if a block is damaged. */
bool report_blocks_parse(const char *name, const char *bytes, size_t len, GPtrArray *items,
                         GError **error);

/* Hexadecimal digits, an even number; NULL if it is something else. */
GByteArray *report_hex_parse(const char *text);

#endif
