/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NIST SP 800-108 in counter mode with HMAC-SHA-256, one block: i(u32 LE = 1) || label || 00 ||
 * context || L(u32 LE = 256). The key that SNP_GUEST_REQUEST's MSG_KEY_RSP carries. */
#ifndef PROVA_PSP_KDF_H
#define PROVA_PSP_KDF_H

#include <stddef.h>
#include <stdint.h>

enum { PSP_KDF_BYTES = 32 };

void psp_kdf(const void *key, size_t key_len, const char *label, const void *context,
             size_t context_len, uint8_t out[PSP_KDF_BYTES]);

#endif
