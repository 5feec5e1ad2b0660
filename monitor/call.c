/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/call.h"

#include "monitor/defect.h"
#include "monitor/snp.h"

struct call call_decode(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
    return (struct call){
        .protocol = (uint32_t)(rax >> 32),
        .number = (uint32_t)rax,
        .rcx = rcx,
        .rdx = rdx,
        .r8 = r8,
        .r9 = r9,
    };
}

enum svsm_result call_range_check(uint64_t gpa, uint64_t pages, unsigned c_bit)
{
    if (pages == 0 || pages > SVSM_PAGES_MAX) {
        return SVSM_INVALID_PARAMETER;
    }
    /* Below the C-bit a range of SVSM_PAGES_MAX pages cannot wrap, only pass it. */
    uint64_t limit = UINT64_C(1) << c_bit;
    if (gpa % PAGE_BYTES != 0 || gpa >= limit || pages > (limit - gpa) / PAGE_BYTES) {
        return SVSM_INVALID_ADDRESS;
    }
    return SVSM_SUCCESS;
}

enum svsm_result call_hold_result(enum page_hold hold)
{
    switch (hold) {
    case PAGE_HOLD_OK: return SVSM_SUCCESS;
    case PAGE_HOLD_BUSY: return SVSM_BUSY;
    case PAGE_HOLD_STATE: return SVSM_NO_CHANGE;
    case PAGE_HOLD_RANGE:
    case PAGE_HOLD_ABSENT:
    case PAGE_HOLD_CALLING: break;
    }
    return SVSM_INVALID_ADDRESS;
}

enum svsm_result call_entry_hold(struct page_states *states, uint64_t gpa, uint64_t pages,
                                 enum page_state wanted)
{
    uint64_t looked_at = monitor_defect == DEFECT_FIRST_PAGE_CHECK ? 1 : pages;
    return call_hold_result(page_states_hold(states, gpa >> PAGE_SHIFT, looked_at, wanted));
}
