/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/lock_kernel.h"

#include "monitor/call.h"
#include "monitor/console.h"
#include "monitor/defect.h"
#include "monitor/guest_memory.h"
#include "monitor/monitor.h"
#include "monitor/pvalidate.h"
#include "monitor/services_abi.h"

/* What a step of the sweep weighs, and how much a call does before it says INCOMPLETE. */
enum {
    WEIGHT_PAGE_SEEN = 1,
    WEIGHT_LARGE_SEEN = 64,
    WEIGHT_PAGE_SET = 8,
    WEIGHT_CALL_MAX = 4096,
};

enum { PERMIT_CODE = VMPL_RWX & ~VMPL_WRITE, PERMIT_DATA = VMPL_RWX & ~VMPL_EXECUTE_SUPERVISOR };

void lock_kernel_start(struct cpu *cpu)
{
    struct lock_kernel *lock_kernel = &cpu->monitor->lock_kernel;
    atomic_flag_clear(&lock_kernel->busy);
    atomic_init(&lock_kernel->phase, LOCK_KERNEL_OPEN);
    lock_kernel->list = heap_pages(cpu->monitor, 1);
}

unsigned lock_kernel_grant(const struct lock_kernel *lock_kernel)
{
    bool open = atomic_load(&lock_kernel->phase) == LOCK_KERNEL_OPEN;
    return open || monitor_defect == DEFECT_REGRANT ? VMPL_RWX : PERMIT_DATA;
}

bool lock_kernel_is_done(const struct lock_kernel *lock_kernel)
{
    return atomic_load(&lock_kernel->phase) == LOCK_KERNEL_DONE;
}

static enum svsm_result list_check(const struct kernel_list *list, unsigned c_bit)
{
    const uint64_t limit = UINT64_C(1) << c_bit;
    uint64_t pages = 0;
    if (list->count == 0 || list->count > KERNEL_RANGES_MAX) {
        return SVSM_INVALID_FORMAT;
    }
    for (uint64_t i = 0; i < list->count; i++) {
        const struct kernel_range *range = &list->range[i];
        if (range->bytes == 0 || range->bytes % PAGE_BYTES != 0 ||
            range->bytes >> PAGE_SHIFT > KERNEL_PAGES_MAX - pages) {
            return SVSM_INVALID_PARAMETER;
        }
        if (range->gpa % PAGE_BYTES != 0 || range->gpa >= limit ||
            range->bytes > limit - range->gpa) {
            return SVSM_INVALID_ADDRESS;
        }
        pages += range->bytes >> PAGE_SHIFT;
    }
    return SVSM_SUCCESS;
}

static enum page_hold range_move(struct page_states *states, const struct kernel_range *range,
                                 enum page_state from, enum page_state to)
{
    return page_states_move(states, range->gpa >> PAGE_SHIFT, range->bytes >> PAGE_SHIFT, from, to);
}

/* All pages of the list become kernel code, or none. From here on no call converts them or writes
 * to them: that needs the state PRIVATE. */
static enum svsm_result list_claim(struct page_states *states, const struct kernel_list *list)
{
    for (uint64_t i = 0; i < list->count; i++) {
        enum page_hold hold = range_move(states, &list->range[i], PAGE_PRIVATE, PAGE_KERNEL);
        if (hold == PAGE_HOLD_OK) {
            continue;
        }
        while (i > 0) {
            range_move(states, &list->range[--i], PAGE_KERNEL, PAGE_PRIVATE);
        }
        return hold == PAGE_HOLD_BUSY ? SVSM_BUSY : SVSM_INVALID_ADDRESS;
    }
    return SVSM_SUCCESS;
}

static enum svsm_result start(struct cpu *cpu, uint64_t list_gpa)
{
    struct monitor *monitor = cpu->monitor;
    struct lock_kernel *lock_kernel = &monitor->lock_kernel;
    if (call_range_check(list_gpa, 1, monitor->c_bit) != SVSM_SUCCESS) {
        return SVSM_INVALID_ADDRESS;
    }
    enum svsm_result result =
        guest_copy_in(cpu, lock_kernel->list, list_gpa, sizeof *lock_kernel->list);
    if (result == SVSM_SUCCESS) {
        result = list_check(lock_kernel->list, monitor->c_bit);
    }
    if (result == SVSM_SUCCESS) {
        result = list_claim(&monitor->pages, lock_kernel->list);
    }
    if (result == SVSM_SUCCESS) {
        lock_kernel->next = 0;
        atomic_store(&lock_kernel->phase, LOCK_KERNEL_SWEEPING);
    }
    return result;
}

/*
 * The guest's VMPL gets what the page may have. VMPLs below it get nothing: what the guest gave
 * them before is not known here. It may give again, but only what it has itself (APM 3, RMPADJUST),
 * so the guest's own VMPL comes first.
 */
static void page_set(const struct monitor *monitor, void *page, unsigned permissions)
{
    page_permit(page, monitor->info.guest_vmpl, permissions);
    for (unsigned vmpl = monitor->info.guest_vmpl + 1; vmpl < VMPL_COUNT; vmpl++) {
        page_permit(page, vmpl, VMPL_NOTHING);
    }
}

