/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/nonce.h"

#include <nettle/hmac.h>
#include <string.h>

static void v_step(struct psp_nonce *nonce)
{
    struct hmac_sha384_ctx hmac;

    hmac_sha384_set_key(&hmac, sizeof nonce->k, nonce->k);
    hmac_sha384_update(&hmac, sizeof nonce->v, nonce->v);
    hmac_sha384_digest(&hmac, sizeof nonce->v, nonce->v);
}

/* K = HMAC(K, V || separator || data), V = HMAC(K, V): steps d to g, and h on rejection. */
static void k_step(struct psp_nonce *nonce, uint8_t separator, const uint8_t *scalar,
                   const uint8_t *hash)
{
    struct hmac_sha384_ctx hmac;

    hmac_sha384_set_key(&hmac, sizeof nonce->k, nonce->k);
    hmac_sha384_update(&hmac, sizeof nonce->v, nonce->v);
    hmac_sha384_update(&hmac, 1, &separator);
    if (scalar) {
        hmac_sha384_update(&hmac, PSP_NONCE_BYTES, scalar);
        hmac_sha384_update(&hmac, PSP_NONCE_BYTES, hash);
    }
    hmac_sha384_digest(&hmac, sizeof nonce->k, nonce->k);
    v_step(nonce);
}

void psp_nonce_init(struct psp_nonce *nonce, const uint8_t scalar[PSP_NONCE_BYTES],
                    const uint8_t reduced_hash[PSP_NONCE_BYTES])
{
    memset(nonce->v, 0x01, sizeof nonce->v);
    memset(nonce->k, 0x00, sizeof nonce->k);
    k_step(nonce, 0x00, scalar, reduced_hash);
    k_step(nonce, 0x01, scalar, reduced_hash);
    v_step(nonce);
    nonce->left = sizeof nonce->v;
}

void psp_nonce_read(void *context, size_t len, uint8_t *out)
{
    struct psp_nonce *nonce = context;

    while (len > 0) {
        if (nonce->left == 0) {
            k_step(nonce, 0x00, NULL, NULL);
            v_step(nonce);
            nonce->left = sizeof nonce->v;
        }
        size_t part = len < nonce->left ? len : nonce->left;
        memcpy(out, nonce->v + sizeof nonce->v - nonce->left, part);
        nonce->left -= part;
        out += part;
        len -= part;
    }
}
