/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's calls as functions: they put the arguments in place and return the result code. */
#ifndef MONITOR_GUEST_ASK_H
#define MONITOR_GUEST_ASK_H

#include "monitor/guest/runtime.h"

/* SetPageShared, SetPagePrivate of a range. */
uint32_t ask_share(struct guest *guest, const void *start, uint64_t pages);
uint32_t ask_private(struct guest *guest, const void *start, uint64_t pages);

/* The same again as long as another vCPU is at work on the pages. */
uint32_t ask_share_patiently(struct guest *guest, const void *start, uint64_t pages);
uint32_t ask_private_patiently(struct guest *guest, const void *start, uint64_t pages);

/* ExtendPCR with 64 bytes of this value. */
uint32_t ask_extend(struct guest *guest, uint8_t value);

/* Attest with a nonce of 64 bytes of this value; *bytes gets RCX. */
uint32_t ask_attest(struct guest *guest, uint64_t gpa, uint64_t room, uint8_t nonce,
                    uint64_t *bytes);

/* LockKernel of the list at gpa, until it is complete or refused; waits for other vCPUs' calls. */
uint32_t ask_lock(struct guest *guest, uint64_t gpa);

/* LockKernel with one range of kernel code. */
uint32_t ask_lock_range(struct guest *guest, const void *start, uint64_t bytes);

/* QUERY_PROTOCOL for version 1: RCX, or all ones if the call fails. */
uint64_t ask_protocol(struct guest *guest, uint32_t protocol);

#endif
