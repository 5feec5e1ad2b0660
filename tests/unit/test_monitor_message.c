/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest messages of the monitor, sealed and opened against Nettle's AES-256-GCM. */
#include <glib.h>
#include <nettle/gcm.h>
#include <stdbool.h>
#include <string.h>

#include "monitor/psp_message.h"

enum { AAD_OFFSET = 0x30, AAD_BYTES = 0x30, PAYLOAD_BYTES = 0x60 };

static const uint8_t key[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void gcm_start(struct gcm_aes256_ctx *gcm, const struct psp_message *message)
{
    uint8_t iv[12] = {0};
    memcpy(iv, &message->sequence, 8); /* 8 bytes little endian, then zeros */
    gcm_aes256_set_key(gcm, key);
    gcm_aes256_set_iv(gcm, sizeof iv, iv);
    gcm_aes256_update(gcm, AAD_BYTES, (const uint8_t *)message + AAD_OFFSET);
}

static void payload_fill(uint8_t payload[PAYLOAD_BYTES])
{
    for (unsigned i = 0; i < PAYLOAD_BYTES; i++)
        payload[i] = (uint8_t)(i * 7);
}

static void test_seal(void)
{
    uint8_t payload[PAYLOAD_BYTES], clear[PAYLOAD_BYTES], tag[16];
    struct psp_message message;
    struct gcm_aes256_ctx gcm;
    payload_fill(payload);
    memset(&message, 0xee, sizeof message);
    psp_message_seal(&message, key, 0x1122334455667788, 5, payload, sizeof payload);

    const uint8_t *bytes = (const uint8_t *)&message;
    const uint8_t header[16] = {1, 1, 0x60, 0, 5, 1, 0x60, 0};
    g_assert_cmpmem(bytes + AAD_OFFSET, 16, header, 16);
    for (unsigned i = 0x40; i < 0x60; i++)
        g_assert_cmpuint(bytes[i], ==, 0);
    g_assert_cmphex(message.sequence, ==, 0x1122334455667788);

    gcm_start(&gcm, &message);
    gcm_aes256_decrypt(&gcm, sizeof clear, clear, message.payload);
    gcm_aes256_digest(&gcm, sizeof tag, tag);
    g_assert_cmpmem(clear, sizeof clear, payload, sizeof payload);
    g_assert_cmpmem(tag, sizeof tag, message.tag, sizeof tag);
}

static struct psp_message answer_make(uint64_t sequence)
{
    struct psp_message message = {
        .sequence = sequence,
        .algorithm = 1,
        .header_version = 1,
        .header_bytes = 0x60,
        .type = 6,
        .version = 1,
        .payload_bytes = PAYLOAD_BYTES,
    };
    uint8_t payload[PAYLOAD_BYTES];
    struct gcm_aes256_ctx gcm;
    payload_fill(payload);
    gcm_start(&gcm, &message);
    gcm_aes256_encrypt(&gcm, sizeof payload, message.payload, payload);
    gcm_aes256_digest(&gcm, 16, message.tag);
    return message;
}

static void test_open(void)
{
    uint8_t payload[PAYLOAD_BYTES], got[PAYLOAD_BYTES] = {0};
    struct psp_message message = answer_make(2);
    payload_fill(payload);
    g_assert_cmpint(psp_message_open(&message, key, 2, 6, got, sizeof got), ==, PSP_OPEN_OK);
    g_assert_cmpmem(got, sizeof got, payload, sizeof payload);
}

static void test_open_refused(void)
{
    uint8_t got[PAYLOAD_BYTES];
    struct psp_message message = answer_make(2);
    g_assert_cmpint(psp_message_open(&message, key, 4, 6, got, sizeof got), ==,
                    PSP_OPEN_SEQUENCE); /* an old answer again */
    message.sequence = 4;               /* the same, relabelled: the IV is another one */
    g_assert_cmpint(psp_message_open(&message, key, 4, 6, got, sizeof got), ==, PSP_OPEN_TAG);
    message = answer_make(2);
    g_assert_cmpint(psp_message_open(&message, key, 2, 4, got, sizeof got), ==, PSP_OPEN_TYPE);
    message = answer_make(2);
    g_assert_cmpint(psp_message_open(&message, key, 2, 6, got, sizeof got - 1), ==,
                    PSP_OPEN_LENGTH);
    message = (struct psp_message){0}; /* nothing was written at all */
    g_assert_cmpint(psp_message_open(&message, key, 2, 6, got, sizeof got), ==, PSP_OPEN_SEQUENCE);
}

/* Every single bit of what is authenticated counts, and nothing comes out when one is wrong. */
static void test_open_damaged(void)
{
    const struct psp_message good = answer_make(2);
    const uint8_t nothing[PAYLOAD_BYTES] = {0};
    for (unsigned byte = 0; byte < PSP_MESSAGE_HEADER_BYTES + PAYLOAD_BYTES; byte++) {
        bool covered = byte < 16 || (byte >= 0x20 && byte < 0x28) || byte >= AAD_OFFSET;
        for (unsigned shift = 0; shift < 8 && covered; shift++) {
            struct psp_message message = good;
            uint8_t got[PAYLOAD_BYTES] = {0};
            ((uint8_t *)&message)[byte] ^= (uint8_t)(1u << shift);
            g_assert_cmpint(psp_message_open(&message, key, 2, 6, got, sizeof got), !=,
                            PSP_OPEN_OK);
            g_assert_cmpmem(got, sizeof got, nothing, sizeof nothing);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/message/snp56860/seal", test_seal);
    g_test_add_func("/monitor/message/snp56860/open", test_open);
    g_test_add_func("/monitor/message/snp56860/foreign-answers-refused", test_open_refused);
    g_test_add_func("/monitor/message/snp56860/damaged-answers-refused", test_open_damaged);
    return g_test_run();
}
