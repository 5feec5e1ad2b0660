/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ECDSA on P-384 with SHA-384 in the encodings of SEV-SNP ABI 56860 (chapter "Digital signatures"):
 * numbers are 72-byte little endian, zero extended. The nonce is that of RFC 6979, so that a
 * signature is a function of key and message.
 */
#ifndef PROVA_PSP_ECDSA_H
#define PROVA_PSP_ECDSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { P384_BYTES = 48, PSP_ECDSA_NUMBER_BYTES = 72, PSP_CURVE_P384 = 2, PSP_ALGO_P384_SHA384 = 1 };

struct psp_public_key {
    uint32_t curve; /* PSP_CURVE_P384 */
    uint8_t qx[PSP_ECDSA_NUMBER_BYTES];
    uint8_t qy[PSP_ECDSA_NUMBER_BYTES];
    uint8_t reserved[0x404 - 4 - 2 * PSP_ECDSA_NUMBER_BYTES];
};
_Static_assert(sizeof(struct psp_public_key) == 0x404, "ABI public key format");

struct psp_signature {
    uint8_t r[PSP_ECDSA_NUMBER_BYTES];
    uint8_t s[PSP_ECDSA_NUMBER_BYTES];
    uint8_t reserved[512 - 2 * PSP_ECDSA_NUMBER_BYTES];
};
_Static_assert(sizeof(struct psp_signature) == 512, "ABI signature format");

struct psp_key_pair {
    uint8_t scalar[P384_BYTES]; /* big endian, 1..n-1 */
    struct psp_public_key public_key;
};

/* A key pair from len bytes of key material: scalar = material mod (n - 1) + 1. */
void psp_key_pair_from_bytes(struct psp_key_pair *pair, const void *material, size_t len);

void psp_ecdsa_sign(const uint8_t scalar[P384_BYTES], const void *message, size_t len,
                    struct psp_signature *out);

/* False also for a key that is not a point of the curve, and for reserved bytes that are not 0. */
bool psp_ecdsa_verify(const struct psp_public_key *key, const void *message, size_t len,
                      const struct psp_signature *signature);

#endif
