/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The six RMP instructions: PVALIDATE, RMPADJUST, RMPQUERY (guest), RMPUPDATE, PSMASH, RMPREAD
 * (host). Each is (RMP, operands) -> (RMP, outcome): pure, and the caller emits the event. The
 * order of the checks is architectural (APM 3, APM 2 15.36.5 ff.); where the manual is silent,
 * struct rmp_config says which reading is modelled.
 */
#ifndef PROVA_RMP_INSN_H
#define PROVA_RMP_INSN_H

#include "rmp/rmp.h"

/* EAX after an RMP instruction. */
enum rmp_rc {
    RMP_RC_SUCCESS = 0,
    RMP_RC_FAIL_INPUT = 1,
    RMP_RC_FAIL_PERMISSION = 2,
    RMP_RC_FAIL_INUSE = 3,
    RMP_RC_FAIL_OVERLAP = 4,
    RMP_RC_FAIL_SIZEMISMATCH = 6,
    RMP_RC_FAIL_NOT_QUALIFIED = 7, /* PSMASH: page does not qualify */
};

/* Open points of the architecture; the initialiser gives the defaults (docs/limits.md). */
enum rmp_pval_vmpl { RMP_PVAL_VMPL_GP, RMP_PVAL_VMPL_PERMISSION };
enum rmp_pval_c0 { RMP_PVAL_C0_PF, RMP_PVAL_C0_GP, RMP_PVAL_C0_FAIL_INPUT };
enum rmp_pval_npt { RMP_PVAL_NPT_READ, RMP_PVAL_NPT_WRITE };
enum rmp_inuse_write { RMP_INUSE_WRITE_NPF_RETRY, RMP_INUSE_WRITE_ALLOW };

struct rmp_config {
    enum rmp_pval_vmpl pval_vmpl;      /* PVALIDATE at VMPL > 0 */
    enum rmp_pval_c0 pval_c0;          /* PVALIDATE/RMPADJUST/RMPQUERY through a C=0 mapping */
    enum rmp_pval_npt pval_npt;        /* whether they need a writable nested mapping */
    enum rmp_inuse_write inuse_write;  /* a guest store to a VMSA page that is running */
};

#define RMP_CONFIG_DEFAULT                                                                         \
    (struct rmp_config)                                                                            \
    {                                                                                              \
        .pval_vmpl = RMP_PVAL_VMPL_GP, .pval_c0 = RMP_PVAL_C0_PF, .pval_npt = RMP_PVAL_NPT_READ,   \
        .inuse_write = RMP_INUSE_WRITE_NPF_RETRY                                                   \
    }

/* Who executes: for host instructions asid is 0. */
struct rmp_caller {
    uint32_t asid;
    uint8_t vmpl;
    uint8_t cpl;
    bool snp_active; /* SEV_FEATURES[0] of the running VMSA */
};

/*
 * The finished translation of the operand (both walks done and passed as a 1-byte read). npt_size
 * is the nested mapping's size; c is the effective C-bit.
 */
struct rmp_xlat {
    uint64_t gva;
    uint64_t gpa; /* without C-bit */
    uint64_t spa;
    enum page_size npt_size;
    bool npt_writable;
    bool c;
};

enum rmp_outcome_kind {
    RMP_OUT_DONE, /* eax (and cf) are valid; or: the access is allowed */
    RMP_OUT_UD,
    RMP_OUT_GP,  /* error code 0 */
    RMP_OUT_PF,  /* guest #PF, error_code, CR2 = gva */
    RMP_OUT_VC,  /* guest #VC, error_code (0x404), CR2 = gva */
    RMP_OUT_NPF, /* automatic exit 0x400, exitinfo1; EXITINFO2 = gpa */
};

struct rmp_outcome {
    enum rmp_outcome_kind kind;
    uint32_t eax;        /* enum rmp_rc */
    bool cf;             /* PVALIDATE: validated bit did not change */
    uint32_t error_code; /* PF, VC */
    uint64_t exitinfo1;  /* NPF, bits of rmp/access.h enum npf_bit */
    bool changed;        /* an entry was written (possibly with its old value) */
    uint64_t spa;        /* base of the entry that was addressed */
    enum page_size size; /* its size */
    struct rmp_entry before, after;
};

/* APM 3 PVALIDATE. ecx[0] = size, edx[0] = validate. cf and eax as in the manual. */
struct rmp_outcome rmp_pvalidate(struct rmp *rmp, const struct rmp_config *config,
                                 const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                                 uint32_t ecx, uint32_t edx);

/*
 * APM 3 RMPADJUST. rcx[0] = size, rdx[7:0] = target VMPL, [15:8] = mask, [16] = VMSA. All other
 * bits, the unused ones of the mask, and VMSA with a 2 MiB page (at any VMPL) are FAIL_INPUT.
 */
struct rmp_outcome rmp_adjust(struct rmp *rmp, const struct rmp_config *config,
                              const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                              uint64_t rcx, uint64_t rdx);

/* APM 3 RMPQUERY. On success *rcx gets the page size and *rdx the mask and VMSA bit. */
struct rmp_outcome rmp_query(const struct rmp *rmp, const struct rmp_config *config,
                             const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                             uint64_t *rcx, uint64_t *rdx);

/* Memory operand of RMPUPDATE and result of RMPREAD. */
struct rmp_operand {
    uint64_t gpa;
    uint8_t assigned;
    uint8_t size : 1;              /* enum page_size */
    uint8_t region_2m_status : 1;  /* RMPREAD only */
    uint8_t size_reserved : 6;
    uint8_t immutable;
    uint8_t reserved;
    uint32_t asid;
};
_Static_assert(sizeof(struct rmp_operand) == 16, "the RMPUPDATE operand is 16 bytes");

/*
 * The checks that guest instructions share before their own (undefined opcode, CPL, C-bit), so that
 * cpu/ can decide #UD and #GP before it walks. kind is DONE if execution may go on to the walk;
 * with eax not 0 (pval_vmpl = PERMISSION) the instruction is already finished with that code.
 */
struct rmp_outcome rmp_guest_insn_precheck(const struct rmp_config *config,
                                           const struct rmp_caller *caller, bool is_pvalidate);

/*
 * APM 3 RMPUPDATE, host. spa is RAX. Reserved bits of the operand, and a GPA or ASID that an entry
 * cannot hold, are FAIL_INPUT; GPA[11:0] are ignored.
 */
struct rmp_outcome rmp_update(struct rmp *rmp, const struct rmp_caller *caller, uint64_t spa,
                              const struct rmp_operand *operand);

/* APM 3 PSMASH, host. On success the region has 512 4 KiB entries; before/after show the base. */
struct rmp_outcome rmp_psmash(struct rmp *rmp, const struct rmp_caller *caller, uint64_t spa);

/*
 * APM 3 RMPREAD, host: the page's own entry, which inside an assigned 2 MiB page is {assigned, rest
 * 0}. region_2m_status: a 4 KiB page of the 2 MiB region, or all of it, is assigned.
 */
struct rmp_outcome rmp_read(const struct rmp *rmp, const struct rmp_caller *caller, uint64_t spa,
                            struct rmp_operand *out);

const char *rmp_rc_name(enum rmp_rc rc);

#endif
