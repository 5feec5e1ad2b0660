/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that the guest uses by handle and never sees. A key is a function of the chip, the launch
 * digest and policy (the firmware's derived key for VMPL 0), of the measurement register at the
 * time and of the caller's context: the same guest in the same state gets the same key after a
 * restart.
 *
 * Nonces are 8 bytes drawn at start-up and a 32-bit counter for all keys and processors, so none
 * comes twice in the life of a machine; after a restart they differ by the drawn part.
 */
#ifndef MONITOR_KEYS_H
#define MONITOR_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/lock.h"
#include "monitor/services_abi.h"
#include "monitor/svsm.h"

struct cpu;
struct random;
struct key_slot;

enum { KEY_BYTES = 32, KEY_NONCE_SALT_BYTES = 8 };

struct keys {
    struct lock lock;
    struct key_slot *slot; /* KEY_HANDLES of them, alone in their page */
    uint8_t salt[KEY_NONCE_SALT_BYTES];
    _Atomic uint64_t nonces; /* given out */
};

/* Start-up. */
void keys_start(struct cpu *cpu, struct random *random);

/* A new key; *handle is 1..KEY_HANDLES. SVSM_INVALID_REQUEST if there is no free handle. */
enum svsm_result keys_derive(struct cpu *cpu, const uint8_t context[KEY_CONTEXT_BYTES],
                             uint32_t *handle);

/* Wipes a key. False if the handle is none. */
bool keys_drop(struct keys *keys, uint64_t handle);

/* A copy, which the caller wipes. False if the handle is none. */
bool keys_copy(struct keys *keys, uint64_t handle, uint8_t key[KEY_BYTES]);

/* A nonce that was never given out before. False if there are no more. */
bool keys_nonce(struct keys *keys, uint8_t nonce[CRYPT_NONCE_BYTES]);

#endif
