/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of the launch commands (SEV-SNP ABI 56860, SNP_LAUNCH_START, _UPDATE, _FINISH). The
 * structures of the ABI are exact; the command buffers are plain structs.
 */
#ifndef PROVA_PSP_LAUNCH_H
#define PROVA_PSP_LAUNCH_H

#include "psp/ecdsa.h"
#include "psp/measure.h"

/* Guest policy. */
#define PSP_POLICY_ABI_MINOR         UINT64_C(0xff)
#define PSP_POLICY_ABI_MAJOR         UINT64_C(0xff00)
#define PSP_POLICY_SMT               (UINT64_C(1) << 16)
#define PSP_POLICY_MUST_BE_ONE       (UINT64_C(1) << 17)
#define PSP_POLICY_MIGRATE_MA        (UINT64_C(1) << 18)
#define PSP_POLICY_DEBUG             (UINT64_C(1) << 19)
#define PSP_POLICY_SINGLE_SOCKET     (UINT64_C(1) << 20)
#define PSP_POLICY_CXL               (UINT64_C(1) << 21)
#define PSP_POLICY_AES_256_XTS       (UINT64_C(1) << 22)
#define PSP_POLICY_RAPL_DIS          (UINT64_C(1) << 23)
#define PSP_POLICY_CIPHERTEXT_HIDING (UINT64_C(1) << 24)
#define PSP_POLICY_PAGE_SWAP_DISABLE (UINT64_C(1) << 25)
/* SMT allowed, the bit that must be one, nothing else. */
#define PSP_POLICY_DEFAULT (PSP_POLICY_SMT | PSP_POLICY_MUST_BE_ONE)

struct psp_launch_start {
    uint64_t gctx_spa;
    uint64_t policy;
    bool ma_en; /* ma_gctx_spa is the guest's migration agent */
    uint64_t ma_gctx_spa;
    bool imi_en;
    uint8_t gosvw[16]; /* OS visible workarounds, copied to the secrets page */
};

struct psp_launch_update {
    uint64_t gctx_spa;
    uint64_t dst_spa; /* contents in the clear (raw view); Pre-Guest; the GPA is the RMP entry's */
    enum page_size page_size;
    uint8_t page_type; /* enum psp_page_type */
    bool imi;
    struct psp_perms perms; /* enum rmp_perm of VMPL1..3; VMPL0 always has all */
};

struct psp_id_block {
    uint8_t launch_digest[PSP_DIGEST_BYTES];
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t version; /* 1 */
    uint32_t guest_svn;
    uint64_t policy;
};
_Static_assert(sizeof(struct psp_id_block) == 0x60, "ABI ID block");

struct psp_id_auth {
    uint32_t id_key_algo;     /* PSP_ALGO_P384_SHA384 */
    uint32_t author_key_algo; /* PSP_ALGO_P384_SHA384 */
    uint8_t reserved1[0x38];
    struct psp_signature id_block_signature; /* by the ID key, over the ID block */
    struct psp_public_key id_key;
    uint8_t reserved2[0x3c];
    struct psp_signature id_key_signature; /* by the author key, over id_key */
    struct psp_public_key author_key;
    uint8_t reserved3[0x37c];
};
_Static_assert(sizeof(struct psp_id_auth) == 0x1000, "ABI ID authentication information");
_Static_assert(__builtin_offsetof(struct psp_id_auth, id_block_signature) == 0x40, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_id_auth, id_key) == 0x240, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_id_auth, id_key_signature) == 0x680, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_id_auth, author_key) == 0x880, "ABI offset");

struct psp_launch_finish {
    uint64_t gctx_spa;
    const struct psp_id_block *id_block; /* NULL: none (ID_BLOCK_EN = 0) */
    const struct psp_id_auth *id_auth;   /* goes with id_block */
    bool author_key_en;
    uint8_t host_data[32];
};

/* The secrets page, version 3. 0x140-0x15f belong to the SVSM. */
struct psp_secrets_page {
    uint32_t version;
    uint32_t imi_en;
    uint32_t fms; /* CPUID Fn0000_0001 EAX */
    uint32_t reserved1;
    uint8_t gosvw[16];
    uint8_t vmpck[VMPL_COUNT][32];
    uint8_t guest_area1[0x60];
    uint8_t vmsa_tweak[0x40];
    uint8_t svsm_area[0x20];
    uint32_t tsc_factor;
    uint8_t reserved2[4096 - 0x164];
};
_Static_assert(sizeof(struct psp_secrets_page) == 4096, "the secrets page is a page");
_Static_assert(__builtin_offsetof(struct psp_secrets_page, vmpck) == 0x20, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_secrets_page, vmsa_tweak) == 0x100, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_secrets_page, svsm_area) == 0x140, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_secrets_page, tsc_factor) == 0x160, "ABI offset");

#endif
