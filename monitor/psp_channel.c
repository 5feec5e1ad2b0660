/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/psp_channel.h"

#include "monitor/console.h"
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
    channel->staging = heap_pages(cpu->monitor, 1);
}

static void shared_write(volatile void *shared, const void *data)
{
    memcpy((void *)(uintptr_t)shared, data, PAGE_BYTES);
}

/* The hypervisor passes the request on. True: it says that the firmware answered. Only "busy" says
 * that the firmware has not seen the message; then the identical bytes are sent again. */
static bool request_pass(struct cpu *cpu, struct psp_channel *channel)
{
    for (unsigned i = 0; i < BUSY_TRIES_MAX; i++) {
        struct ghcb_reply reply;
        shared_write(channel->request, channel->staging);
        enum ghcb_status status =
            ghcb_call(cpu, GHCB_EXIT_GUEST_REQUEST, (uint64_t)channel->request,
                      (uint64_t)channel->response, NULL, 0, &reply);
        if (status != GHCB_OK || !ghcb_reply_has(&reply, GHCB_EXIT_INFO_2)) {
            return false;
        }
        if (reply.exit_info_2 >> VMM_ERROR_SHIFT != VMM_BUSY) {
            return reply.exit_info_2 == 0;
        }
    }
    return false;
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
                                        size_t answer_bytes)
{
    uint64_t sequence = channel->sequence + 1;
    if (channel->dead || sequence > SEQUENCE_MAX || !key_is_there()) {
        return PSP_DEAD;
    }
    psp_message_seal(channel->staging, vmpck0, sequence, type, payload, bytes);
    if (!request_pass(cpu, channel)) {
        return PSP_DEAD;
    }
    /* One copy out of shared memory; all checks are on the copy. */
    memcpy(channel->staging, (const void *)(uintptr_t)channel->response, PAGE_BYTES);
    enum psp_open open = psp_message_open(channel->staging, vmpck0, sequence + 1,
                                          (uint8_t)(type + 1), answer, answer_bytes);
    if (open != PSP_OPEN_OK) {
        return PSP_DEAD;
    }
    channel->sequence = sequence + 1;
    return PSP_OK;
}

enum psp_status psp_channel_call(struct cpu *cpu, uint8_t type, const void *payload, size_t bytes,
                                 void *answer, size_t answer_bytes)
{
    struct psp_channel *channel = &cpu->monitor->psp;
    lock_acquire(&channel->lock);
    bool was_dead = channel->dead;
    enum psp_status status =
        channel_exchange(cpu, channel, type, payload, bytes, answer, answer_bytes);
    if (status != PSP_OK) {
        channel->dead = true;
        secret_wipe(vmpck0, VMPCK_BYTES);
    }
    secret_wipe(channel->staging, sizeof *channel->staging);
    lock_release(&channel->lock);
    if (status != PSP_OK && !was_dead) {
        console_print(cpu, "firmware channel: no answer that can be trusted, key wiped");
    }
    return status;
}
