/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Architectural constants and layouts of SEV-SNP that the monitor uses: MSRs, instruction operands,
 * VMSA, secrets page, CPUID page. Sections are those of APM 2, SEV-SNP ABI 56860 and SVSM 58019.
 */
#ifndef MONITOR_SNP_H
#define MONITOR_SNP_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES       UINT64_C(4096)
#define LARGE_PAGE_BYTES UINT64_C(0x200000)
enum { PAGE_SHIFT = 12, PAGES_PER_LARGE_PAGE = 512, VMPL_COUNT = 4 };

enum msr_number {
    MSR_EFER_NUMBER = 0xc0000080,
    MSR_FS_BASE = 0xc0000100,
    MSR_GHCB = 0xc0010130,       /* APM 2 15.35.7 */
    MSR_SEV_STATUS = 0xc0010131, /* APM 2 15.34.10 */
};

/* SEV_STATUS, APM 2 15.34.10: bit n+2 is SEV_FEATURES bit n of the running VMSA. */
enum sev_status_bit {
    SEV_STATUS_SEV = 1 << 0,
    SEV_STATUS_ES = 1 << 1,
    SEV_STATUS_SNP = 1 << 2,
    SEV_STATUS_RESTRICTED_INJECTION = 1 << 5,
    SEV_STATUS_DEBUG_SWAP = 1 << 7,
    SEV_STATUS_NO_HOST_IBS = 1 << 8,
    SEV_STATUS_BTB_ISOLATION = 1 << 9,
    SEV_STATUS_SECURE_TSC = 1 << 11,
    SEV_STATUS_SMT_PROTECTION = 1 << 17,
    SEV_STATUS_IBPB_ON_ENTRY = 1 << 23,
};
/* What the monitor can live with, in its own VMSA and in the guest's; anything else changes how
 * memory, exits or VMSAs behave. */
enum {
    SEV_STATUS_NEEDED = SEV_STATUS_SEV | SEV_STATUS_ES | SEV_STATUS_SNP,
    SEV_STATUS_ACCEPTED = SEV_STATUS_NEEDED | SEV_STATUS_RESTRICTED_INJECTION |
                          SEV_STATUS_DEBUG_SWAP | SEV_STATUS_NO_HOST_IBS |
                          SEV_STATUS_BTB_ISOLATION | SEV_STATUS_SECURE_TSC |
                          SEV_STATUS_SMT_PROTECTION | SEV_STATUS_IBPB_ON_ENTRY,
    SEV_STATUS_FEATURES_SHIFT = 2,
    SEV_FEATURES_ACCEPTED = SEV_STATUS_ACCEPTED >> SEV_STATUS_FEATURES_SHIFT,
};
#define SEV_FEATURE_SNP_ACTIVE           (UINT64_C(1) << 0)
#define SEV_FEATURE_RESTRICTED_INJECTION (UINT64_C(1) << 3)

/* VMPL permission mask, APM 2 15.36.7. */
enum vmpl_permission {
    VMPL_READ = 1,
    VMPL_WRITE = 2,
    VMPL_EXECUTE_USER = 4,
    VMPL_EXECUTE_SUPERVISOR = 8,
    VMPL_NOTHING = 0,
    VMPL_RWX = 15,
};

/* EAX of PVALIDATE and RMPADJUST, APM 3. */
enum rmp_code {
    RMP_CODE_OK = 0,
    RMP_CODE_FAIL_INPUT = 1,
    RMP_CODE_FAIL_PERMISSION = 2,
    RMP_CODE_SIZE_MISMATCH = 6,
};

enum page_bytes_kind { PAGE_4K = 0, PAGE_2M = 1 };

/* Segment register in the VMSA, APM 2 appendix B table B-4. */
struct vmsa_segment {
    uint16_t selector;
    uint16_t attributes; /* descriptor bits 55:52 and 47:40 */
    uint32_t limit;
    uint64_t base;
};
_Static_assert(sizeof(struct vmsa_segment) == 16, "16 bytes a segment");

