/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An automatic exit as the hypervisor sees it, decoded: the exit code, and for VMGEXIT what the
 * GHCB MSR or the GHCB page asks for. Decoding reads shared memory only.
 */
#ifndef PROVA_EMU_EXIT_H
#define PROVA_EMU_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/vcpu.h"

/* GHCB MSR protocol requests (56421 section 2.3.1), info field. */
enum ghcb_msr_request {
    GHCB_MSR_SEV_INFO_REQ = 0x002,
    GHCB_MSR_CPUID_REQ = 0x004,
    GHCB_MSR_AP_RESET_HOLD = 0x006,
    GHCB_MSR_PREF_GPA_REQ = 0x010,
    GHCB_MSR_REGISTER_REQ = 0x012,
    GHCB_MSR_PSC_REQ = 0x014,
    GHCB_MSR_RUN_VMPL_REQ = 0x016,
    GHCB_MSR_HV_FEATURES_REQ = 0x080,
    GHCB_MSR_TERMINATE = 0x100,
};

/* NAE events that are not plain SVM exit codes (56421 section 4.1). */
enum ghcb_nae {
    GHCB_NAE_RDTSC = 0x6e,
    GHCB_NAE_CPUID = 0x72,
    GHCB_NAE_IOIO = 0x7b,
    GHCB_NAE_MSR = 0x7c,
    GHCB_NAE_VMMCALL = 0x81,
    GHCB_NAE_RDTSCP = 0x87,
    GHCB_NAE_WBINVD = 0x89,
    GHCB_NAE_MMIO_READ = 0x80000001,
    GHCB_NAE_MMIO_WRITE = 0x80000002,
    GHCB_NAE_NMI_COMPLETE = 0x80000003,
    GHCB_NAE_AP_RESET_HOLD = 0x80000004,
    GHCB_NAE_AP_JUMP_TABLE = 0x80000005,
    GHCB_NAE_PSC = 0x80000010,
    GHCB_NAE_GUEST_REQUEST = 0x80000011,
    GHCB_NAE_EXT_GUEST_REQUEST = 0x80000012,
    GHCB_NAE_AP_CREATION = 0x80000013,
    GHCB_NAE_HV_DOORBELL = 0x80000014,
    GHCB_NAE_HV_IPI = 0x80000015,
    GHCB_NAE_HV_TIMER = 0x80000016,
    GHCB_NAE_APIC_ID_LIST = 0x80000017,
    GHCB_NAE_RUN_VMPL = 0x80000018,
    GHCB_NAE_HV_FEATURES = 0x8000fffd,
    GHCB_NAE_TERMINATE = 0x8000fffe,
};

/* What happened, in one word, for scripts and messages. */
enum hv_exit_kind {
    HV_EXIT_INTR,
    HV_EXIT_HLT,
    HV_EXIT_SHUTDOWN,
    HV_EXIT_NPF,
    HV_EXIT_INVALID,           /* VMRUN refused after all */
    HV_EXIT_MSR_PROTOCOL,      /* VMGEXIT with an MSR request not listed below */
    HV_EXIT_PAGE_STATE_CHANGE, /* by MSR or by list */
    HV_EXIT_RUN_VMPL,
    HV_EXIT_TERMINATE,
    HV_EXIT_IOIO,
    HV_EXIT_GUEST_REQUEST,
    HV_EXIT_AP_CREATION,
    HV_EXIT_NAE,      /* any other GHCB page event */
    HV_EXIT_BAD_GHCB, /* VMGEXIT with a GHCB address that is not readable shared memory */
    HV_EXIT_OTHER,
};

struct hv_exit {
    uint32_t cpu;
    uint8_t vmpl; /* as the hypervisor knows it: of the VMSA it ran (its bookkeeping) */
    uint64_t vmsa_spa;
    enum hv_exit_kind kind;
    uint64_t code, info1, info2; /* SVM exit code, EXITINFO1/2 (info2 = GPA of a nested fault) */
    uint64_t ghcb_msr;
    /* GHCB page protocol: */
    bool page_protocol;
    uint64_t ghcb_gpa, ghcb_spa;
    uint64_t nae, nae_info1, nae_info2, nae_scratch, nae_rax, nae_rbx, nae_rcx, nae_rdx;
    uint8_t valid_bitmap[16];
    /* PAGE_STATE_CHANGE, first (or only) entry: */
    uint64_t psc_gpa;
    uint8_t psc_op; /* 1 private, 2 shared, 3 PSMASH, 4 UNSMASH */
    enum page_size psc_size;
    uint32_t psc_count; /* entries in the list, 1 for MSR */
    /* RUN_VMPL: */
    uint8_t target_vmpl;
    /* TERMINATE: */
    uint8_t reason_set, reason_code;
};

const char *hv_exit_kind_name(enum hv_exit_kind kind);

#endif
