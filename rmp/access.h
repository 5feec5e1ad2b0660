/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The access check in its architectural order (APM 2 15.36.10, table 15-39): RMP checks come after
 * both page walks; coverage/assignment/ASID/GPA/immutable/size first, then validated, then the VMPL
 * permission. Three outcomes: allowed (DONE), guest exception (VC 0x404), nested page fault (NPF
 * with exact EXITINFO1).
 */
#ifndef PROVA_RMP_ACCESS_H
#define PROVA_RMP_ACCESS_H

#include "rmp/insn.h"

enum rmp_access_type {
    RMP_ACCESS_READ,
    RMP_ACCESS_WRITE,
    RMP_ACCESS_FETCH,
    RMP_ACCESS_SSS_READ,
    RMP_ACCESS_SSS_WRITE,
};

/* Page-fault code of a nested page fault: EXITINFO1 (APM 2 15.36.10, 15.25.6). */
#define NPF_P (UINT64_C(1) << 0)
#define NPF_W (UINT64_C(1) << 1)
#define NPF_U (UINT64_C(1) << 2)
#define NPF_RSVD (UINT64_C(1) << 3)
#define NPF_ID (UINT64_C(1) << 4)
#define NPF_SS (UINT64_C(1) << 6)
#define NPF_RMP (UINT64_C(1) << 31)
#define NPF_FINAL (UINT64_C(1) << 32)
#define NPF_TABLE (UINT64_C(1) << 33)
#define NPF_ENC (UINT64_C(1) << 34)
#define NPF_SIZEM (UINT64_C(1) << 35)
#define NPF_VMPL (UINT64_C(1) << 36)
#define NPF_SSS (UINT64_C(1) << 37)

#define VC_PAGE_NOT_VALIDATED 0x404u

struct rmp_access {
    enum rmp_access_type type;
    bool table; /* part of a guest page-table walk (always C=1, 4 KiB; A/D update is a WRITE) */
};

/*
 * The check for an SNP-active guest. Base NPF bits (P, W, U, ID, FINAL/TABLE, ENC) are filled in.
 */
struct rmp_outcome rmp_access_check(const struct rmp *rmp, const struct rmp_config *config,
                                    const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                                    const struct rmp_access *access);

/*
 * Which enum rmp_perm bits of the access's page a VMPL may use (0 if any earlier check fails). For
 * xlat->c == 0: R, and W if hypervisor-owned (a fetch is private: ask with c set). W is missing on
 * an in-use page, so that every store to it comes to rmp_access_check(), which knows the config.
 */
uint8_t rmp_access_perms(const struct rmp *rmp, const struct rmp_caller *caller,
                         const struct rmp_xlat *xlat);

/* Host data write of APM 2 15.36.10: true if the page is hypervisor-owned, else #PF with bit 31. */
bool rmp_host_write_allowed(const struct rmp *rmp, uint64_t spa, uint64_t len);

/* The EXITINFO1 base bits of an access, also used for plain (non-RMP) nested faults. */
uint64_t npf_base_bits(const struct rmp_access *access, bool user, bool c);

#endif
