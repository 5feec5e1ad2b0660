/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports (docs/attestation.md). The monitor makes a key of its own at start-up; the firmware's
 * report vouches for the key, and the key signs nonce and measurement register.
 */
#ifndef MONITOR_ATTEST_H
#define MONITOR_ATTEST_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/report_abi.h"
#include "monitor/svsm.h"

struct cpu;
struct psp_certs;
struct random;

/* Written during start-up, only read afterwards: needs no lock. */
struct attest {
    struct report_key key;                    /* public */
    uint8_t key_hash[SVSM_REPORT_DATA_BYTES]; /* of key: REPORT_DATA */
    uint8_t *scalar;                          /* private; big endian, alone in its page */
};

/* Start-up: the key pair. */
void attest_start(struct cpu *cpu, struct random *random);

/* The firmware's report for VMPL 0 over report_data, and the hypervisor's certificates unless certs
 * is NULL. SVSM_FIRMWARE if the channel gives none. */
enum svsm_result attest_firmware_report(struct cpu *cpu,
                                        const uint8_t report_data[SVSM_REPORT_DATA_BYTES],
                                        uint8_t report[REPORT_FIRMWARE_BYTES],
                                        struct psp_certs *certs);

/* Both reports over nonce and the measurement register as it is now. */
enum svsm_result attest_report(struct cpu *cpu, const uint8_t nonce[REPORT_NONCE_BYTES],
                               struct report *report);

#endif
