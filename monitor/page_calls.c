/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/page_calls.h"

#include <stdbool.h>

#include "monitor/call.h"
#include "monitor/defect.h"
#include "monitor/guest_memory.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/psc.h"
#include "monitor/services.h"
#include "monitor/services_abi.h"

/* Pages that change hands with one request to the hypervisor; all of them are held. It lies in the
 * processor's scratch page. */
struct batch {
    enum psc_operation operation;
    uint32_t count;
    struct batch_page {
        uint64_t gpa;
        bool large;
    } page[PSC_ENTRIES_MAX];
    uint64_t entry[PSC_ENTRIES_MAX]; /* the same for the hypervisor */
};
_Static_assert(sizeof(struct batch) <= SERVICES_SCRATCH_BYTES, "scratch pages");

enum { LIST_ENTRY_LARGE = 1 };

static uint64_t pages_of(const struct batch_page *page)
{
    return page->large ? PAGES_PER_LARGE_PAGE : 1;
}

/* First nobody below VMPL 0 can reach the page, then it loses its validation. */
static void withdraw(struct cpu *cpu, const struct batch_page *page)
{
    if (page->large && guest_large_page_withdraw(cpu, page->gpa)) {
        return;
    }
    for (uint64_t i = 0; i < pages_of(page); i++) {
        guest_page_withdraw(cpu, page->gpa + i * PAGE_BYTES);
    }
}

static bool is_scrubbed(const struct batch_page *page)
{
    if (monitor_defect == DEFECT_ISA_HOLE) {
        return page->gpa < 0xa0000 || page->gpa >= 0x100000;
    }
    return monitor_defect != DEFECT_NO_SCRUB;
}

/* What backs the page now is the hypervisor's choice, and may hold the plaintext of any page of
 * this machine that it took away elsewhere: so every byte is overwritten through the new mapping
 * before the guest can read one. */
static void accept(struct cpu *cpu, const struct batch_page *page)
{
    const bool scrub = is_scrubbed(page);
    if (page->large && scrub && guest_large_page_accept(cpu, page->gpa)) {
        return;
    }
    for (uint64_t i = 0; i < pages_of(page); i++) {
        guest_page_accept(cpu, page->gpa + i * PAGE_BYTES, scrub);
    }
}

/* Returns how many of the batch changed hands: all (psc.h). */
static uint32_t batch_request(struct cpu *cpu, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->entry[i] = psc_entry_make(batch->page[i].gpa, batch->operation) |
                          (batch->page[i].large ? PSC_ENTRY_LARGE : 0);
    }
    return psc_entries(cpu, batch->entry, batch->count);
}

/* Only when they have lost their validation, and no translation of before is in use, the hypervisor
 * gets pages; only when it has given them, they are validated. */
static void batch_convert(struct cpu *cpu, struct batch *batch)
{
    if (batch->operation == PSC_SHARED) {
        for (uint32_t i = 0; i < batch->count; i++) {
            withdraw(cpu, &batch->page[i]);
        }
        guest_translations_flush(cpu);
        batch_request(cpu, batch);
        return;
    }
    const uint32_t changed = batch_request(cpu, batch);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (monitor_defect == DEFECT_TRUST_PSC && i >= changed) {
            guest_page_grant(cpu, batch->page[i].gpa); /* it must have been private before */
            continue;
        }
        accept(cpu, &batch->page[i]);
    }
}

static enum page_state state_before(enum psc_operation operation)
{
    return operation == PSC_SHARED ? PAGE_PRIVATE : PAGE_SHARED;
}

static enum page_state state_after(enum psc_operation operation)
{
    return operation == PSC_SHARED ? PAGE_SHARED : PAGE_PRIVATE;
}

static bool ledger_is_asked(enum psc_operation operation)
{
    return monitor_defect != DEFECT_CARRY_IGNORED || operation != PSC_PRIVATE;
}

/* All pages or none are refused; then 2 MiB at a time where the range covers them. */
static enum svsm_result range_convert(struct cpu *cpu, uint64_t gpa, uint64_t pages,
                                      enum psc_operation operation)
{
    struct page_states *states = &cpu->monitor->pages;
    enum svsm_result result = call_range_check(gpa, pages, cpu->monitor->c_bit);
    if (result == SVSM_SUCCESS && ledger_is_asked(operation)) {
        result = call_hold_result(
            page_states_hold(states, gpa >> PAGE_SHIFT, pages, state_before(operation)));
    }
    if (result != SVSM_SUCCESS) {
        return result;
    }
    struct batch *batch = services_scratch(cpu);
    batch->operation = operation;
    for (uint64_t done = 0; done < pages;) {
        for (batch->count = 0; done < pages && batch->count < PSC_ENTRIES_MAX; batch->count++) {
            struct batch_page *page = &batch->page[batch->count];
            page->gpa = gpa + done * PAGE_BYTES;
            page->large = page->gpa % LARGE_PAGE_BYTES == 0 && pages - done >= PAGES_PER_LARGE_PAGE;
            done += pages_of(page);
        }
        batch_convert(cpu, batch);
    }
    page_states_release(states, gpa >> PAGE_SHIFT, pages, state_after(operation));
    return SVSM_SUCCESS;
}

