/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Attest gives the guest (docs/attestation.md): the firmware's report for VMPL 0, and the
 * monitor's own report, signed by a key that the firmware's report vouches for. Shared by monitor,
 * guests and the verifier; knows nothing of either. All integers are little endian, the numbers of
 * the curve big endian.
 *
 *   0x000  firmware report     REPORT_DATA (0x50) = SHA-512(key)
 *   0x4a0  monitor report      signature over 0x4a0..0x5c0 by the private part of key
 */
#ifndef MONITOR_REPORT_ABI_H
#define MONITOR_REPORT_ABI_H

#include <stddef.h>
#include <stdint.h>

enum {
    REPORT_FIRMWARE_BYTES = 0x4a0,
    REPORT_NUMBER_BYTES = 48, /* a number of P-384 */
    REPORT_NONCE_BYTES = 64,
    REPORT_PCR_BYTES = 64,
    REPORT_DOMAIN_BYTES = 24,
    REPORT_VERSION = 1,
    REPORT_CURVE_P384 = 2, /* as in SEV-SNP ABI 56860 */
};

#define REPORT_MAGIC      UINT64_C(0x54525045524e4f4d) /* "MONREPRT" */
#define REPORT_KEY_DOMAIN "Prova monitor public key"   /* without the closing 0 */

/* What REPORT_DATA is the SHA-512 of. */
struct report_key {
    uint32_t version;
    uint32_t curve;
    uint8_t x[REPORT_NUMBER_BYTES];
    uint8_t y[REPORT_NUMBER_BYTES];
    uint8_t domain[REPORT_DOMAIN_BYTES];
};
_Static_assert(sizeof(struct report_key) == 128, "128 bytes");
_Static_assert(sizeof REPORT_KEY_DOMAIN == REPORT_DOMAIN_BYTES + 1, "fills its field");

enum report_flag { REPORT_FLAG_KERNEL_LOCKED = 1 << 0 }; /* LockKernel was complete */

struct report_monitor {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes; /* of this structure */
    uint32_t flags;
    uint32_t guest_vmpl;
    uint64_t extensions; /* ExtendPCR calls that went into pcr */
    struct report_key key;
    uint8_t nonce[REPORT_NONCE_BYTES];
    uint8_t pcr[REPORT_PCR_BYTES];
    uint8_t signature_r[REPORT_NUMBER_BYTES];
    uint8_t signature_s[REPORT_NUMBER_BYTES];
};
_Static_assert(offsetof(struct report_monitor, key) == 0x020, "key");
_Static_assert(offsetof(struct report_monitor, nonce) == 0x0a0, "nonce");
_Static_assert(offsetof(struct report_monitor, pcr) == 0x0e0, "PCR");
_Static_assert(offsetof(struct report_monitor, signature_r) == 0x120, "signature");
_Static_assert(sizeof(struct report_monitor) == 0x180, "0x180 bytes");

enum { REPORT_MONITOR_SIGNED_BYTES = 0x120 };

struct report {
    uint8_t firmware[REPORT_FIRMWARE_BYTES];
    struct report_monitor monitor;
};
_Static_assert(offsetof(struct report, monitor) == 0x4a0, "monitor report");
_Static_assert(sizeof(struct report) == 0x620, "0x620 bytes");

/* A guest that has no other way out prints the bytes as hexadecimal lines between these two; prova
 * verify-report finds them in the console's text. */
#define REPORT_TEXT_BEGIN "-----BEGIN PROVA REPORT-----"
#define REPORT_TEXT_END   "-----END PROVA REPORT-----"

#endif
