/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/random.h"

#include <stdbool.h>
#include <stdint.h>

#include "monitor/insn.h"
#include "monitor/lib/string.h"
#include "monitor/terminate.h"

/* 512 bits of output hold 256 bits of strength with a wide margin; ten tries are what the
 * processor's maker advises for RDRAND (APM 3). */
enum { SEED_WORDS = 16, RDRAND_TRIES = 10 };

static uint64_t word_draw(void)
{
    uint64_t word;
    for (unsigned i = 0; i < RDRAND_TRIES; i++) {
        if (insn_rdrand(&word)) {
            return word;
        }
    }
    terminate_because(TERMINATE_NO_RANDOM, "RDRAND gives nothing", 0);
}

void random_start(struct random *random)
{
    uint64_t seed[SEED_WORDS];
    bool varies = false;
    for (unsigned i = 0; i < SEED_WORDS; i++) {
        seed[i] = word_draw();
        varies = varies || seed[i] != seed[0];
    }
    /* Some processors, after a suspend, gave all ones with CF set. */
    if (!varies) {
        terminate_because(TERMINATE_NO_RANDOM, "RDRAND gives always the same", 0);
    }
    br_hmac_drbg_init(&random->drbg, &br_sha512_vtable, seed, sizeof seed);
    secret_wipe(seed, sizeof seed);
}

void random_fill(struct random *random, void *to, size_t bytes)
{
    br_hmac_drbg_generate(&random->drbg, to, bytes);
}

void random_end(struct random *random)
{
    secret_wipe(random, sizeof *random);
}
