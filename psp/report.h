/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attestation report, version 3 (SEV-SNP ABI 56860, structure ATTESTATION_REPORT), and its
 * verifier. Little endian; the signature covers everything before it.
 */
#ifndef PROVA_PSP_REPORT_H
#define PROVA_PSP_REPORT_H

#include "psp/ecdsa.h"

enum { PSP_REPORT_VERSION = 3, PSP_REPORT_SIGNED_BYTES = 0x2a0 };

enum psp_signing_key { PSP_SIGNING_VCEK = 0, PSP_SIGNING_VLEK = 1, PSP_SIGNING_NONE = 7 };

/* Bits of psp_report.flags. */
enum {
    PSP_REPORT_AUTHOR_KEY_EN = 1 << 0,
    PSP_REPORT_MASK_CHIP_KEY = 1 << 1,
    PSP_REPORT_SIGNING_KEY_SHIFT = 2,
};

/* Bits of psp_report.platform_info and of psp_config.platform_info. */
enum psp_platform_bit {
    PSP_PLATFORM_SMT = 1 << 0,
    PSP_PLATFORM_TSME = 1 << 1,
    PSP_PLATFORM_ECC = 1 << 2,
    PSP_PLATFORM_RAPL_DIS = 1 << 3,
    PSP_PLATFORM_CIPHERTEXT_HIDING = 1 << 4,
    PSP_PLATFORM_ALIAS_CHECK_COMPLETE = 1 << 5,
};

struct psp_version {
    uint8_t build, minor, major, reserved;
};

struct psp_report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t vmpl;
    uint32_t signature_algo;
    uint64_t current_tcb;
    uint64_t platform_info;
    uint32_t flags;
    uint32_t reserved1;
    uint8_t report_data[64];
    uint8_t measurement[48];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32]; /* all ones: no migration agent */
    uint64_t reported_tcb;
    uint8_t cpuid_family, cpuid_model, cpuid_stepping;
    uint8_t reserved2[21];
    uint8_t chip_id[64];
    uint64_t committed_tcb;
    struct psp_version current, committed;
    uint64_t launch_tcb;
    uint8_t reserved3[168];
    struct psp_signature signature;
};
_Static_assert(sizeof(struct psp_report) == 0x4a0, "ABI report size");
_Static_assert(__builtin_offsetof(struct psp_report, report_data) == 0x050, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, measurement) == 0x090, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, host_data) == 0x0c0, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, id_key_digest) == 0x0e0, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, author_key_digest) == 0x110, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, report_id) == 0x140, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, report_id_ma) == 0x160, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, reported_tcb) == 0x180, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, cpuid_family) == 0x188, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, chip_id) == 0x1a0, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, committed_tcb) == 0x1e0, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, launch_tcb) == 0x1f0, "ABI offset");
_Static_assert(__builtin_offsetof(struct psp_report, signature) == PSP_REPORT_SIGNED_BYTES,
               "ABI offset");

/* True if version, signature algorithm and signing key are known and the signature is good. */
bool psp_report_verify(const struct psp_report *report, const struct psp_public_key *vcek);

#endif
