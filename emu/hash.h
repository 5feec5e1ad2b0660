/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XXH3-128 of what comes in pieces, in canonical byte order. Of one piece: machine_hash16(). */
#ifndef PROVA_EMU_HASH_H
#define PROVA_EMU_HASH_H

#include <stdint.h>
#include <xxhash.h>

/* Pieces are added by XXH3_128bits_update(). */
XXH3_state_t *hash_begin(void);
/* Frees the state. */
void hash_end(XXH3_state_t *state, uint8_t out[16]);

#endif
