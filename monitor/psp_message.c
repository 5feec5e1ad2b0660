/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/psp_message.h"

#include <bearssl.h>

#include "monitor/lib/string.h"

enum {
    IV_BYTES = 12,
    KEY_BYTES = 32,
    AAD_OFFSET = 0x30,
    AAD_BYTES = 0x30,
    ALGORITHM_AES_256_GCM = 1,
};

/* The constant-time portable forms: the library's accelerated ones execute CPUID, which is #VC
   here. */
static void gcm_start(br_gcm_context *gcm, br_aes_ct64_ctr_keys *aes, const uint8_t key[32],
                      const struct psp_message *message, uint64_t sequence)
{
    uint8_t iv[IV_BYTES] = {0};
    memcpy(iv, &sequence, sizeof sequence);
    br_aes_ct64_ctr_init(aes, key, KEY_BYTES);
    br_gcm_init(gcm, &aes->vtable, br_ghash_ctmul64);
    br_gcm_reset(gcm, iv, sizeof iv);
    br_gcm_aad_inject(gcm, (const uint8_t *)message + AAD_OFFSET, AAD_BYTES);
    br_gcm_flip(gcm);
}

static void gcm_end(br_gcm_context *gcm, br_aes_ct64_ctr_keys *aes)
{
    secret_wipe(gcm, sizeof *gcm);
    secret_wipe(aes, sizeof *aes);
}

void psp_message_seal(struct psp_message *message, const uint8_t key[32], uint64_t sequence,
                      uint8_t type, const void *payload, size_t bytes)
{
    br_gcm_context gcm;
    br_aes_ct64_ctr_keys aes;
    memset(message, 0, sizeof *message);
    message->sequence = sequence;
    message->algorithm = ALGORITHM_AES_256_GCM;
    message->header_version = 1;
    message->header_bytes = PSP_MESSAGE_HEADER_BYTES;
    message->type = type;
    message->version = 1;
    message->payload_bytes = (uint16_t)bytes;
    message->vmpck = 0;
    memcpy(message->payload, payload, bytes);

    gcm_start(&gcm, &aes, key, message, sequence);
    br_gcm_run(&gcm, 1, message->payload, bytes);
    br_gcm_get_tag(&gcm, message->tag);
    gcm_end(&gcm, &aes);
}

enum psp_open psp_message_open(struct psp_message *message, const uint8_t key[32],
                               uint64_t sequence, uint8_t type, void *payload, size_t bytes)
{
    if (message->sequence != sequence) {
        return PSP_OPEN_SEQUENCE;
    }
    if (message->algorithm != ALGORITHM_AES_256_GCM || message->header_version != 1 ||
        message->header_bytes != PSP_MESSAGE_HEADER_BYTES || message->vmpck != 0) {
        return PSP_OPEN_HEADER;
    }
    if (message->type != type || message->version != 1) {
        return PSP_OPEN_TYPE;
    }
    if (message->payload_bytes != bytes || bytes > PSP_MESSAGE_PAYLOAD_MAX) {
        return PSP_OPEN_LENGTH;
    }
    br_gcm_context gcm;
    br_aes_ct64_ctr_keys aes;
    gcm_start(&gcm, &aes, key, message, sequence);
    br_gcm_run(&gcm, 0, message->payload, bytes);
    uint32_t genuine = br_gcm_check_tag(&gcm, message->tag);
    gcm_end(&gcm, &aes);
    if (!genuine) {
        secret_wipe(message->payload, sizeof message->payload);
        return PSP_OPEN_TAG;
    }
    memcpy(payload, message->payload, bytes);
    return PSP_OPEN_OK;
}
