/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the certificates of a report come from: files, what came with the report, the chip. */
#ifndef PROVA_TOOLS_REPORT_CHAIN_H
#define PROVA_TOOLS_REPORT_CHAIN_H

#include "tools/report_file.h"

struct report_chain {
    char *ark, *certs, *seed; /* options; NULL: not given */
    struct psp_certs chip;    /* the emulated chip's, with the root of ark if given */
    struct psp_certs file;    /* of certs */
};

/* Reads the files. */
bool report_chain_read(struct report_chain *chain, GError **error);

/* The certificates for a report: VCEK and ASK of the file, else those that came with it, else those
 * of the emulated chip. The root is never one of the first two. path is for messages. */
bool report_chain_for(const struct report_chain *chain, const char *path,
                      const struct report_item *item, struct psp_certs *out, GError **error);

#endif
