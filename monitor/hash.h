/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-512 of the crypto library under the names used here. */
#ifndef MONITOR_HASH_H
#define MONITOR_HASH_H

#include <bearssl.h>
#include <stddef.h>
#include <stdint.h>

enum { HASH_BYTES = 64 };

struct hash {
    br_sha512_context context;
};

static inline void hash_start(struct hash *hash)
{
    br_sha512_init(&hash->context);
}

static inline void hash_update(struct hash *hash, const void *data, size_t bytes)
{
    br_sha512_update(&hash->context, data, bytes);
}

static inline void hash_u64(struct hash *hash, uint64_t value)
{
    br_sha512_update(&hash->context, &value, sizeof value); /* little endian */
}

static inline void hash_finish(struct hash *hash, uint8_t result[HASH_BYTES])
{
    br_sha512_out(&hash->context, result);
}

#endif
