/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GHCB MSR protocol (56421 section 2.3.1): values and fields, no action. */
#ifndef MONITOR_GHCB_MSR_H
#define MONITOR_GHCB_MSR_H

#include <stdint.h>

enum ghcb_msr_info {
    GHCB_MSR_SEV_INFO_RESPONSE = 0x001,
    GHCB_MSR_SEV_INFO = 0x002,
    GHCB_MSR_REGISTER = 0x012,
    GHCB_MSR_REGISTER_RESPONSE = 0x013,
    GHCB_MSR_PSC = 0x014,
    GHCB_MSR_PSC_RESPONSE = 0x015,
    GHCB_MSR_RUN_VMPL = 0x016,
    GHCB_MSR_RUN_VMPL_RESPONSE = 0x017,
    GHCB_MSR_FEATURES = 0x080,
    GHCB_MSR_FEATURES_RESPONSE = 0x081,
    GHCB_MSR_TERMINATE = 0x100,
    GHCB_MSR_INFO_MASK = 0xfff,
};

/* Hypervisor features, 56421 section 2.2. */
enum ghcb_hv_feature {
    GHCB_HV_SNP = 1 << 0,
    GHCB_HV_AP_CREATION = 1 << 1,
    GHCB_HV_RESTRICTED_INJECTION = 1 << 2,
    GHCB_HV_MULTI_VMPL = 1 << 5,
};

enum { GHCB_PROTOCOL_VERSION = 2 };

#endif
