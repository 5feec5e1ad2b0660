/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DeriveKey: keys by handle. What a key is shows in what it decrypts. */
#include "monitor/guest/ask.h"
#include "monitor/guest/ask_keys.h"
#include "monitor/guest/exercise.h"

enum { BYTES = 100, PATIENCE = 100000 };

static struct crypt_message messages[LAUNCH_CPUS_MAX]
    __attribute__((aligned(4096), section(".bss.page")));
static uint32_t holders[KEY_HANDLES + 1];

static uint64_t derive(struct checks *checks, uint8_t context)
{
    uint64_t handle = 0;
    check_equal(checks, "DeriveKey", ask_derive(checks->guest, context, &handle), SVSM_SUCCESS);
    check_true(checks, "a handle", handle >= 1 && handle <= KEY_HANDLES);
    return handle;
}

/* Does the second key open what the first one closed? */
static uint32_t opens(struct checks *checks, uint64_t closing, uint64_t opening)
{
    struct crypt_message *message = &messages[0];
    crypt_message_make(message, closing, 0, BYTES, 0x40);
    check_equal(checks, "Encrypt", ask_encrypt(checks->guest, message), SVSM_SUCCESS);
    message->head.handle = (uint32_t)opening;
    return ask_decrypt(checks->guest, message);
}

static void contexts(struct checks *checks)
{
    const uint64_t first = derive(checks, 1), same = derive(checks, 1), other = derive(checks, 2);
    check_equal(checks, "the same context, the same key", opens(checks, first, same), SVSM_SUCCESS);
    check_true(checks, "it opened the text", crypt_message_is(&messages[0], 0x40));
    check_equal(checks, "another context, another key", opens(checks, first, other),
                (uint32_t)SVSM_TAG);
    check_equal(checks, "ExtendPCR", ask_extend(checks->guest, 9), SVSM_SUCCESS);
    const uint64_t later = derive(checks, 1);
    check_equal(checks, "another measurement, another key", opens(checks, first, later),
                (uint32_t)SVSM_TAG);
    check_equal(checks, "the first key is still there", opens(checks, first, same), SVSM_SUCCESS);
}

static void handles(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint64_t none[] = {0, KEY_HANDLES + 1, UINT32_MAX, UINT64_C(1) << 32 | 1, UINT64_MAX};
    uint64_t handle;
    for (unsigned i = 4; i < KEY_HANDLES; i++) {
        derive(checks, (uint8_t)(10 + i));
    }
    check_equal(checks, "one key too many", ask_derive(guest, 1, &handle),
                (uint32_t)SVSM_INVALID_REQUEST);
    for (unsigned i = 1; i <= KEY_HANDLES; i++) {
        check_equal(checks, "a key is dropped", ask_drop(guest, i), SVSM_SUCCESS);
        check_equal(checks, "once", ask_drop(guest, i), (uint32_t)SVSM_INVALID_PARAMETER);
        crypt_message_make(&messages[0], i, 0, BYTES, 0);
        check_equal(checks, "and is gone", ask_encrypt(guest, &messages[0]),
                    (uint32_t)SVSM_INVALID_PARAMETER);
    }
    for (unsigned i = 0; i < sizeof none / sizeof none[0]; i++) {
        check_equal(checks, "a handle that there is not", ask_drop(guest, none[i]),
                    (uint32_t)SVSM_INVALID_PARAMETER);
    }
    struct guest_call regs = {.r8 = 2};
    check_equal(checks, "flags that there are not",
                guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_DERIVE_KEY, &regs),
                (uint32_t)SVSM_INVALID_PARAMETER);
}

static void before(struct checks *checks)
{
    contexts(checks);
    handles(checks);
}

/* Each vCPU has a key for itself; there may be more vCPUs than handles. */
static void together(struct checks *checks)
{
    struct guest *guest = checks->guest;
    struct crypt_message *message = &messages[guest->index];
    uint64_t handle = 0;
    uint32_t code = (uint32_t)SVSM_INVALID_REQUEST;
    for (unsigned i = 0; i < PATIENCE && code == (uint32_t)SVSM_INVALID_REQUEST; i++) {
        code = ask_derive(guest, (uint8_t)guest->index, &handle);
    }
    check_equal(checks, "DeriveKey", code, SVSM_SUCCESS);
    if (handle < 1 || handle > KEY_HANDLES) {
        check_true(checks, "a handle", false);
        return;
    }
    check_equal(checks, "nobody else has the handle",
                __atomic_fetch_add(&holders[handle], 1, __ATOMIC_SEQ_CST), 0);
    crypt_message_make(message, handle, 0, BYTES, (uint8_t)guest->index);
    check_equal(checks, "Encrypt", ask_encrypt(guest, message), SVSM_SUCCESS);
    check_equal(checks, "Decrypt", ask_decrypt(guest, message), SVSM_SUCCESS);
    check_true(checks, "the key is the vCPU's own",
               crypt_message_is(message, (uint8_t)guest->index));
    __atomic_fetch_sub(&holders[handle], 1, __ATOMIC_SEQ_CST);
    check_equal(checks, "the key is dropped", ask_drop(guest, handle), SVSM_SUCCESS);
}

const struct exercise exercise_derive_key = {
    .name = "derive-key", .before = before, .together = together};
