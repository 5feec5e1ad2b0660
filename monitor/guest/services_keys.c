/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DeriveKey, Encrypt, Decrypt; on all vCPUs at once too. */
#include "monitor/guest/ask.h"
#include "monitor/guest/services.h"
#include "monitor/lib/string.h"
#include "monitor/services_abi.h"
#include "monitor/snp.h"

enum { ROUNDS = 8, TEXT_BYTES = 40, AAD_BYTES = 8 };

struct message {
    struct crypt_request request;
    uint8_t data[CRYPT_BYTES_MAX + 8];
};
_Static_assert(offsetof(struct message, data) == sizeof(struct crypt_request), "in a row");

static struct message message __attribute__((aligned(8)));
/* A page each: the monitor holds the page of a message, another vCPU's there would be busy. */
static struct own_page {
    struct message message;
} __attribute__((aligned(4096))) own[LAUNCH_CPUS_MAX];
static uint8_t nonces[LAUNCH_CPUS_MAX][ROUNDS][CRYPT_NONCE_BYTES];
static uint32_t wrong[LAUNCH_CPUS_MAX]; /* results that were not as they should be */
static uint32_t common_handle;

/* Result code; *handle gets RCX. */
static uint32_t derive(struct guest *guest, uint8_t context, uint64_t *handle)
{
    struct guest_call regs = {0};
    memset(guest->area->argument, context, KEY_CONTEXT_BYTES);
    uint32_t code = guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_DERIVE_KEY, &regs);
    *handle = regs.rcx;
    return code;
}

static uint32_t drop(struct guest *guest, uint64_t handle)
{
    struct guest_call regs = {.rcx = handle, .r8 = KEY_FLAG_DROP};
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_DERIVE_KEY, &regs);
}

static uint32_t crypt(struct guest *guest, uint32_t number, const void *request)
{
    return guest_verismo(guest, number, (uint64_t)request, 0);
}

static void message_make(struct message *to, uint64_t handle)
{
    memset(to, 0, sizeof *to);
    to->request.handle = (uint32_t)handle;
    to->request.bytes = TEXT_BYTES;
    to->request.aad_bytes = AAD_BYTES;
    for (unsigned i = 0; i < AAD_BYTES + TEXT_BYTES; i++) {
        to->data[i] = (uint8_t)(i + 1);
    }
}

static bool message_is_clear(const struct message *of)
{
    for (unsigned i = 0; i < AAD_BYTES + TEXT_BYTES; i++) {
        if (of->data[i] != (uint8_t)(i + 1)) {
            return false;
        }
    }
    return true;
}

static void there_and_back(struct checks *checks, uint64_t handle)
{
    struct guest *guest = checks->guest;
    struct message sealed;
    message_make(&message, handle);
    check_equal(checks, "Encrypt", crypt(guest, SVSM_VERISMO_ENCRYPT, &message), SVSM_SUCCESS);
    check_true(checks, "the text is not there any more", !message_is_clear(&message));
    check_true(checks, "what is authenticated only is",
               message.data[0] == 1 && message.data[AAD_BYTES - 1] == AAD_BYTES);
    check_equal(checks, "nothing is written behind it", message.data[AAD_BYTES + TEXT_BYTES], 0);
    memcpy(&sealed, &message, sizeof sealed);
    check_equal(checks, "Decrypt", crypt(guest, SVSM_VERISMO_DECRYPT, &message), SVSM_SUCCESS);
    check_true(checks, "the text is back", message_is_clear(&message));

    /* Any byte of what counts, changed: refused, and nothing written. */
    uint8_t *bytes = (uint8_t *)&sealed;
    unsigned accepted = 0, written = 0;
    for (unsigned at = offsetof(struct crypt_request, nonce);
         at < sizeof sealed.request + AAD_BYTES + TEXT_BYTES; at++) {
        if (at >= offsetof(struct crypt_request, reserved_1c) &&
            at < offsetof(struct crypt_request, tag)) {
            continue;
        }
        bytes[at] ^= 0x10;
        memcpy(&message, &sealed, sizeof message);
        accepted += crypt(guest, SVSM_VERISMO_DECRYPT, &message) != (uint32_t)SVSM_TAG;
        written += memcmp(&message, &sealed, sizeof message) != 0;
        bytes[at] ^= 0x10;
    }
    check_equal(checks, "a changed byte is refused", accepted, 0);
    check_equal(checks, "and nothing is written", written, 0);
}

