/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/ask_keys.h"

#include "monitor/lib/string.h"

uint32_t ask_derive(struct guest *guest, uint8_t context, uint64_t *handle)
{
    struct guest_call regs = {0};
    memset(guest->area->argument, context, KEY_CONTEXT_BYTES);
    uint32_t code = guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_DERIVE_KEY, &regs);
    *handle = regs.rcx;
    return code;
}

uint32_t ask_drop(struct guest *guest, uint64_t handle)
{
    struct guest_call regs = {.rcx = handle, .r8 = KEY_FLAG_DROP};
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_DERIVE_KEY, &regs);
}

static uint8_t pattern_at(uint8_t pattern, uint32_t at)
{
    return (uint8_t)(pattern + at * 7);
}

void crypt_message_make(struct crypt_message *message, uint64_t handle, uint32_t aad_bytes,
                        uint32_t bytes, uint8_t pattern)
{
    message->head =
        (struct crypt_request){.handle = (uint32_t)handle, .bytes = bytes, .aad_bytes = aad_bytes};
    for (uint32_t i = 0; i < aad_bytes + bytes; i++) {
        message->data[i] = pattern_at(pattern, i);
    }
}

bool crypt_message_is(const struct crypt_message *message, uint8_t pattern)
{
    for (uint32_t i = 0; i < message->head.aad_bytes + message->head.bytes; i++) {
        if (message->data[i] != pattern_at(pattern, i)) {
            return false;
        }
    }
    return true;
}

uint32_t ask_encrypt(struct guest *guest, const void *message)
{
    return guest_verismo(guest, SVSM_VERISMO_ENCRYPT, (uint64_t)message, 0);
}

uint32_t ask_decrypt(struct guest *guest, const void *message)
{
    return guest_verismo(guest, SVSM_VERISMO_DECRYPT, (uint64_t)message, 0);
}
