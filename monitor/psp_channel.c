/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/psp_channel.h"

#include "monitor/console.h"
#include "monitor/defect.h"
#include "monitor/ghcb.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/secrets.h"

enum { BUSY_TRIES_MAX = 1000, VMM_ERROR_SHIFT = 32, VMM_BUSY = 2 };

/* SEV-SNP ABI: the counter may not pass this. */
#define SEQUENCE_MAX (UINT64_MAX - 3)

void psp_channel_start(struct psp_channel *channel, struct cpu *cpu)
{
    lock_init(&channel->lock, LOCK_PSP);
    channel->request = heap_shared_page(cpu->monitor);
    channel->response = heap_shared_page(cpu->monitor);
    channel->certs = heap_shared_pages(cpu->monitor, PSP_CERTS_PAGES);
    channel->staging = heap_pages(cpu->monitor, 1);
}

static void shared_write(volatile void *shared, const void *data)
{
    memcpy((void *)(uintptr_t)shared, data, PAGE_BYTES);
}

static enum ghcb_status request_exit(struct cpu *cpu, struct psp_channel *channel, bool certs,
                                     struct ghcb_reply *reply)
{
    const struct ghcb_input area[] = {{GHCB_RAX, (uint64_t)channel->certs},
                                      {GHCB_RBX, PSP_CERTS_PAGES}};
    return ghcb_call(cpu, certs ? GHCB_EXIT_EXT_REQUEST : GHCB_EXIT_GUEST_REQUEST,
                     (uint64_t)channel->request, (uint64_t)channel->response, area,
                     certs ? sizeof area / sizeof area[0] : 0, reply);
}

/*
 * The hypervisor passes the request on. True: it says that the firmware answered. "Busy" says that
 * the firmware has not seen the message. Then the identical bytes are sent again, and so they are,
 * once and without asking for certificates, when the extended request is not served: if the
 * firmware has seen them after all, it refuses them, and the channel is closed.
 */
static bool request_pass(struct cpu *cpu, struct psp_channel *channel, bool *certs)
{
    for (unsigned i = 0; i < BUSY_TRIES_MAX; i++) {
        struct ghcb_reply reply;
        shared_write(channel->request, channel->staging);
        enum ghcb_status status = request_exit(cpu, channel, *certs, &reply);
        bool answered = status == GHCB_OK && ghcb_reply_has(&reply, GHCB_EXIT_INFO_2);
        if (answered && reply.exit_info_2 >> VMM_ERROR_SHIFT == VMM_BUSY) {
            continue;
        }
        if (!*certs || (answered && reply.exit_info_2 == 0)) {
            return answered && reply.exit_info_2 == 0;
        }
        *certs = false;
    }
    return false;
}

/* Entry of the table of certificates, which ends with one whose GUID is zero. */
struct cert_entry {
    uint8_t guid[16];
    uint32_t offset;
    uint32_t bytes;
};
_Static_assert(sizeof(struct cert_entry) == 24, "56421 section 4.1.8.1");

/* Where the last certificate ends; 0 if the table is malformed or empty. */
static size_t certs_end(const uint8_t *bytes)
{
    static const uint8_t none[16];
    size_t end = 0;
    for (size_t at = 0; at + sizeof(struct cert_entry) <= PSP_CERTS_BYTES;
         at += sizeof(struct cert_entry)) {
        struct cert_entry entry;
        memcpy(&entry, bytes + at, sizeof entry);
        if (memcmp(entry.guid, none, sizeof none) == 0) {
            return end;
        }
        if (entry.offset > PSP_CERTS_BYTES || entry.bytes > PSP_CERTS_BYTES - entry.offset) {
            return 0;
        }
        end = entry.offset + entry.bytes > end ? entry.offset + entry.bytes : end;
    }
    return 0;
}

/* An all-zero VMPCK is none: the firmware gave none, or it was wiped. No early way out of the loop:
 * how long it takes says nothing about the key. */
static bool key_is_there(void)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < VMPCK_BYTES; i++) {
        any |= vmpck0[i];
    }
    return any != 0;
}

static enum psp_status channel_exchange(struct cpu *cpu, struct psp_channel *channel, uint8_t type,
                                        const void *payload, size_t bytes, void *answer,
                                        size_t answer_bytes, bool *certs)
{
    uint64_t sequence = channel->sequence + 1;
    if (channel->dead || sequence > SEQUENCE_MAX || !key_is_there()) {
        return PSP_DEAD;
    }
    psp_message_seal(channel->staging, vmpck0, sequence, type, payload, bytes);
    if (!request_pass(cpu, channel, certs) && monitor_defect != DEFECT_STALE_ANSWER) {
        return PSP_DEAD;
    }
    /* One copy out of shared memory; all checks are on the copy. */
    memcpy(channel->staging, (const void *)(uintptr_t)channel->response, PAGE_BYTES);
    uint64_t wanted = sequence + 1;
    if (monitor_defect == DEFECT_STALE_ANSWER) {
        wanted = channel->staging->sequence;
    }
    enum psp_open open = psp_message_open(channel->staging, vmpck0, wanted, (uint8_t)(type + 1),
                                          answer, answer_bytes);
    if (open != PSP_OPEN_OK) {
        return PSP_DEAD;
    }
    channel->sequence = sequence + 1;
    return PSP_OK;
}

enum psp_status psp_channel_call_certs(struct cpu *cpu, uint8_t type, const void *payload,
                                       size_t bytes, void *answer, size_t answer_bytes,
                                       struct psp_certs *certs)
{
    struct psp_channel *channel = &cpu->monitor->psp;
    bool given = certs != NULL;
    lock_acquire(&channel->lock);
    bool was_dead = channel->dead;
    enum psp_status status =
        channel_exchange(cpu, channel, type, payload, bytes, answer, answer_bytes, &given);
    bool give_up = status != PSP_OK && monitor_defect != DEFECT_IV_REUSE;
    if (give_up) {
        channel->dead = true;
        secret_wipe(vmpck0, VMPCK_BYTES);
    }
    secret_wipe(channel->staging, sizeof *channel->staging);
    if (certs != NULL) {
        /* One copy out of shared memory, as with the answer. */
        certs->count = 0;
        if (status == PSP_OK && given) {
            memcpy(certs->bytes, (const void *)(uintptr_t)channel->certs, PSP_CERTS_BYTES);
            certs->count = certs_end(certs->bytes);
        }
    }
    lock_release(&channel->lock);
    if (give_up && !was_dead) {
        console_print(cpu, "firmware channel: no answer that can be trusted, key wiped");
    }
    return status;
}

enum psp_status psp_channel_call(struct cpu *cpu, uint8_t type, const void *payload, size_t bytes,
                                 void *answer, size_t answer_bytes)
{
    return psp_channel_call_certs(cpu, type, payload, bytes, answer, answer_bytes, NULL);
}
