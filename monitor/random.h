/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers: HMAC-DRBG with SHA-512 (SP 800-90A), seeded by RDRAND. Start-up only, so it needs
 * no lock; nothing is drawn while calls are served.
 */
#ifndef MONITOR_RANDOM_H
#define MONITOR_RANDOM_H

#include <bearssl.h>
#include <stddef.h>

struct random {
    br_hmac_drbg_context drbg;
};

/* Terminates if RDRAND gives nothing. */
void random_start(struct random *random);
void random_fill(struct random *random, void *to, size_t bytes);
void random_end(struct random *random);

#endif
