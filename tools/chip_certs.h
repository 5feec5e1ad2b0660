/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate chain of the chip that a run with a seed has. */
#ifndef PROVA_TOOLS_CHIP_CERTS_H
#define PROVA_TOOLS_CHIP_CERTS_H

#include <glib.h>
#include <stdbool.h>

#include "psp/certs.h"

/* seed: as given to an option; NULL for the one that a run has without it. */
bool chip_certs(const char *seed, struct psp_certs *out, GError **error);

#endif
