/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/page_state.h"

#include <stdbool.h>

void page_states_init(struct page_states *states, uint8_t *state, uint64_t count)
{
    lock_init(&states->lock, LOCK_PAGES);
    states->state = state;
    states->count = count;
}

void page_states_set(struct page_states *states, uint64_t gpn, uint64_t count,
                     enum page_state state)
{
    for (uint64_t i = gpn; i < states->count && i - gpn < count; i++) {
        states->state[i] = (uint8_t)state;
    }
}

enum page_state page_states_get(const struct page_states *states, uint64_t gpn)
{
    if (gpn >= states->count) {
        return PAGE_ABSENT;
    }
    return (enum page_state)(states->state[gpn] & ~PAGE_STATE_HELD);
}

static enum page_hold page_check(uint8_t state, enum page_state wanted)
{
    if (state & PAGE_STATE_HELD) {
        return PAGE_HOLD_BUSY;
    }
    if (state == wanted) {
        return PAGE_HOLD_OK;
    }
    switch ((enum page_state)state) {
    case PAGE_SHARED:
    case PAGE_PRIVATE: return PAGE_HOLD_STATE;
    case PAGE_CALLING_AREA: return PAGE_HOLD_CALLING;
    case PAGE_ABSENT:
    case PAGE_MONITOR:
    case PAGE_VMSA: break;
    }
    return PAGE_HOLD_ABSENT;
}

enum page_hold page_states_hold(struct page_states *states, uint64_t gpn, uint64_t count,
                                enum page_state wanted)
{
    if (count == 0 || gpn >= states->count || count > states->count - gpn) {
        return PAGE_HOLD_RANGE;
    }
    enum page_hold result = PAGE_HOLD_OK;
    lock_acquire(&states->lock);
    for (uint64_t i = gpn; i < gpn + count && result == PAGE_HOLD_OK; i++) {
        result = page_check(states->state[i], wanted);
    }
    for (uint64_t i = gpn; i < gpn + count && result == PAGE_HOLD_OK; i++) {
        states->state[i] |= PAGE_STATE_HELD;
    }
    lock_release(&states->lock);
    return result;
}

void page_states_release(struct page_states *states, uint64_t gpn, uint64_t count,
                         enum page_state state)
{
    lock_acquire(&states->lock);
    for (uint64_t i = gpn; i < gpn + count; i++) {
        states->state[i] = (uint8_t)state;
    }
    lock_release(&states->lock);
}