/* The same context gives the same key as long as the PCR stays as it is. */
static void what_a_key_depends_on(struct checks *checks, uint64_t first)
{
    struct guest *guest = checks->guest;
    uint64_t same, other, later;
    struct message sealed;
    message_make(&message, first);
    check_equal(checks, "Encrypt again", crypt(guest, SVSM_VERISMO_ENCRYPT, &message),
                SVSM_SUCCESS);
    memcpy(&sealed, &message, sizeof sealed);
    check_equal(checks, "DeriveKey, same context", derive(guest, 1, &same), SVSM_SUCCESS);
    check_equal(checks, "DeriveKey, other context", derive(guest, 2, &other), SVSM_SUCCESS);
    check_equal(checks, "ExtendPCR", ask_extend(guest, 2), SVSM_SUCCESS);
    check_equal(checks, "DeriveKey, other PCR", derive(guest, 1, &later), SVSM_SUCCESS);
    message.request.handle = (uint32_t)other;
    check_equal(checks, "the other context's key does not open it",
                crypt(guest, SVSM_VERISMO_DECRYPT, &message), (uint32_t)SVSM_TAG);
    message.request.handle = (uint32_t)later;
    check_equal(checks, "the other PCR's key does not open it",
                crypt(guest, SVSM_VERISMO_DECRYPT, &message), (uint32_t)SVSM_TAG);
    message.request.handle = (uint32_t)same;
    check_equal(checks, "the same context's key opens it",
                crypt(guest, SVSM_VERISMO_DECRYPT, &message), SVSM_SUCCESS);
    check_true(checks, "the text is back", message_is_clear(&message));
    check_equal(checks, "a dropped key", drop(guest, same), SVSM_SUCCESS);
    check_equal(checks, "is gone", crypt(guest, SVSM_VERISMO_DECRYPT, &sealed),
                sealed.request.handle == same ? (uint32_t)SVSM_INVALID_PARAMETER : SVSM_SUCCESS);
    sealed.request.handle = (uint32_t)same;
    check_equal(checks, "and its handle is none", crypt(guest, SVSM_VERISMO_DECRYPT, &sealed),
                (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "dropped twice", drop(guest, same), (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "dropped", drop(guest, other), SVSM_SUCCESS);
    check_equal(checks, "dropped", drop(guest, later), SVSM_SUCCESS);
}

static void bounds(struct checks *checks, uint64_t handle)
{
    struct guest *guest = checks->guest;
    const uint32_t parameter = (uint32_t)SVSM_INVALID_PARAMETER;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    uint64_t got;
    unsigned more = 0;
    message_make(&message, handle);
    message.request.bytes = CRYPT_BYTES_MAX - AAD_BYTES;
    check_equal(checks, "the longest text", crypt(guest, SVSM_VERISMO_ENCRYPT, &message),
                SVSM_SUCCESS);
    check_equal(checks, "and back", crypt(guest, SVSM_VERISMO_DECRYPT, &message), SVSM_SUCCESS);
    message.request.bytes++;
    check_equal(checks, "one byte more", crypt(guest, SVSM_VERISMO_ENCRYPT, &message), parameter);
    message.request.bytes = UINT32_MAX;
    check_equal(checks, "lengths that overflow", crypt(guest, SVSM_VERISMO_ENCRYPT, &message),
                parameter);
    message.request.bytes = message.request.aad_bytes = 0;
    check_equal(checks, "nothing to do", crypt(guest, SVSM_VERISMO_ENCRYPT, &message), parameter);
    message_make(&message, 0);
    check_equal(checks, "handle 0", crypt(guest, SVSM_VERISMO_ENCRYPT, &message), parameter);
    message_make(&message, KEY_HANDLES + 1);
    check_equal(checks, "handle beyond the last", crypt(guest, SVSM_VERISMO_ENCRYPT, &message),
                parameter);
    message_make(&message, handle);
    message.request.reserved = 1;
    check_equal(checks, "reserved field", crypt(guest, SVSM_VERISMO_ENCRYPT, &message), parameter);
    check_equal(checks, "request in the monitor",
                crypt(guest, SVSM_VERISMO_ENCRYPT, (const void *)guest->boot->monitor_gpa),
                address);
    check_equal(checks, "request not aligned",
                crypt(guest, SVSM_VERISMO_ENCRYPT, (const uint8_t *)&message + 4), address);
    check_equal(checks, "request at the end of the address space",
                crypt(guest, SVSM_VERISMO_ENCRYPT, (const void *)(UINT64_MAX - 7)), address);
    while (more <= KEY_HANDLES && derive(guest, 9, &got) == SVSM_SUCCESS) {
        more++;
    }
    check_equal(checks, "there are so many handles", more, KEY_HANDLES - 1);
    for (uint64_t i = 1; i <= KEY_HANDLES; i++) {
        if (i != handle) {
            check_equal(checks, "dropped", drop(guest, i), SVSM_SUCCESS);
        }
    }
}

void services_keys(struct checks *checks)
{
    uint64_t handle = 0;
    check_equal(checks, "DeriveKey", derive(checks->guest, 1, &handle), SVSM_SUCCESS);
    check_true(checks, "a handle", handle >= 1 && handle <= KEY_HANDLES);
    there_and_back(checks, handle);
    what_a_key_depends_on(checks, handle);
    bounds(checks, handle);
    common_handle = (uint32_t)handle;
}

void services_keys_together(struct guest *guest)
{
    struct message *mine = &own[guest->index].message;
    uint64_t handle = 0;
    /* The firmware takes its time: once only. With many vCPUs all handles may be in use. */
    uint32_t code = derive(guest, (uint8_t)(guest->index + 3), &handle);
    for (unsigned round = 0; round < ROUNDS; round++) {
        message_make(mine, common_handle);
        wrong[guest->index] += crypt(guest, SVSM_VERISMO_ENCRYPT, mine) != SVSM_SUCCESS;
        memcpy(nonces[guest->index][round], mine->request.nonce, CRYPT_NONCE_BYTES);
        wrong[guest->index] += crypt(guest, SVSM_VERISMO_DECRYPT, mine) != SVSM_SUCCESS;
        wrong[guest->index] += !message_is_clear(mine);
    }
    if (code == SVSM_SUCCESS) {
        wrong[guest->index] += drop(guest, handle) != SVSM_SUCCESS;
    } else {
        wrong[guest->index] += code != (uint32_t)SVSM_INVALID_REQUEST;
    }
}

void services_keys_after(struct checks *checks)
{
    const unsigned count = checks->guest->boot->vcpu_count * ROUNDS;
    const uint8_t(*all)[CRYPT_NONCE_BYTES] = nonces[0];
    unsigned twice = 0, failed = 0;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++) {
            twice += memcmp(all[i], all[j], CRYPT_NONCE_BYTES) == 0;
        }
    }
    for (unsigned i = 0; i < checks->guest->boot->vcpu_count; i++) {
        failed += wrong[i];
    }
    check_equal(checks, "no nonce comes twice", twice, 0);
    check_equal(checks, "keys on every vCPU", failed, 0);
}
