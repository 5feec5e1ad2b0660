/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DeriveKey, Encrypt, Decrypt: AES-256-GCM with keys that stay here (docs/monitor.md). */
#include <bearssl.h>

#include "monitor/call.h"
#include "monitor/guest_memory.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/services.h"

/* A request as it is worked on: a private copy, in the scratch pages. */
struct crypt_work {
    struct crypt_request head;
    uint8_t data[CRYPT_BYTES_MAX]; /* head.aad_bytes, then head.bytes */
};
_Static_assert(offsetof(struct crypt_work, data) == sizeof(struct crypt_request), "as in memory");
_Static_assert(sizeof(struct crypt_work) <= SERVICES_SCRATCH_BYTES, "scratch pages");

/* R8 = 0: a key for the context in the calling area; out: RCX = handle. R8 = KEY_FLAG_DROP: the key
 * of handle RCX is wiped. */
enum svsm_result call_derive_key(struct cpu *cpu, struct call *call)
{
    uint8_t context[KEY_CONTEXT_BYTES];
    uint32_t handle = 0;
    if ((call->r8 & ~(uint64_t)KEY_FLAG_DROP) != 0) {
        return SVSM_INVALID_PARAMETER;
    }
    if (call->r8 & KEY_FLAG_DROP) {
        return keys_drop(&cpu->monitor->keys, call->rcx) ? SVSM_SUCCESS : SVSM_INVALID_PARAMETER;
    }
    memcpy(context, call->area->argument, sizeof context);
    enum svsm_result result = keys_derive(cpu, context, &handle);
    if (result == SVSM_SUCCESS) {
        call->rcx = handle;
    }
    return result;
}

/* Head, then data: what the head says is what its one copy says. */
static enum svsm_result work_read(struct cpu *cpu, uint64_t gpa, struct crypt_work *work)
{
    if (gpa % 8 != 0) {
        return SVSM_INVALID_ADDRESS;
    }
    enum svsm_result result = guest_copy_in(cpu, &work->head, gpa, sizeof work->head);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    static const uint8_t zero[sizeof work->head.reserved_1c];
    const uint32_t bytes = work->head.bytes, aad_bytes = work->head.aad_bytes;
    if (work->head.reserved != 0 || memcmp(work->head.reserved_1c, zero, sizeof zero) != 0 ||
        bytes > CRYPT_BYTES_MAX || aad_bytes > CRYPT_BYTES_MAX - bytes || bytes + aad_bytes == 0) {
        return SVSM_INVALID_PARAMETER;
    }
    return guest_copy_in(cpu, work->data, gpa + sizeof work->head, bytes + aad_bytes);
}

/* Runs the cipher over work; the tag is computed into it or compared with it. */
static bool gcm_run(struct crypt_work *work, const uint8_t key[KEY_BYTES], bool encrypt)
{
    br_aes_ct64_ctr_keys aes;
    br_gcm_context gcm;
    br_aes_ct64_ctr_init(&aes, key, KEY_BYTES);
    br_gcm_init(&gcm, &aes.vtable, br_ghash_ctmul64);
    br_gcm_reset(&gcm, work->head.nonce, sizeof work->head.nonce);
    br_gcm_aad_inject(&gcm, work->data, work->head.aad_bytes);
    br_gcm_flip(&gcm);
    br_gcm_run(&gcm, encrypt, work->data + work->head.aad_bytes, work->head.bytes);
    bool good = true;
    if (encrypt) {
        br_gcm_get_tag(&gcm, work->head.tag);
    } else {
        good = br_gcm_check_tag(&gcm, work->head.tag) != 0;
    }
    secret_wipe(&gcm, sizeof gcm);
    secret_wipe(&aes, sizeof aes);
    return good;
}

static enum svsm_result encrypt_work(struct cpu *cpu, uint64_t gpa, struct crypt_work *work)
{
    struct keys *keys = &cpu->monitor->keys;
    uint8_t key[KEY_BYTES];
    enum svsm_result result = SVSM_INVALID_PARAMETER;
    if (keys_copy(keys, work->head.handle, key)) {
        result = SVSM_INVALID_REQUEST;
        if (keys_nonce(keys, work->head.nonce)) {
            gcm_run(work, key, true);
            /* Nonce, tag and data, in one step: all of it or nothing. */
            const size_t start = offsetof(struct crypt_request, nonce);
            result =
                guest_copy_out(cpu, gpa + start, (uint8_t *)work + start,
                               sizeof work->head - start + work->head.aad_bytes + work->head.bytes);
        }
    }
    secret_wipe(key, sizeof key);
    return result;
}

static enum svsm_result decrypt_work(struct cpu *cpu, uint64_t gpa, struct crypt_work *work)
{
    uint8_t key[KEY_BYTES];
    enum svsm_result result = SVSM_INVALID_PARAMETER;
    if (keys_copy(&cpu->monitor->keys, work->head.handle, key)) {
        result = SVSM_TAG;
        if (gcm_run(work, key, false)) {
            result = work->head.bytes == 0
                         ? SVSM_SUCCESS
                         : guest_copy_out(cpu, gpa + sizeof work->head + work->head.aad_bytes,
                                          work->data + work->head.aad_bytes, work->head.bytes);
        }
    }
    secret_wipe(key, sizeof key);
    return result;
}

/* RCX = GPA of a struct crypt_request in private guest memory. */
enum svsm_result call_encrypt(struct cpu *cpu, const struct call *call)
{
    struct crypt_work *work = services_scratch(cpu);
    enum svsm_result result = work_read(cpu, call->rcx, work);
    if (result == SVSM_SUCCESS) {
        result = encrypt_work(cpu, call->rcx, work);
    }
    secret_wipe(work, sizeof *work);
    return result;
}

enum svsm_result call_decrypt(struct cpu *cpu, const struct call *call)
{
    struct crypt_work *work = services_scratch(cpu);
    enum svsm_result result = work_read(cpu, call->rcx, work);
    if (result == SVSM_SUCCESS) {
        result = decrypt_work(cpu, call->rcx, work);
    }
    secret_wipe(work, sizeof *work);
    return result;
}
