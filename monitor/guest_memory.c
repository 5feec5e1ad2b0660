/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest_memory.h"

#include "monitor/defect.h"
#include "monitor/defect/guest.h"
#include "monitor/insn.h"
#include "monitor/launch_check.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/pvalidate.h"
#include "monitor/snp.h"
#include "monitor/vcpu.h"

/* False, with DEFECT_CARRY_IGNORED only: it was validated before, so the bytes are somebody's. */
static bool page_validate_new(void *page)
{
    if (monitor_defect == DEFECT_CARRY_IGNORED) {
        return !insn_pvalidate((uint64_t)page, PAGE_4K, true).carry;
    }
    page_validate(page);
    return true;
}

void guest_page_accept(struct cpu *cpu, uint64_t gpa, bool scrub)
{
    struct monitor *monitor = cpu->monitor;
    void *page = window_map(&monitor->space, cpu->index, WINDOW_PAGE, gpa);
    if (page_validate_new(page) && scrub) {
        page_scrub(page);
    }
    page_permit(page, monitor->info.guest_vmpl, lock_kernel_grant(&monitor->lock_kernel));
    window_unmap(&monitor->space, cpu->index, WINDOW_PAGE);
}

bool guest_large_page_accept(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    uint8_t *page = window_map_large(&monitor->space, cpu->index, gpa);
    bool done = large_page_validate(page);
    if (done) {
        large_page_scrub(page);
        /* A hypervisor may split the 2 MiB entry at any time (PSMASH): then page by page. */
        unsigned permissions = lock_kernel_grant(&monitor->lock_kernel);
        if (!large_page_permit(page, monitor->info.guest_vmpl, permissions)) {
            for (uint64_t offset = 0; offset < LARGE_PAGE_BYTES; offset += PAGE_BYTES) {
                page_permit(page + offset, monitor->info.guest_vmpl, permissions);
            }
        }
    }
    window_unmap_large(&monitor->space, cpu->index);
    return done;
}

void guest_page_withdraw(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    void *page = window_map(&monitor->space, cpu->index, WINDOW_PAGE, gpa);
    page_revoke(page);
    page_invalidate(page);
    window_unmap(&monitor->space, cpu->index, WINDOW_PAGE);
}

bool guest_large_page_withdraw(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    uint8_t *page = window_map_large(&monitor->space, cpu->index, gpa);
    bool done = large_page_permit(page, 1, VMPL_NOTHING);
    if (done && !(large_page_revoke(page) && large_page_invalidate(page))) {
        /* Split by the hypervisor since: finish page by page. */
        for (uint64_t offset = 0; offset < LARGE_PAGE_BYTES; offset += PAGE_BYTES) {
            page_revoke(page + offset);
            page_invalidate(page + offset);
        }
    }
    window_unmap_large(&monitor->space, cpu->index);
    return done;
}

void guest_page_revoke(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    page_revoke(window_map(&monitor->space, cpu->index, WINDOW_PAGE, gpa));
    window_unmap(&monitor->space, cpu->index, WINDOW_PAGE);
}

void guest_page_grant(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    page_permit(window_map(&monitor->space, cpu->index, WINDOW_PAGE, gpa), monitor->info.guest_vmpl,
                lock_kernel_grant(&monitor->lock_kernel));
    window_unmap(&monitor->space, cpu->index, WINDOW_PAGE);
}

void guest_translations_flush(struct cpu *cpu)
{
    vcpu_translations_flush(cpu);
}

static bool large_range_is_shared(const struct page_states *states, uint64_t gpn)
{
    for (uint64_t i = 0; i < PAGES_PER_LARGE_PAGE; i++) {
        if (page_states_get(states, gpn + i) != PAGE_SHARED) {
            return false;
        }
    }
    return true;
}

/* Validates page by page what of the 2 MiB from gpn is guest memory and not validated. */
static void small_pages_accept(struct cpu *cpu, uint64_t gpn)
{
    struct page_states *states = &cpu->monitor->pages;
    for (uint64_t i = gpn; i < gpn + PAGES_PER_LARGE_PAGE; i++) {
        if (page_states_get(states, i) == PAGE_SHARED) {
            guest_page_accept(cpu, i << PAGE_SHIFT, true);
            page_states_set(states, i, 1, PAGE_PRIVATE);
        }
    }
}

