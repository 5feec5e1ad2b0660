/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/random.h"

#include <nettle/hmac.h>
#include <string.h>

#include "psp/bytes.h"

static void expand(const uint8_t *key, size_t key_len, const char *label, uint64_t number,
                   uint8_t *out, size_t len)
{
    for (uint64_t block = 0; len > 0; block++) {
        struct hmac_sha384_ctx hmac;
        uint8_t counters[16];
        size_t part = len < SHA384_DIGEST_SIZE ? len : SHA384_DIGEST_SIZE;

        bytes_put_le(counters, number, 8);
        bytes_put_le(counters + 8, block, 8);
        hmac_sha384_set_key(&hmac, key_len, key);
        hmac_sha384_update(&hmac, strlen(label) + 1, (const uint8_t *)label);
        hmac_sha384_update(&hmac, sizeof counters, counters);
        hmac_sha384_digest(&hmac, part, out);
        out += part;
        len -= part;
    }
}

void psp_random_derive(uint64_t seed, const char *label, uint64_t number, void *out, size_t len)
{
    uint8_t key[8];

    bytes_put_le(key, seed, 8);
    expand(key, sizeof key, label, number, out, len);
}

void psp_random_init(struct psp_random *random, uint64_t seed)
{
    psp_random_derive(seed, "prova psp trng", 0, random->key, sizeof random->key);
    random->draw = 0;
}

void psp_random_draw(struct psp_random *random, const char *label, void *out, size_t len)
{
    expand(random->key, sizeof random->key, label, random->draw++, out, len);
}
