/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device emulation for DEFECT_MMIO_PRIVATE (defect.h): the correct monitor has no device memory, so
 * none of this is linked into it.
 */
#ifndef MONITOR_DEFECT_MMIO_H
#define MONITOR_DEFECT_MMIO_H

#include <stdbool.h>

struct cpu;
struct fault_frame;

/*
 * Sends the bytes that a REP MOVSQ would have stored to the hypervisor as an MMIO write, and moves
 * the frame past the instruction. Asks neither where they go nor what they are. False: another
 * instruction, or more bytes than the GHCB's buffer takes.
 */
bool defect_mmio_forward(struct cpu *cpu, struct fault_frame *frame);

#endif