void guest_memory_start(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    struct page_states *states = &monitor->pages;
    const struct launch_params *params = &monitor->params;
    const struct launch_info *info = &monitor->info;

    /* Later lines win: what is the monitor's or was launched is so whatever the hypervisor says. */
    for (uint32_t i = 0; i < params->range_count; i++) {
        if (params->range[i].type == LAUNCH_RANGE_RAM) {
            page_states_set(states, params->range[i].gpa >> PAGE_SHIFT,
                            params->range[i].bytes >> PAGE_SHIFT, PAGE_SHARED);
        }
    }
    for (uint32_t i = 0; i < info->range_count; i++) {
        page_states_set(states, info->range[i].gpa >> PAGE_SHIFT,
                        info->range[i].bytes >> PAGE_SHIFT, PAGE_PRIVATE);
    }
    page_states_set(states, info->monitor_gpa >> PAGE_SHIFT, info->monitor_bytes >> PAGE_SHIFT,
                    PAGE_MONITOR);
    if (monitor_defect == DEFECT_MAP_OVERLAP) {
        defect_inner_ranges_believe(monitor);
    }

    for (uint64_t gpn = 0; gpn < states->count; gpn += PAGES_PER_LARGE_PAGE) {
        if (large_range_is_shared(states, gpn) && guest_large_page_accept(cpu, gpn << PAGE_SHIFT)) {
            page_states_set(states, gpn, PAGES_PER_LARGE_PAGE, PAGE_PRIVATE);
        } else {
            small_pages_accept(cpu, gpn);
        }
    }
}

void guest_image_grant(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    for (uint32_t i = 0; i < monitor->info.range_count; i++) {
        const struct launch_range *range = &monitor->info.range[i];
        for (uint64_t gpa = range->gpa; gpa < range->gpa + range->bytes; gpa += PAGE_BYTES) {
            void *page = window_map(&monitor->space, cpu->index, WINDOW_PAGE, gpa);
            page_permit(page, monitor->info.guest_vmpl, VMPL_RWX);
            window_unmap(&monitor->space, cpu->index, WINDOW_PAGE);
        }
    }
}

static enum svsm_result buffer_hold(struct page_states *states, uint64_t gpa, size_t bytes,
                                    uint64_t *gpn, uint64_t *count)
{
    if (bytes == 0 || gpa + bytes - 1 < gpa) {
        return SVSM_INVALID_ADDRESS;
    }
    *gpn = gpa >> PAGE_SHIFT;
    *count = ((gpa + bytes - 1) >> PAGE_SHIFT) - *gpn + 1;
    switch (page_states_hold(states, *gpn, *count, PAGE_PRIVATE)) {
    case PAGE_HOLD_OK: return SVSM_SUCCESS;
    case PAGE_HOLD_BUSY: return SVSM_BUSY;
    default: return SVSM_INVALID_ADDRESS;
    }
}

enum svsm_result guest_buffer_check(struct cpu *cpu, uint64_t gpa, size_t bytes)
{
    struct page_states *states = &cpu->monitor->pages;
    uint64_t gpn, count;
    enum svsm_result result = buffer_hold(states, gpa, bytes, &gpn, &count);
    if (result == SVSM_SUCCESS) {
        page_states_release(states, gpn, count, PAGE_PRIVATE);
    }
    return result;
}

/* One of in and out is NULL. */
static enum svsm_result guest_copy(struct cpu *cpu, uint64_t gpa, size_t bytes, uint8_t *in,
                                   const uint8_t *out)
{
    struct monitor *monitor = cpu->monitor;
    uint64_t gpn, count;
    enum svsm_result result = buffer_hold(&monitor->pages, gpa, bytes, &gpn, &count);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    if (monitor_defect == DEFECT_WRITE_AFTER_CHECK) {
        page_states_release(&monitor->pages, gpn, count, PAGE_PRIVATE);
    }
    for (size_t done = 0; done < bytes;) {
        size_t offset = (gpa + done) % PAGE_BYTES;
        size_t part = PAGE_BYTES - offset < bytes - done ? PAGE_BYTES - offset : bytes - done;
        uint8_t *page =
            window_map(&monitor->space, cpu->index, WINDOW_COPY, (gpa + done) & ~(PAGE_BYTES - 1));
        if (in != NULL) {
            memcpy(in + done, page + offset, part);
        } else {
            memcpy(page + offset, out + done, part);
        }
        window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
        done += part;
    }
    if (monitor_defect != DEFECT_WRITE_AFTER_CHECK) {
        page_states_release(&monitor->pages, gpn, count, PAGE_PRIVATE);
    }
    return SVSM_SUCCESS;
}

enum svsm_result guest_copy_in(struct cpu *cpu, void *to, uint64_t gpa, size_t bytes)
{
    return guest_copy(cpu, gpa, bytes, to, NULL);
}

enum svsm_result guest_copy_out(struct cpu *cpu, uint64_t gpa, const void *from, size_t bytes)
{
    return guest_copy(cpu, gpa, bytes, NULL, from);
}
