/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services manifests of the SVSM attestation protocol (58019 section 7.1): which services the SVSM
 * has, and what each says of itself. Any bytes can be given.
 */
#ifndef PROVA_PSP_MANIFEST_H
#define PROVA_PSP_MANIFEST_H

#include <stdbool.h>

#include "monitor/attest_abi.h"

/* "2f1c8a6e-93d4-4b7a-8e05-d1c6a45b97f3" and a zero byte. */
enum { PSP_GUID_TEXT_BYTES = 37 };

struct psp_manifest {
    const uint8_t *bytes;
    uint32_t len, services;
};

struct psp_manifest_service {
    uint8_t guid[ATTEST_GUID_BYTES];
    const uint8_t *bytes;
    uint32_t len;
};

/* False: no manifest, or not as long as it says, or a service is not within it. */
bool psp_manifest_parse(const void *bytes, size_t len, struct psp_manifest *out);

/* Service number n, which must be less than manifest->services. */
struct psp_manifest_service psp_manifest_service(const struct psp_manifest *manifest, uint32_t n);

/*
 * The monitor's service, from a services manifest or from one of this service alone; false unless
 * it is, in every byte but those of key and register, what a monitor makes (docs/attestation.md
 * says why nothing else may be in it).
 */
bool psp_manifest_monitor(const void *bytes, size_t len, struct attest_service *out);

/* A GUID as it stands in memory: the first three fields are little endian. */
void psp_guid_print(const uint8_t guid[ATTEST_GUID_BYTES], char out[PSP_GUID_TEXT_BYTES]);

#endif
