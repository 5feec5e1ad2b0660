/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVALIDATE of the SVSM Core protocol (58019 section 6.2). RCX = GPA of the list, within one page,
 * in private guest memory or the calling area. The list is read entry by entry, each once; `next`
 * is written back as entries are done. One call does one entry of 2 MiB or 512 of 4 KiB, then
 * INCOMPLETE: work is bounded.
 */
#include "monitor/call.h"
#include "monitor/guest_memory.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/services.h"

enum { PVALIDATE_PAGES_PER_CALL = 512 };

/*
 * Entries of this call that were rescinded, as they were read, in the scratch pages. Their pages
 * stay held until no translation of before is in use: one flush, which waits for every vCPU that
 * runs, is for all of them.
 */
struct withdrawn {
    uint32_t count;
    uint64_t entry[PVALIDATE_PAGES_PER_CALL];
};
_Static_assert(sizeof(struct withdrawn) <= SERVICES_SCRATCH_BYTES, "scratch pages");

static uint64_t entry_gpa(uint64_t entry)
{
    return entry & ~(PAGE_BYTES - 1);
}

static bool entry_is_large(uint64_t entry)
{
    return (entry & SVSM_PVALIDATE_SIZE_MASK) == PAGE_2M;
}

static uint64_t entry_pages(uint64_t entry)
{
    return entry_is_large(entry) ? PAGES_PER_LARGE_PAGE : 1;
}

static void entry_release(struct cpu *cpu, uint64_t entry, enum page_state state)
{
    page_states_release(&cpu->monitor->pages, entry_gpa(entry) >> PAGE_SHIFT, entry_pages(entry),
                        state);
}

/* False: the RMP holds 4 KiB entries where the list has 2 MiB. Then nothing was changed. */
static bool entry_accept(struct cpu *cpu, uint64_t entry)
{
    if (entry_is_large(entry)) {
        return guest_large_page_accept(cpu, entry_gpa(entry));
    }
    guest_page_accept(cpu, entry_gpa(entry), true);
    return true;
}

static bool entry_withdraw(struct cpu *cpu, uint64_t entry)
{
    if (entry_is_large(entry)) {
        return guest_large_page_withdraw(cpu, entry_gpa(entry));
    }
    guest_page_withdraw(cpu, entry_gpa(entry));
    return true;
}

static enum svsm_result entry_check(const struct cpu *cpu, uint64_t entry)
{
    if ((entry & SVSM_PVALIDATE_SIZE_MASK) > PAGE_2M || (entry & SVSM_PVALIDATE_RESERVED) != 0) {
        return SVSM_INVALID_PARAMETER;
    }
    uint64_t gpa = entry_gpa(entry);
    if (call_range_check(gpa, entry_pages(entry), cpu->monitor->c_bit) != SVSM_SUCCESS ||
        (entry_is_large(entry) && gpa % LARGE_PAGE_BYTES != 0)) {
        return SVSM_INVALID_ADDRESS;
    }
    return SVSM_SUCCESS;
}

static enum svsm_result entry_serve(struct cpu *cpu, uint64_t entry, struct withdrawn *withdrawn)
{
    const bool validate = (entry & SVSM_PVALIDATE_VALIDATE) != 0;
    enum svsm_result result = entry_check(cpu, entry);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    enum page_state from = validate ? PAGE_SHARED : PAGE_PRIVATE;
    result = call_entry_hold(&cpu->monitor->pages, entry_gpa(entry), entry_pages(entry), from);
    if (result == SVSM_NO_CHANGE && (entry & SVSM_PVALIDATE_IGNORE_CARRY) != 0 &&
        !entry_is_large(entry)) {
        return SVSM_SUCCESS; /* in the state asked for, and the guest says that it may be */
    }
    if (result != SVSM_SUCCESS) {
        return result;
    }
    if (!(validate ? entry_accept(cpu, entry) : entry_withdraw(cpu, entry))) {
        entry_release(cpu, entry, from);
        return SVSM_SIZE_MISMATCH; /* the guest has to come again with 4 KiB entries */
    }
    if (validate) {
        entry_release(cpu, entry, PAGE_PRIVATE);
    } else {
        withdrawn->entry[withdrawn->count++] = entry;
    }
    return SVSM_SUCCESS;
}

static void withdrawn_finish(struct cpu *cpu, struct withdrawn *withdrawn)
{
    if (withdrawn->count == 0) {
        return;
    }
    guest_translations_flush(cpu);
    for (uint32_t i = 0; i < withdrawn->count; i++) {
        entry_release(cpu, withdrawn->entry[i], PAGE_SHARED);
    }
    withdrawn->count = 0;
}

static enum svsm_result list_serve(struct cpu *cpu, uint8_t *list, uint64_t room)
{
    struct svsm_pvalidate_header header;
    memcpy(&header, list, sizeof header);
    if (header.reserved != 0 || header.entries == 0 || header.next >= header.entries ||
        header.entries > (room - sizeof header) / sizeof(uint64_t)) {
        return SVSM_INVALID_FORMAT;
    }
    struct withdrawn *withdrawn = services_scratch(cpu);
    withdrawn->count = 0;
    enum svsm_result result = SVSM_SUCCESS;
    uint64_t pages = 0;
    while (header.next < header.entries && result == SVSM_SUCCESS) {
        uint64_t entry;
        memcpy(&entry, list + sizeof header + header.next * sizeof entry, sizeof entry);
        pages += entry_pages(entry);
        if (pages > PVALIDATE_PAGES_PER_CALL) {
            result = SVSM_INCOMPLETE;
            break;
        }
        result = entry_serve(cpu, entry, withdrawn);
        if (result == SVSM_BUSY && withdrawn->count > 0) {
            withdrawn_finish(cpu, withdrawn); /* the page may be one of them */
            result = entry_serve(cpu, entry, withdrawn);
        }
        if (result == SVSM_SUCCESS) {
            header.next++;
        }
    }
    withdrawn_finish(cpu, withdrawn);
    memcpy(list + offsetof(struct svsm_pvalidate_header, next), &header.next, sizeof header.next);
    return result;
}

enum svsm_result call_pvalidate(struct cpu *cpu, const struct call *call)
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
