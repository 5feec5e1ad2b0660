/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encrypt and Decrypt: there and back, every change is found, no nonce comes twice. */
#include "monitor/guest/ask.h"
#include "monitor/guest/ask_keys.h"
#include "monitor/guest/exercise.h"
#include "monitor/lib/string.h"

enum { ROUNDS = 3 };

static const uint32_t lengths[][2] = {
    /* aad_bytes, bytes */
    {0, 1},  {0, 15},   {0, 16},   {0, 17},   {16, 0},
    {20, 1}, {7, 1000}, {0, 3072}, {3072, 0}, {1536, 1536},
};
enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

/* Two pages each, the second of which is shared now and then. */
static uint8_t pages[LAUNCH_CPUS_MAX][2][4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t nonces[LAUNCH_CPUS_MAX][ROUNDS * LENGTHS][CRYPT_NONCE_BYTES];
static uint64_t handle;

static void before(struct checks *checks)
{
    check_equal(checks, "DeriveKey", ask_derive(checks->guest, 1, &handle), SVSM_SUCCESS);
}

static void there_and_back(struct checks *checks, struct crypt_message *message, unsigned round)
{
    struct guest *guest = checks->guest;
    const uint8_t pattern = (uint8_t)(guest->index * 16 + round);
    for (unsigned i = 0; i < LENGTHS; i++) {
        crypt_message_make(message, handle, lengths[i][0], lengths[i][1], pattern);
        check_equal(checks, "Encrypt", ask_encrypt(guest, message), SVSM_SUCCESS);
        memcpy(nonces[guest->index][round * LENGTHS + i], message->head.nonce, CRYPT_NONCE_BYTES);
        check_true(checks, "the text is not to be seen",
                   lengths[i][1] < 15 || !crypt_message_is(message, pattern));
        check_equal(checks, "Decrypt", ask_decrypt(guest, message), SVSM_SUCCESS);
        check_true(checks, "the text is back", crypt_message_is(message, pattern));
    }
}

/* A bit of the nonce, the tag, the authenticated or the encrypted part. */
static void changed(struct checks *checks, struct crypt_message *message)
{
    struct guest *guest = checks->guest;
    const size_t places[] = {0x10, 0x1b, 0x20, 0x2f, 0x30, 0x31, 0x38, 0x57};
    static struct crypt_message sent[LAUNCH_CPUS_MAX];
    struct crypt_message *copy = &sent[guest->index];
    crypt_message_make(message, handle, 8, 32, 0x55);
    check_equal(checks, "Encrypt", ask_encrypt(guest, message), SVSM_SUCCESS);
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        uint8_t *byte = (uint8_t *)message + places[i];
        *byte ^= 1 << i;
        memcpy(copy, message, sizeof *copy);
        check_equal(checks, "Decrypt of what was changed", ask_decrypt(guest, message),
                    (uint32_t)SVSM_TAG);
        check_true(checks, "nothing was written", memcmp(copy, message, sizeof *copy) == 0);
        *byte ^= 1 << i;
    }
    message->head.aad_bytes = 7;
    message->head.bytes = 33;
    check_equal(checks, "Decrypt with another border", ask_decrypt(guest, message),
                (uint32_t)SVSM_TAG);
    message->head.aad_bytes = 8;
    message->head.bytes = 32;
    check_equal(checks, "Decrypt of what was sent", ask_decrypt(guest, message), SVSM_SUCCESS);
    check_true(checks, "the text is back", crypt_message_is(message, 0x55));
}

static void bad_requests(struct checks *checks, struct crypt_message *message)
{
    const struct crypt_request bad[] = {
        {.handle = 0, .bytes = 16},
        {.handle = KEY_HANDLES + 1, .bytes = 16},
        {.handle = UINT32_MAX, .bytes = 16},
        {.handle = (uint32_t)handle, .bytes = 0},
        {.handle = (uint32_t)handle, .bytes = CRYPT_BYTES_MAX + 1},
        {.handle = (uint32_t)handle, .bytes = UINT32_MAX},
        {.handle = (uint32_t)handle, .bytes = 1, .aad_bytes = CRYPT_BYTES_MAX},
        {.handle = (uint32_t)handle, .bytes = 2, .aad_bytes = UINT32_MAX},
        {.handle = (uint32_t)handle, .bytes = 16, .reserved = 1},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        message->head = bad[i];
        check_equal(checks, "Encrypt of a bad request", ask_encrypt(checks->guest, message),
                    (uint32_t)SVSM_INVALID_PARAMETER);
        check_equal(checks, "Decrypt of a bad request", ask_decrypt(checks->guest, message),
                    (uint32_t)SVSM_INVALID_PARAMETER);
        check_true(checks, "it is as it was", memcmp(&message->head, &bad[i], sizeof bad[i]) == 0);
    }
}

static void bad_addresses(struct checks *checks, uint8_t (*own)[4096])
{
    struct guest *guest = checks->guest;
    struct crypt_message *across = (struct crypt_message *)(own[1] - 64);
    crypt_message_make(across, handle, 0, 16, 1);
    across->head.bytes = 100; /* the rest is in the second page */
    check_equal(checks, "SetPageShared", ask_share(guest, own[1], 1), SVSM_SUCCESS);
    const uint64_t bad[] = {
        guest->boot->monitor_gpa, guest->boot->monitor_gpa - 8,
        (uint64_t)guest->area,    (uint64_t)own[1],
        (uint64_t)across,         (uint64_t)own[0] + 1,
        UINT64_MAX - 7,           (uint64_t)own[0] | UINT64_C(1) << guest->boot->c_bit,
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_equal(checks, "Encrypt of what is not private memory",
                    ask_encrypt(guest, (const void *)bad[i]), (uint32_t)SVSM_INVALID_ADDRESS);
        check_equal(checks, "Decrypt of what is not private memory",
                    ask_decrypt(guest, (const void *)bad[i]), (uint32_t)SVSM_INVALID_ADDRESS);
    }
    check_equal(checks, "SetPagePrivate", ask_private(guest, own[1], 1), SVSM_SUCCESS);
}

static void together(struct checks *checks)
{
    uint8_t(*own)[4096] = pages[checks->guest->index];
    struct crypt_message *message = (struct crypt_message *)own[0];
    bad_addresses(checks, own);
    for (unsigned round = 0; round < ROUNDS; round++) {
        there_and_back(checks, message, round);
    }
    changed(checks, message);
    bad_requests(checks, message);
}

static void after(struct checks *checks)
{
    const unsigned count = checks->guest->boot->vcpu_count * ROUNDS * LENGTHS;
    const uint8_t(*all)[CRYPT_NONCE_BYTES] = nonces[0];
    unsigned twice = 0;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < i; k++) {
            twice += memcmp(all[i], all[k], CRYPT_NONCE_BYTES) == 0;
        }
    }
    check_equal(checks, "nonces that come twice", twice, 0);
    check_equal(checks, "the key is dropped", ask_drop(checks->guest, handle), SVSM_SUCCESS);
}

const struct exercise exercise_encrypt_decrypt = {
    .name = "encrypt-decrypt", .before = before, .together = together, .after = after};