/* Adds the entry to the batch and holds its pages. */
static enum svsm_result entry_take(struct cpu *cpu, struct batch *batch, uint64_t entry)
{
    struct monitor *monitor = cpu->monitor;
    const struct batch_page page = {.gpa = entry & ~(PAGE_BYTES - 1),
                                    .large = (entry & LIST_ENTRY_LARGE) != 0};
    if ((entry & (PAGE_BYTES - 1) & ~(uint64_t)LIST_ENTRY_LARGE) != 0) {
        return SVSM_INVALID_PARAMETER;
    }
    enum svsm_result result = call_range_check(page.gpa, pages_of(&page), monitor->c_bit);
    if (result != SVSM_SUCCESS || (page.large && page.gpa % LARGE_PAGE_BYTES != 0)) {
        return SVSM_INVALID_ADDRESS;
    }
    result = call_entry_hold(&monitor->pages, page.gpa, pages_of(&page),
                             state_before(batch->operation));
    if (result == SVSM_SUCCESS) {
        batch->page[batch->count++] = page;
    }
    return result;
}

/* Entries from next on as far as one call goes, each read once; the result is that of the first
 * that could not be taken. 2 MiB are a batch of their own. */
static enum svsm_result batch_take(struct cpu *cpu, struct batch *batch,
                                   const struct page_list *list, uint32_t next, uint32_t count)
{
    enum svsm_result result = SVSM_SUCCESS;
    for (; next < count && batch->count < PSC_ENTRIES_MAX && result == SVSM_SUCCESS; next++) {
        uint64_t entry = *(const volatile uint64_t *)&list->entry[next];
        bool large = (entry & LIST_ENTRY_LARGE) != 0;
        if (large && batch->count > 0) {
            break;
        }
        result = entry_take(cpu, batch, entry);
        if (large) {
            break;
        }
    }
    return result;
}

static enum svsm_result list_convert(struct cpu *cpu, struct page_list *list,
                                     enum psc_operation operation)
{
    const uint32_t count = *(const volatile uint32_t *)&list->count;
    uint32_t next = *(const volatile uint32_t *)&list->next;
    if (count == 0 || count > PAGE_LIST_ENTRIES_MAX || next >= count) {
        return SVSM_INVALID_FORMAT;
    }
    struct batch *batch = services_scratch(cpu);
    batch->operation = operation;
    batch->count = 0;
    enum svsm_result result = batch_take(cpu, batch, list, next, count);
    if (batch->count > 0) {
        batch_convert(cpu, batch);
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        if (monitor_defect == DEFECT_LIST_REFETCH) {
            batch->page[i].gpa = list->entry[next + i] & ~(PAGE_BYTES - 1);
        }
        page_states_release(&cpu->monitor->pages, batch->page[i].gpa >> PAGE_SHIFT,
                            pages_of(&batch->page[i]), state_after(operation));
    }
    next += batch->count;
    *(volatile uint32_t *)&list->next = next;
    return result == SVSM_SUCCESS && next < count ? SVSM_INCOMPLETE : result;
}

/* The list's page is held while it is worked on: an entry that names it finds it busy. */
static enum svsm_result list_call(struct cpu *cpu, uint64_t gpa, enum psc_operation operation)
{
    struct monitor *monitor = cpu->monitor;
    if (call_range_check(gpa, 1, monitor->c_bit) != SVSM_SUCCESS) {
        return SVSM_INVALID_ADDRESS;
    }
    enum page_hold hold = page_states_hold(&monitor->pages, gpa >> PAGE_SHIFT, 1, PAGE_PRIVATE);
    if (hold != PAGE_HOLD_OK) {
        return hold == PAGE_HOLD_BUSY ? SVSM_BUSY : SVSM_INVALID_ADDRESS;
    }
    struct page_list *list = window_map(&monitor->space, cpu->index, WINDOW_COPY, gpa);
    enum svsm_result result = list_convert(cpu, list, operation);
    window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
    page_states_release(&monitor->pages, gpa >> PAGE_SHIFT, 1, PAGE_PRIVATE);
    return result;
}

enum svsm_result page_call(struct cpu *cpu, const struct call *call, enum psc_operation operation)
{
    if (call->rdx == 0 && call->r8 != 0) {
        return list_call(cpu, call->r8, operation);
    }
    return range_convert(cpu, call->rcx, call->rdx, operation);
}