/* VMSA, APM 2 appendix B table B-4. Reserved space is named by its offset. */
struct vmsa {
    struct vmsa_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint8_t reserved_0a0[0x0ca - 0x0a0];
    uint8_t vmpl;
    uint8_t cpl;
    uint8_t reserved_0cc[4];
    uint64_t efer;
    uint8_t reserved_0d8[0x148 - 0x0d8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved_180[0x1d8 - 0x180];
    uint64_t rsp;
    uint8_t reserved_1e0[0x1f8 - 0x1e0];
    uint64_t rax;
    uint8_t reserved_200[0x268 - 0x200];
    uint64_t guest_pat;
    uint8_t reserved_270[0x308 - 0x270];
    uint64_t rcx, rdx, rbx;
    uint8_t reserved_320[8];
    uint64_t rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint8_t reserved_380[0x390 - 0x380];
    uint64_t guest_exit_info_1, guest_exit_info_2, guest_exit_int_info, guest_nrip;
    uint64_t sev_features, vintr_ctrl, guest_exit_code, virtual_tom;
    uint64_t tlb_id, pcpu_id;
    uint64_t event_inj, xcr0;
    uint8_t reserved_3f0[0x408 - 0x3f0];
    uint32_t mxcsr;
    uint16_t x87_ftw, x87_fsw, x87_fcw;
    uint8_t reserved_412[4096 - 0x412];
};
_Static_assert(offsetof(struct vmsa, vmpl) == 0x0ca, "VMPL");
_Static_assert(offsetof(struct vmsa, efer) == 0x0d0, "EFER");
_Static_assert(offsetof(struct vmsa, cr4) == 0x148, "CR4");
_Static_assert(offsetof(struct vmsa, rflags) == 0x170, "RFLAGS");
_Static_assert(offsetof(struct vmsa, rsp) == 0x1d8, "RSP");
_Static_assert(offsetof(struct vmsa, rax) == 0x1f8, "RAX");
_Static_assert(offsetof(struct vmsa, guest_pat) == 0x268, "G_PAT");
_Static_assert(offsetof(struct vmsa, rcx) == 0x308, "RCX");
_Static_assert(offsetof(struct vmsa, rbp) == 0x328, "RBP");
_Static_assert(offsetof(struct vmsa, r15) == 0x378, "R15");
_Static_assert(offsetof(struct vmsa, guest_exit_info_1) == 0x390, "EXITINFO1");
_Static_assert(offsetof(struct vmsa, sev_features) == 0x3b0, "SEV_FEATURES");
_Static_assert(offsetof(struct vmsa, guest_exit_code) == 0x3c0, "EXITCODE");
_Static_assert(offsetof(struct vmsa, pcpu_id) == 0x3d8, "PCPU_ID");
_Static_assert(offsetof(struct vmsa, xcr0) == 0x3e8, "XCR0");
_Static_assert(offsetof(struct vmsa, mxcsr) == 0x408, "MXCSR");
_Static_assert(offsetof(struct vmsa, x87_fcw) == 0x410, "FCW");
_Static_assert(sizeof(struct vmsa) == 4096, "a VMSA is a page");

#define EFER_LME          (UINT64_C(1) << 8)
#define EFER_LMA          (UINT64_C(1) << 10)
#define EFER_NXE          (UINT64_C(1) << 11)
#define EFER_SVME         (UINT64_C(1) << 12)
#define EXIT_CODE_VMGEXIT UINT64_C(0x403)
#define VINTR_CTRL_BUSY   (UINT64_C(1) << 63)

enum { VMPCK_BYTES = 32 };

/* Secrets page, SEV-SNP ABI 56860 table "Secrets page"; 0x140-0x15f are the SVSM's (58019 2). */
struct secrets_page {
    uint32_t version;
    uint32_t flags;
    uint32_t fms;
    uint32_t reserved_00c;
    uint8_t gosvw[16];
    uint8_t vmpck[VMPL_COUNT][VMPCK_BYTES];
    uint8_t guest_os_area[0x60];
    uint8_t vmsa_tweak_bitmap[64];
    uint64_t svsm_base;
    uint64_t svsm_bytes;
    uint64_t svsm_calling_area;
    uint32_t svsm_max_version;
    uint8_t svsm_guest_vmpl;
    uint8_t reserved_15d[3];
    uint32_t tsc_factor;
    uint8_t reserved_164[4096 - 0x164];
};
_Static_assert(offsetof(struct secrets_page, vmpck) == 0x20, "VMPCK0");
_Static_assert(offsetof(struct secrets_page, guest_os_area) == 0xa0, "guest area");
_Static_assert(offsetof(struct secrets_page, svsm_base) == 0x140, "SVSM_BASE");
_Static_assert(offsetof(struct secrets_page, svsm_guest_vmpl) == 0x15c, "SVSM_GUEST_VMPL");
_Static_assert(sizeof(struct secrets_page) == 4096, "the secrets page is a page");

/* CPUID page, SEV-SNP ABI 56860 section 8.17. */
enum { CPUID_PAGE_ENTRIES_MAX = 64 };
struct cpuid_page_entry {
    uint32_t eax_in, ecx_in;
    uint64_t xcr0_in, xss_in;
    uint32_t eax, ebx, ecx, edx;
    uint64_t reserved;
};
_Static_assert(sizeof(struct cpuid_page_entry) == 48, "48 bytes a function");

struct cpuid_page {
    uint32_t count;
    uint32_t reserved_04;
    uint64_t reserved_08;
    struct cpuid_page_entry entry[CPUID_PAGE_ENTRIES_MAX];
    uint8_t reserved_c10[4096 - 16 - 48 * CPUID_PAGE_ENTRIES_MAX];
};
_Static_assert(sizeof(struct cpuid_page) == 4096, "the CPUID page is a page");

#endif
