/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest finds when it starts (docs/monitor.md, "How the guest starts"): 64-bit mode, RDI =
 * GPA of this structure, RSP 0, page tables that map the first 4 GiB one to one (2 MiB pages,
 * C-bit set), which are the guest's own to change.
 */
#ifndef MONITOR_GUEST_ABI_H
#define MONITOR_GUEST_ABI_H

#include <stdint.h>

#include "monitor/launch.h"

#define GUEST_BOOT_MAGIC UINT64_C(0x4f464e4954534547) /* "GESTINFO" */
enum { GUEST_BOOT_VERSION = 1 };

struct guest_boot {
    uint64_t magic;
    uint32_t version;
    uint32_t vmpl;
    uint32_t c_bit;
    uint32_t vcpu_count;
    uint32_t apic_id[LAUNCH_CPUS_MAX];
    uint64_t block_gpa, block_bytes; /* all pages that this structure names lie in this block */
    uint64_t secrets_gpa;            /* secrets page without the keys of more privileged VMPLs */
    uint64_t cpuid_gpa;              /* copy of the CPUID page */
    uint64_t calling_area_gpa;       /* of the first vCPU */
    uint64_t page_tables_gpa;        /* root; six pages */
    uint64_t monitor_gpa, monitor_bytes;
    uint32_t range_count;
    uint32_t reserved;
    struct launch_range range[LAUNCH_RANGES_MAX]; /* RAM; the monitor's memory may lie inside */
};
_Static_assert(sizeof(struct guest_boot) <= 4096, "one page");

/* How a guest ends the run: GHCB MSR termination request (0x100). */
enum guest_end_set {
    GUEST_END_SET_OK = 0,     /* with code 0: all well */
    GUEST_END_SET_FAILED = 1, /* the code is the number of checks that failed, at most 255 */
};

#endif
