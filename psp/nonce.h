/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deterministic nonce of RFC 6979 (section 3.2) for P-384 with SHA-384, as a Nettle random
 * function: each 48 bytes read are the next candidate for k.
 */
#ifndef PROVA_PSP_NONCE_H
#define PROVA_PSP_NONCE_H

#include <stddef.h>
#include <stdint.h>

enum { PSP_NONCE_BYTES = 48 };

struct psp_nonce {
    uint8_t k[PSP_NONCE_BYTES];
    uint8_t v[PSP_NONCE_BYTES];
    size_t left; /* bytes of v that are not read yet */
};

/* scalar and reduced_hash (the hash modulo the group order) are big endian. */
void psp_nonce_init(struct psp_nonce *nonce, const uint8_t scalar[PSP_NONCE_BYTES],
                    const uint8_t reduced_hash[PSP_NONCE_BYTES]);

void psp_nonce_read(void *nonce, size_t len, uint8_t *out);

#endif
