/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's and the emulator's `struct vmsa` have one name: this keeps them apart. */
#ifndef PROVA_TESTS_MONITOR_VMSA_H
#define PROVA_TESTS_MONITOR_VMSA_H

#include <stdbool.h>
#include <stdint.h>

/* The VMSA that the monitor makes for a guest, ready to run. */
void monitor_vmsa_make(uint8_t page[4096], uint64_t entry, uint64_t cr3, uint64_t boot,
                       uint64_t features, uint8_t vmpl);
/* While a call is served. */
void monitor_vmsa_seize(uint8_t page[4096]);

/* guest_vmsa_check() of a page, for that VMPL and those features. */
bool monitor_vmsa_check(const uint8_t page[4096], unsigned vmpl, uint64_t features);

#endif