/* False if the RMP holds 4 KiB entries; then some of its VMPLs may be done, which does no harm. */
static bool large_page_set(const struct monitor *monitor, void *page, unsigned permissions)
{
    bool done = large_page_permit(page, monitor->info.guest_vmpl, permissions);
    for (unsigned vmpl = monitor->info.guest_vmpl + 1; done && vmpl < VMPL_COUNT; vmpl++) {
        done = large_page_permit(page, vmpl, VMPL_NOTHING);
    }
    return done;
}

/* 2 MiB of private data pages, held by the caller. Returns the weight. */
static unsigned large_sweep(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    uint8_t *page = window_map_large(&monitor->space, cpu->index, gpa);
    unsigned weight = WEIGHT_LARGE_SEEN;
    if (!large_page_set(monitor, page, PERMIT_DATA)) {
        for (uint64_t offset = 0; offset < LARGE_PAGE_BYTES; offset += PAGE_BYTES) {
            page_set(monitor, page + offset, PERMIT_DATA);
        }
        weight += PAGES_PER_LARGE_PAGE * WEIGHT_PAGE_SET;
    }
    window_unmap_large(&monitor->space, cpu->index);
    return weight;
}

/* A page in the given state, held by the caller. Returns the weight. */
static unsigned page_sweep(struct cpu *cpu, uint64_t gpa, enum page_state state)
{
    struct monitor *monitor = cpu->monitor;
    if (state == PAGE_SHARED) {
        return WEIGHT_PAGE_SEEN;
    }
    void *page = window_map(&monitor->space, cpu->index, WINDOW_PAGE, gpa);
    page_set(monitor, page, state == PAGE_KERNEL ? PERMIT_CODE : PERMIT_DATA);
    window_unmap(&monitor->space, cpu->index, WINDOW_PAGE);
    return WEIGHT_PAGE_SET;
}

/* One step from lock_kernel->next on. False: another processor holds the page. */
static bool step(struct cpu *cpu, unsigned *weight)
{
    struct page_states *states = &cpu->monitor->pages;
    uint64_t *next = &cpu->monitor->lock_kernel.next;
    if (*next % PAGES_PER_LARGE_PAGE == 0 &&
        page_states_hold(states, *next, PAGES_PER_LARGE_PAGE, PAGE_PRIVATE) == PAGE_HOLD_OK) {
        *weight += large_sweep(cpu, *next << PAGE_SHIFT);
        page_states_release(states, *next, PAGES_PER_LARGE_PAGE, PAGE_PRIVATE);
        *next += PAGES_PER_LARGE_PAGE;
        return true;
    }
    enum page_state state;
    switch (page_states_hold_any(states, *next, &state)) {
    case PAGE_HOLD_OK:
        *weight += page_sweep(cpu, *next << PAGE_SHIFT, state);
        page_states_let_go(states, *next);
        break;
    case PAGE_HOLD_BUSY: return false;
    default: *weight += WEIGHT_PAGE_SEEN; /* nothing that the guest has */
    }
    (*next)++;
    return true;
}

static enum svsm_result sweep(struct cpu *cpu)
{
    struct lock_kernel *lock_kernel = &cpu->monitor->lock_kernel;
    unsigned weight = 0;
    bool free = true;
    while (free && weight < WEIGHT_CALL_MAX && lock_kernel->next < cpu->monitor->pages.count) {
        free = step(cpu, &weight);
    }
    guest_translations_flush(cpu);
    if (lock_kernel->next < cpu->monitor->pages.count) {
        return SVSM_INCOMPLETE;
    }
    atomic_store(&lock_kernel->phase, LOCK_KERNEL_DONE);
    return SVSM_SUCCESS;
}

/* What RDX must be to go on: never 0, so that a new list is not taken for the one in work. */
static uint64_t token(const struct lock_kernel *lock_kernel)
{
    return lock_kernel->next + 1;
}

static enum svsm_result call_locked(struct cpu *cpu, struct call *call)
{
    struct lock_kernel *lock_kernel = &cpu->monitor->lock_kernel;
    enum svsm_result result = SVSM_SUCCESS;
    switch ((enum lock_kernel_phase)atomic_load(&lock_kernel->phase)) {
    case LOCK_KERNEL_OPEN: result = start(cpu, call->rcx); break;
    case LOCK_KERNEL_SWEEPING:
        result = call->rdx == token(lock_kernel) ? SVSM_SUCCESS : SVSM_INVALID_REQUEST;
        break;
    case LOCK_KERNEL_DONE: result = SVSM_INVALID_REQUEST;
    }
    if (result != SVSM_SUCCESS) {
        return result;
    }
    result = sweep(cpu);
    call->rdx = result == SVSM_INCOMPLETE ? token(lock_kernel) : 0;
    if (result == SVSM_SUCCESS) {
        console_milestone(cpu, "kernel locked");
    }
    return result;
}

enum svsm_result lock_kernel_call(struct cpu *cpu, struct call *call)
{
    struct lock_kernel *lock_kernel = &cpu->monitor->lock_kernel;
    if (atomic_flag_test_and_set(&lock_kernel->busy)) {
        return SVSM_BUSY;
    }
    enum svsm_result result = call_locked(cpu, call);
    atomic_flag_clear(&lock_kernel->busy);
    return result;
}
