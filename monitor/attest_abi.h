/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SVSM attestation protocol (58019 chapter 7): operand of its calls, manifests, and the manifest of
 * the monitor's own service. Shared with the guests and the verifier.
 */
#ifndef MONITOR_ATTEST_ABI_H
#define MONITOR_ATTEST_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/report_abi.h"

enum attest_call { ATTEST_SERVICES = 0, ATTEST_SINGLE_SERVICE = 1 };
enum { ATTEST_GUID_BYTES = 16, ATTEST_NONCE_BYTES_MAX = 4096 };

struct attest_operand {
    uint64_t report_gpa;
    uint32_t report_bytes;
    uint32_t reserved_0c;
    uint64_t nonce_gpa;
    uint16_t nonce_bytes;
    uint8_t reserved_1a[6];
    uint64_t manifest_gpa;
    uint32_t manifest_bytes;
    uint32_t reserved_2c;
    uint64_t certs_gpa;
    uint32_t certs_bytes; /* 0: none wanted */
    uint32_t reserved_3c;
    /* ATTEST_SINGLE_SERVICE only: */
    uint8_t guid[ATTEST_GUID_BYTES];
    uint32_t manifest_version;
    uint32_t reserved_54;
};
_Static_assert(offsetof(struct attest_operand, nonce_gpa) == 0x10, "nonce");
_Static_assert(offsetof(struct attest_operand, manifest_gpa) == 0x20, "manifest");
_Static_assert(offsetof(struct attest_operand, certs_gpa) == 0x30, "certificates");
_Static_assert(offsetof(struct attest_operand, guid) == 0x40, "SERVICES is 0x40 bytes");
_Static_assert(sizeof(struct attest_operand) == 0x58, "SINGLE_SERVICE is 0x58 bytes");

/* Manifest of the monitor's service: key and measurement register. */
struct attest_service {
    struct report_key key;
    uint8_t pcr[REPORT_PCR_BYTES];
};
_Static_assert(sizeof(struct attest_service) == 192, "192 bytes");

/* Services manifest, 58019 section 7.1. GUIDs are the bytes as they stand in memory. */
struct attest_manifest {
    uint8_t guid[ATTEST_GUID_BYTES]; /* 63849ebb-3d92-4670-a1ff-58f9c94b87bb */
    uint32_t bytes;
    uint32_t services;                       /* 1 */
    uint8_t service_guid[ATTEST_GUID_BYTES]; /* 2f1c8a6e-93d4-4b7a-8e05-d1c6a45b97f3 */
    uint32_t service_offset;
    uint32_t service_bytes;
    struct attest_service service;
};
_Static_assert(offsetof(struct attest_manifest, service_guid) == 24, "24 bytes of head");
_Static_assert(offsetof(struct attest_manifest, service) == 48, "24 bytes a service");
_Static_assert(sizeof(struct attest_manifest) == 240, "240 bytes");

#define ATTEST_GUID_MANIFEST                                                                       \
    {                                                                                              \
        0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46, 0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87,  \
            0xbb                                                                                   \
    }
#define ATTEST_GUID_SERVICE                                                                        \
    {                                                                                              \
        0x6e, 0x8a, 0x1c, 0x2f, 0xd4, 0x93, 0x7a, 0x4b, 0x8e, 0x05, 0xd1, 0xc6, 0xa4, 0x5b, 0x97,  \
            0xf3                                                                                   \
    }

#endif
