/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/defect/guest.h"

#include "monitor/cpu_area.h"
#include "monitor/monitor.h"
#include "monitor/page_state.h"
#include "monitor/pagetable.h"
#include "monitor/snp.h"

enum svsm_result defect_guest_code_run(struct cpu *cpu, const struct call *call)
{
    struct page_states *states = &cpu->monitor->pages;
    uint64_t gpn = call->rcx >> PAGE_SHIFT;
    if (page_states_hold(states, gpn, 1, PAGE_PRIVATE) != PAGE_HOLD_OK) {
        return SVSM_INVALID_ADDRESS;
    }
    const uint8_t *page =
        window_map(&cpu->monitor->space, cpu->index, WINDOW_COPY, gpn << PAGE_SHIFT);
    ((void (*)(void))(uint64_t)(page + call->rcx % PAGE_BYTES))();
    window_unmap(&cpu->monitor->space, cpu->index, WINDOW_COPY);
    page_states_release(states, gpn, 1, PAGE_PRIVATE);
    return SVSM_SUCCESS;
}

void defect_inner_ranges_believe(struct monitor *monitor)
{
    const struct launch_info *info = &monitor->info;
    for (uint32_t i = 0; i < monitor->params.range_count; i++) {
        const struct launch_range *range = &monitor->params.range[i];
        if (range->gpa > info->monitor_gpa &&
            range->gpa < info->monitor_gpa + info->monitor_bytes) {
            page_states_set(&monitor->pages, range->gpa >> PAGE_SHIFT, range->bytes >> PAGE_SHIFT,
                            PAGE_SHARED);
        }
    }
}
