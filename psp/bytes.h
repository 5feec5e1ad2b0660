/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian stores and a test for reserved fields, for byte strings that are hashed. */
#ifndef PROVA_PSP_BYTES_H
#define PROVA_PSP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void bytes_put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static inline bool bytes_are_zero(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= p[i];
    return any == 0;
}

/* The structures of the ABI are read and written in place. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian host is required");

#endif
