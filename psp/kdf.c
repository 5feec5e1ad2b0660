/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/kdf.h"

#include <nettle/hmac.h>
#include <string.h>

#include "psp/bytes.h"

void psp_kdf(const void *key, size_t key_len, const char *label, const void *context,
             size_t context_len, uint8_t out[PSP_KDF_BYTES])
{
    struct hmac_sha256_ctx hmac;
    uint8_t counter[4], bits[4];

    bytes_put_le(counter, 1, 4);
    bytes_put_le(bits, PSP_KDF_BYTES * 8, 4);
    hmac_sha256_set_key(&hmac, key_len, key);
    hmac_sha256_update(&hmac, sizeof counter, counter);
    hmac_sha256_update(&hmac, strlen(label) + 1, (const uint8_t *)label); /* with the separator */
    hmac_sha256_update(&hmac, context_len, context);
    hmac_sha256_update(&hmac, sizeof bits, bits);
    hmac_sha256_digest(&hmac, PSP_KDF_BYTES, out);
}
