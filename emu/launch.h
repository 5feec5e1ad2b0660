/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launch of an ELF monitor with its guest image, command by command as a host does it
 * (docs/launch-abi.md, SEV-SNP ABI 56860 chapter 8). Implements machine_launch() of emu/machine.h.
 */
#ifndef PROVA_EMU_LAUNCH_H
#define PROVA_EMU_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LAUNCH_RANGES_MAX = 64,
    LAUNCH_CPUS_MAX = 16,
    LAUNCH_INFO_VERSION = 2,
    LAUNCH_PARAMS_VERSION = 1,
};

enum launch_range_type {
    LAUNCH_RANGE_RAM = 1 /* PARAMS */,
    LAUNCH_RANGE_GUEST_IMAGE = 1 /* INFO */
};

struct launch_range {
    uint64_t gpa, bytes;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct launch_range) == 24, "launch ABI");

#define LAUNCH_INFO_MAGIC   UINT64_C(0x4f464e494c504e53) /* "SNPLINFO" */
#define LAUNCH_PARAMS_MAGIC UINT64_C(0x4d5241504c504e53) /* "SNPLPARM" */

struct launch_info {
    uint64_t magic;
    uint32_t version;
    uint32_t guest_vmpl;
    uint64_t monitor_gpa, monitor_bytes;
    uint64_t guest_entry;
    uint64_t guest_block_gpa, guest_boot_gpa, guest_sev_features;
    uint32_t range_count;
    uint32_t reserved;
    struct launch_range range[LAUNCH_RANGES_MAX];
};
_Static_assert(sizeof(struct launch_info) == 72 + 24 * LAUNCH_RANGES_MAX, "launch ABI");

struct launch_params {
    uint64_t magic;
    uint32_t version;
    uint32_t vcpu_count;
    uint32_t apic_id[LAUNCH_CPUS_MAX];
    uint32_t range_count;
    uint32_t reserved;
    struct launch_range range[LAUNCH_RANGES_MAX];
};
_Static_assert(sizeof(struct launch_params) == 88 + 24 * LAUNCH_RANGES_MAX, "launch ABI");

#define LAUNCH_VMSA_GPA       UINT64_C(0xfffffffff000)
#define LAUNCH_EXTRA_VMSA_GPA UINT64_C(0xffffffffe000)

/* What the hypervisor puts into one function of the CPUID page: given bit 0 is EAX, ... 3 EDX. */
struct launch_cpuid {
    uint32_t leaf, subleaf;
    uint32_t given;
    uint32_t value[4];
};
enum { LAUNCH_CPUID_MAX = 32 };

/* Where the launch does not do or say what an honest hypervisor does; all zero: nowhere. */
struct launch_lies {
    bool map_given;      /* PARAMS has this memory map */
    uint32_t map_count;
    struct launch_range map[LAUNCH_RANGES_MAX];
    uint32_t apic_ids;   /* of PARAMS; the other processors have their own */
    uint32_t apic_id[LAUNCH_CPUS_MAX];
    uint32_t cpuid_count;
    struct launch_cpuid cpuid[LAUNCH_CPUID_MAX];
    bool policy_debug;   /* the guest policy allows debugging */
    bool extra_vmsa;     /* a second VMSA of VMPL0 like the first, at LAUNCH_EXTRA_VMSA_GPA */
};

#endif
