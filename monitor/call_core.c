/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SVSM Core protocol (58019 chapter 6): REMAP_CA, PVALIDATE, QUERY_PROTOCOL. */
#include "monitor/call.h"
#include "monitor/guest_memory.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"

/* 58019 section 6.1. RCX = GPA of the new calling area. */
static enum svsm_result remap_ca(struct cpu *cpu, const struct call *call)
{
    struct monitor *monitor = cpu->monitor;
    if (call_range_check(call->rcx, 1, monitor->c_bit) != SVSM_SUCCESS) {
        return SVSM_INVALID_ADDRESS;
    }
    if (call->rcx == cpu->calling_area_gpa) {
        return SVSM_SUCCESS;
    }
    enum page_hold hold =
        page_states_hold(&monitor->pages, call->rcx >> PAGE_SHIFT, 1, PAGE_PRIVATE);
    if (hold != PAGE_HOLD_OK) {
        return hold == PAGE_HOLD_BUSY ? SVSM_BUSY : SVSM_INVALID_ADDRESS;
    }
    struct svsm_calling_area *area =
        window_map(&monitor->space, cpu->index, WINDOW_COPY, call->rcx);
    __atomic_store_n(&area->call_pending, 0, __ATOMIC_SEQ_CST);
    window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
    page_states_release(&monitor->pages, call->rcx >> PAGE_SHIFT, 1, PAGE_CALLING_AREA);
    page_states_area_end(&monitor->pages, cpu->calling_area_gpa >> PAGE_SHIFT);
    cpu->calling_area_gpa = call->rcx;
    return SVSM_SUCCESS;
}

/* A 2 MiB entry. SIZE_MISMATCH: the guest has to come again with 4 KiB entries. */
static bool large_change(struct cpu *cpu, uint64_t gpa, bool validate)
{
    return validate ? guest_large_page_accept(cpu, gpa) : guest_large_page_withdraw(cpu, gpa);
}

static enum svsm_result pvalidate_entry(struct cpu *cpu, uint64_t entry)
{
    struct monitor *monitor = cpu->monitor;
    uint64_t gpa = entry & ~(PAGE_BYTES - 1);
    uint64_t size = entry & SVSM_PVALIDATE_SIZE_MASK;
    bool validate = (entry & SVSM_PVALIDATE_VALIDATE) != 0;
    bool large = size == PAGE_2M;
    if (size > PAGE_2M || (entry & SVSM_PVALIDATE_RESERVED) != 0) {
        return SVSM_INVALID_PARAMETER;
    }
    uint64_t pages = large ? PAGES_PER_LARGE_PAGE : 1;
    if (call_range_check(gpa, pages, monitor->c_bit) != SVSM_SUCCESS ||
        (large && gpa % LARGE_PAGE_BYTES != 0)) {
        return SVSM_INVALID_ADDRESS;
    }
    enum page_state from = validate ? PAGE_SHARED : PAGE_PRIVATE;
    enum page_state to = validate ? PAGE_PRIVATE : PAGE_SHARED;
    enum svsm_result result = call_entry_hold(&monitor->pages, gpa, pages, from);
    if (result == SVSM_NO_CHANGE && (entry & SVSM_PVALIDATE_IGNORE_CARRY) != 0 && !large) {
        return SVSM_SUCCESS; /* in the state asked for, and the guest says that it may be */
    }
    if (result != SVSM_SUCCESS) {
        return result;
    }
    if (large && !large_change(cpu, gpa, validate)) {
        to = from;
        result = SVSM_SIZE_MISMATCH;
    } else if (!large && validate) {
        guest_page_accept(cpu, gpa, true);
    } else if (!large) {
        guest_page_withdraw(cpu, gpa);
    }
    if (!validate) {
        guest_translations_flush(cpu);
    }
    page_states_release(&monitor->pages, gpa >> PAGE_SHIFT, pages, to);
    return result;
}

/*
 * 58019 section 6.2. RCX = GPA of the list, within one page, in private guest memory or the calling
 * area. The list is read entry by entry, each once; `next` is written back as entries are done.
 * One call does one entry of 2 MiB or a few of 4 KiB, then INCOMPLETE: work is bounded.
 */
enum { PVALIDATE_PAGES_PER_CALL = 512 };

