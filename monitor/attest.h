/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's attestation report over nonce and measurement register. */
#ifndef MONITOR_ATTEST_H
#define MONITOR_ATTEST_H

#include <stdint.h>

#include "monitor/svsm.h"

struct cpu;

/* REPORT_DATA = SHA-512(nonce || PCR), VMPL 0. SVSM_FIRMWARE if the channel gives none. */
enum svsm_result attest_report(struct cpu *cpu, const uint8_t nonce[SVSM_NONCE_BYTES],
                               uint8_t report[SVSM_REPORT_BYTES]);

#endif
