/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DeriveKey, Encrypt and Decrypt as functions. */
#ifndef MONITOR_GUEST_ASK_KEYS_H
#define MONITOR_GUEST_ASK_KEYS_H

#include "monitor/guest/runtime.h"
#include "monitor/services_abi.h"

/* A request with room for all that it may carry. It may cross pages. */
struct crypt_message {
    struct crypt_request head;
    uint8_t data[CRYPT_BYTES_MAX];
};

/* DeriveKey for a context of 64 bytes of this value. */
uint32_t ask_derive(struct guest *guest, uint8_t context, uint64_t *handle);
uint32_t ask_drop(struct guest *guest, uint64_t handle);

/* Sets the message up: data is aad_bytes + bytes of a pattern. */
void crypt_message_make(struct crypt_message *message, uint64_t handle, uint32_t aad_bytes,
                        uint32_t bytes, uint8_t pattern);
/* True if the data is (still, or again) what crypt_message_make() wrote. */
bool crypt_message_is(const struct crypt_message *message, uint8_t pattern);

uint32_t ask_encrypt(struct guest *guest, const void *message);
uint32_t ask_decrypt(struct guest *guest, const void *message);

#endif