static enum svsm_result list_serve(struct cpu *cpu, uint8_t *list, uint64_t room)
{
    struct svsm_pvalidate_header header;
    memcpy(&header, list, sizeof header);
    if (header.reserved != 0 || header.entries == 0 || header.next >= header.entries ||
        header.entries > (room - sizeof header) / sizeof(uint64_t)) {
        return SVSM_INVALID_FORMAT;
    }
    enum svsm_result result = SVSM_SUCCESS;
    uint64_t pages = 0;
    while (header.next < header.entries && result == SVSM_SUCCESS) {
        uint64_t entry;
        memcpy(&entry, list + sizeof header + header.next * sizeof entry, sizeof entry);
        pages += (entry & SVSM_PVALIDATE_SIZE_MASK) == PAGE_2M ? PAGES_PER_LARGE_PAGE : 1;
        if (pages > PVALIDATE_PAGES_PER_CALL) {
            result = SVSM_INCOMPLETE;
            break;
        }
        result = pvalidate_entry(cpu, entry);
        if (result == SVSM_SUCCESS) {
            header.next++;
        }
    }
    memcpy(list + offsetof(struct svsm_pvalidate_header, next), &header.next, sizeof header.next);
    return result;
}

static enum svsm_result pvalidate(struct cpu *cpu, const struct call *call)
{
    struct monitor *monitor = cpu->monitor;
    uint64_t page = call->rcx & ~(PAGE_BYTES - 1);
    uint64_t offset = call->rcx % PAGE_BYTES;
    uint64_t room = PAGE_BYTES - offset;
    if (call->rcx % 8 != 0 || room <= sizeof(struct svsm_pvalidate_header)) {
        return SVSM_INVALID_ADDRESS;
    }
    if (page == cpu->calling_area_gpa) {
        return list_serve(cpu, (uint8_t *)call->area + offset, room);
    }
    if (call_range_check(page, 1, monitor->c_bit) != SVSM_SUCCESS) {
        return SVSM_INVALID_ADDRESS;
    }
    /* Held for the time: an entry that names the list's own page finds it busy. */
    enum page_hold hold = page_states_hold(&monitor->pages, page >> PAGE_SHIFT, 1, PAGE_PRIVATE);
    if (hold != PAGE_HOLD_OK) {
        return hold == PAGE_HOLD_BUSY ? SVSM_BUSY : SVSM_INVALID_ADDRESS;
    }
    uint8_t *list = window_map(&monitor->space, cpu->index, WINDOW_COPY, page);
    enum svsm_result result = list_serve(cpu, list + offset, room);
    window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
    page_states_release(&monitor->pages, page >> PAGE_SHIFT, 1, PAGE_PRIVATE);
    return result;
}

/* 58019 section 6.7. RCX = protocol << 32 | version; out: lowest | highest << 32, or 0. */
static enum svsm_result query_protocol(struct call *call)
{
    uint32_t protocol = (uint32_t)(call->rcx >> 32);
    uint32_t version = (uint32_t)call->rcx;
    bool known = protocol == SVSM_PROTOCOL_CORE || protocol == SVSM_PROTOCOL_ATTESTATION ||
                 protocol == SVSM_PROTOCOL_VERISMO;
    call->rcx = known && version == SVSM_PROTOCOL_VERSION
                    ? (uint64_t)SVSM_PROTOCOL_VERSION << 32 | SVSM_PROTOCOL_VERSION
                    : 0;
    return SVSM_SUCCESS;
}

/* 58019 section 6.8. RCX bit 0: only asks. There is no vTOM here: features_check() in main.c
 * refuses to start with it. */
static enum svsm_result configure_vtom(struct call *call)
{
    if (call->rcx != 1) {
        return SVSM_UNSUPPORTED_CALL;
    }
    call->rcx = 0; /* not supported */
    return SVSM_SUCCESS;
}

enum svsm_result call_core(struct cpu *cpu, struct call *call)
{
    switch (call->number) {
    case SVSM_CORE_REMAP_CA: return remap_ca(cpu, call);
    case SVSM_CORE_PVALIDATE: return pvalidate(cpu, call);
    case SVSM_CORE_CREATE_VCPU: return call_create_vcpu(cpu, call);
    case SVSM_CORE_DELETE_VCPU: return call_delete_vcpu(cpu, call);
    case SVSM_CORE_QUERY_PROTOCOL: return query_protocol(call);
    case SVSM_CORE_CONFIGURE_VTOM: return configure_vtom(call);
    default: return SVSM_UNSUPPORTED_CALL;
    }
}
