/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/keys.h"

#include <bearssl.h>

#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/random.h"

struct key_slot {
    bool used;
    uint8_t key[KEY_BYTES];
};
_Static_assert(KEY_HANDLES * sizeof(struct key_slot) <= PAGE_BYTES, "a page");

/* MSG_KEY_REQ and MSG_KEY_RSP, SEV-SNP ABI 56860 section 7.2. */
enum { KEY_ROOT_VCEK = 0, KEY_FIELD_POLICY = 1 << 0, KEY_FIELD_MEASUREMENT = 1 << 3 };
struct key_request {
    uint32_t key_select;
    uint32_t reserved_04;
    uint64_t fields;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb;
};
_Static_assert(sizeof(struct key_request) == 0x20, "MSG_KEY_REQ");

struct key_response {
    uint32_t status;
    uint8_t reserved_04[28];
    uint8_t key[KEY_BYTES];
};
_Static_assert(sizeof(struct key_response) == 0x40, "MSG_KEY_RSP");

static const char purpose[] = "Prova key of the guest 1"; /* the closing 0 is part of the input */

void keys_start(struct cpu *cpu, struct random *random)
{
    struct keys *keys = &cpu->monitor->keys;
    lock_init(&keys->lock, LOCK_KEYS);
    keys->slot = heap_pages(cpu->monitor, 1);
    random_fill(random, keys->salt, sizeof keys->salt);
}

/* key = HMAC-SHA-512(firmware's key, purpose || PCR || context), the first 32 bytes. */
static void key_make(const uint8_t root[KEY_BYTES], const uint8_t pcr[SVSM_PCR_BYTES],
                     const uint8_t context[KEY_CONTEXT_BYTES], uint8_t key[KEY_BYTES])
{
    br_hmac_key_context hmac_key;
    br_hmac_context hmac;
    br_hmac_key_init(&hmac_key, &br_sha512_vtable, root, KEY_BYTES);
    br_hmac_init(&hmac, &hmac_key, KEY_BYTES);
    br_hmac_update(&hmac, purpose, sizeof purpose);
    br_hmac_update(&hmac, pcr, SVSM_PCR_BYTES);
    br_hmac_update(&hmac, context, KEY_CONTEXT_BYTES);
    br_hmac_out(&hmac, key);
    secret_wipe(&hmac_key, sizeof hmac_key);
    secret_wipe(&hmac, sizeof hmac);
}

/* 0 if every handle is in use. */
static uint32_t slot_fill(struct keys *keys, const uint8_t key[KEY_BYTES])
{
    uint32_t handle = 0;
    lock_acquire(&keys->lock);
    for (uint32_t i = 0; i < KEY_HANDLES && handle == 0; i++) {
        if (!keys->slot[i].used) {
            keys->slot[i].used = true;
            memcpy(keys->slot[i].key, key, KEY_BYTES);
            handle = i + 1;
        }
    }
    lock_release(&keys->lock);
    return handle;
}

static bool slot_is_free(struct keys *keys)
{
    bool free = false;
    lock_acquire(&keys->lock);
    for (uint32_t i = 0; i < KEY_HANDLES; i++) {
        free = free || !keys->slot[i].used;
    }
    lock_release(&keys->lock);
    return free;
}

/* For VMPL 0 whatever the guest says; no field that an update of the firmware changes. */
static bool root_ask(struct cpu *cpu, uint8_t root[KEY_BYTES])
{
    const struct key_request request = {
        .key_select = KEY_ROOT_VCEK,
        .fields = KEY_FIELD_POLICY | KEY_FIELD_MEASUREMENT,
        .vmpl = 0,
    };
    struct key_response response;
    bool good = psp_channel_call(cpu, PSP_MESSAGE_KEY_REQUEST, &request, sizeof request, &response,
                                 sizeof response) == PSP_OK &&
                response.status == 0;
    if (good) {
        memcpy(root, response.key, KEY_BYTES);
    }
    secret_wipe(&response, sizeof response);
    return good;
}

enum svsm_result keys_derive(struct cpu *cpu, const uint8_t context[KEY_CONTEXT_BYTES],
                             uint32_t *handle)
{
    struct monitor *monitor = cpu->monitor;
    uint8_t root[KEY_BYTES], key[KEY_BYTES], pcr[SVSM_PCR_BYTES];
    if (!slot_is_free(&monitor->keys)) {
        return SVSM_INVALID_REQUEST;
    }
    if (!root_ask(cpu, root)) {
        return SVSM_FIRMWARE;
    }
    pcr_read(&monitor->pcr, pcr);
    key_make(root, pcr, context, key);
    *handle = slot_fill(&monitor->keys, key);
    secret_wipe(root, sizeof root);
    secret_wipe(key, sizeof key);
    return *handle != 0 ? SVSM_SUCCESS : SVSM_INVALID_REQUEST;
}

bool keys_drop(struct keys *keys, uint64_t handle)
{
    if (handle == 0 || handle > KEY_HANDLES) {
        return false;
    }
    lock_acquire(&keys->lock);
    struct key_slot *slot = &keys->slot[handle - 1];
    bool used = slot->used;
    secret_wipe(slot, sizeof *slot);
    lock_release(&keys->lock);
    return used;
}

bool keys_copy(struct keys *keys, uint64_t handle, uint8_t key[KEY_BYTES])
{
    if (handle == 0 || handle > KEY_HANDLES) {
        return false;
    }
    lock_acquire(&keys->lock);
    const struct key_slot *slot = &keys->slot[handle - 1];
    bool used = slot->used;
    memcpy(key, slot->key, KEY_BYTES);
    lock_release(&keys->lock);
    return used;
}

bool keys_nonce(struct keys *keys, uint8_t nonce[CRYPT_NONCE_BYTES])
{
    /* 64 bits do not come round: once past the last number it stays there. */
    uint64_t number = atomic_fetch_add(&keys->nonces, 1);
    if (number > UINT32_MAX) {
        return false;
    }
    const uint32_t low = (uint32_t)number;
    memcpy(nonce, keys->salt, sizeof keys->salt);
    memcpy(nonce + sizeof keys->salt, &low, sizeof low);
    return true;
}
