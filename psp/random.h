/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated true random number generator, and every other secret that comes from a seed.
 *
 * Output block n of a draw is HMAC-SHA-384(key, label || 0 || draw || n), draw and n as u64 little
 * endian. The state is plain bytes: a copy of it continues in the same way, on every host.
 */
#ifndef PROVA_PSP_RANDOM_H
#define PROVA_PSP_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { PSP_RANDOM_KEY_BYTES = 48 };

struct psp_random {
    uint8_t key[PSP_RANDOM_KEY_BYTES];
    uint64_t draw; /* number of draws so far */
};

void psp_random_init(struct psp_random *random, uint64_t seed);

/* The next len bytes; label says what they are for and separates draws of different kinds. */
void psp_random_draw(struct psp_random *random, const char *label, void *out, size_t len);

/* len bytes that depend on the seed, the label and the number only: no state, any order. */
void psp_random_derive(uint64_t seed, const char *label, uint64_t number, void *out, size_t len);

#endif
