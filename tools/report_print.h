/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What prova verify-report says of a report. */
#ifndef PROVA_TOOLS_REPORT_PRINT_H
#define PROVA_TOOLS_REPORT_PRINT_H

#include "psp/verify.h"

/* What holds, what fails; what is in the report only if nothing does (PSP_VERIFY_DONE). */
void report_print(const struct psp_evidence *evidence, const struct psp_verify_wanted *wanted,
                  enum psp_verify_step failed);

#endif
