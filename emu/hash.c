/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/hash.h"

#include <glib.h>
#include <string.h>

XXH3_state_t *hash_begin(void)
{
    XXH3_state_t *state = XXH3_createState();
    g_assert(state != NULL);
    XXH3_128bits_reset(state);
    return state;
}

void hash_end(XXH3_state_t *state, uint8_t out[16])
{
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
    memcpy(out, hash.digest, sizeof(hash.digest));
    XXH3_freeState(state);
}
