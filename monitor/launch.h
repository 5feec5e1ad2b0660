/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the launcher hands over (docs/launch-abi.md). INFO is measured and trusted once its magic
 * fits; PARAMS is the hypervisor's and is checked field by field before use (launch_check.h).
 */
#ifndef MONITOR_LAUNCH_H
#define MONITOR_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    LAUNCH_RANGES_MAX = 64,
    LAUNCH_CPUS_MAX = 16,
    LAUNCH_INFO_VERSION = 2,
    LAUNCH_PARAMS_VERSION = 1,
    LAUNCH_RANGE_RAM = 1,
};

#define LAUNCH_INFO_MAGIC   UINT64_C(0x4f464e494c504e53) /* "SNPLINFO" */
#define LAUNCH_PARAMS_MAGIC UINT64_C(0x4d5241504c504e53) /* "SNPLPARM" */

struct launch_range {
    uint64_t gpa;
    uint64_t bytes;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct launch_range) == 24, "24 bytes a range");

struct launch_info {
    uint64_t magic;
    uint32_t version;
    uint32_t guest_vmpl;
    uint64_t monitor_gpa, monitor_bytes;
    uint64_t guest_entry;        /* 0: no guest */
    uint64_t guest_block_gpa;    /* where the boot block is to lie; 0: the monitor chooses */
    uint64_t guest_boot_gpa;     /* RSI of the guest's first vCPU; 0: none */
    uint64_t guest_sev_features; /* of every VMSA of the guest */
    uint32_t range_count;
    uint32_t reserved;
    struct launch_range range[LAUNCH_RANGES_MAX];
};
_Static_assert(sizeof(struct launch_info) == 72 + 64 * 24, "launch_info");

struct launch_params {
    uint64_t magic;
    uint32_t version;
    uint32_t vcpu_count;
    uint32_t apic_id[LAUNCH_CPUS_MAX];
    uint32_t range_count;
    uint32_t reserved;
    struct launch_range range[LAUNCH_RANGES_MAX];
};
_Static_assert(sizeof(struct launch_params) == 88 + 64 * 24, "launch_params");

#endif
