/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/ask.h"

#include "monitor/lib/string.h"
#include "monitor/services_abi.h"

enum { NONCE_BYTES = 64 };

uint32_t ask_share(struct guest *guest, const void *start, uint64_t pages)
{
    return guest_verismo(guest, SVSM_VERISMO_SET_PAGE_SHARED, (uint64_t)start, pages);
}

uint32_t ask_private(struct guest *guest, const void *start, uint64_t pages)
{
    return guest_verismo(guest, SVSM_VERISMO_SET_PAGE_PRIVATE, (uint64_t)start, pages);
}

static uint32_t patiently(struct guest *guest, uint32_t number, const void *start, uint64_t pages)
{
    uint32_t code;
    do {
        code = guest_verismo(guest, number, (uint64_t)start, pages);
    } while (code == (uint32_t)SVSM_BUSY);
    return code;
}

uint32_t ask_share_patiently(struct guest *guest, const void *start, uint64_t pages)
{
    return patiently(guest, SVSM_VERISMO_SET_PAGE_SHARED, start, pages);
}

uint32_t ask_private_patiently(struct guest *guest, const void *start, uint64_t pages)
{
    return patiently(guest, SVSM_VERISMO_SET_PAGE_PRIVATE, start, pages);
}

uint32_t ask_extend(struct guest *guest, uint8_t value)
{
    memset(guest->area->argument, value, SVSM_PCR_BYTES);
    return guest_verismo(guest, SVSM_VERISMO_EXTEND_PCR, 0, 0);
}

uint32_t ask_attest(struct guest *guest, uint64_t gpa, uint64_t room, uint8_t nonce,
                    uint64_t *bytes)
{
    struct guest_call regs = {.rcx = gpa, .rdx = room};
    memset(guest->area->argument, nonce, NONCE_BYTES);
    uint32_t code = guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_ATTEST, &regs);
    *bytes = regs.rcx;
    return code;
}

uint32_t ask_lock(struct guest *guest, uint64_t gpa)
{
    struct guest_call regs = {.rcx = gpa};
    uint32_t code;
    do {
        regs.rcx = gpa;
        code = guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_LOCK_KERNEL, &regs);
    } while (code == (uint32_t)SVSM_INCOMPLETE || code == (uint32_t)SVSM_BUSY);
    return code;
}

uint32_t ask_lock_range(struct guest *guest, const void *start, uint64_t bytes)
{
    static struct kernel_list list __attribute__((aligned(4096), section(".bss.page")));
    list.count = 1;
    list.range[0] = (struct kernel_range){.gpa = (uint64_t)start, .bytes = bytes};
    return ask_lock(guest, (uint64_t)&list);
}

uint64_t ask_protocol(struct guest *guest, uint32_t protocol)
{
    struct guest_call regs = {.rcx = (uint64_t)protocol << 32 | SVSM_PROTOCOL_VERSION};
    uint32_t code = guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_QUERY_PROTOCOL, &regs);
    return code == SVSM_SUCCESS ? regs.rcx : UINT64_MAX;
}
