/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's measurement register, a SHA-512 chain (docs/monitor.md, "Measurement"):
 *   PCR_0 = SHA-512(initial guest image and its configuration)
 *   PCR_n = SHA-512(PCR_(n-1) || 64 bytes of ExtendPCR)
 */
#ifndef MONITOR_PCR_H
#define MONITOR_PCR_H

#include <stdint.h>

#include "monitor/lock.h"
#include "monitor/svsm.h"

struct cpu;

struct pcr {
    struct lock lock;
    uint8_t value[SVSM_PCR_BYTES];
    uint64_t extensions;
};

/* PCR_0: for each image range in INFO's order its GPA and length (u64 each) and its bytes, then
 * guest_entry (u64) and guest_vmpl (u64). Before the image is granted to anybody. */
void pcr_start(struct cpu *cpu);

void pcr_extend(struct pcr *pcr, const uint8_t data[SVSM_PCR_BYTES]);
/* The value, and how many extensions it has gone through: of one moment. */
uint64_t pcr_read(struct pcr *pcr, uint8_t value[SVSM_PCR_BYTES]);

#endif
