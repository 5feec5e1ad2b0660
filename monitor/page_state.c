/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/page_state.h"

#include <stdbool.h>

#include "monitor/defect.h"

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

static bool is_held(uint8_t state)
{
    return (state & PAGE_STATE_HELD) != 0 && monitor_defect != DEFECT_NO_LOCK;
}

static enum page_hold page_check(uint8_t state, enum page_state wanted)
{
    if (is_held(state)) {
        return PAGE_HOLD_BUSY;
    }
    state &= (uint8_t)~PAGE_STATE_HELD;
    if (state == wanted || (monitor_defect == DEFECT_NO_RANGE && state == PAGE_MONITOR)) {
        return PAGE_HOLD_OK;
    }
    switch ((enum page_state)state) {
    case PAGE_SHARED:
    case PAGE_PRIVATE: return PAGE_HOLD_STATE;
    case PAGE_CALLING_AREA: return PAGE_HOLD_CALLING;
    case PAGE_ABSENT:
    case PAGE_KERNEL:
    case PAGE_MONITOR:
    case PAGE_VMSA: break;
    }
    return PAGE_HOLD_ABSENT;
}

/* Every page of the range, if it is in the wanted state and free, gets the value; else none. */
static enum page_hold range_change(struct page_states *states, uint64_t gpn, uint64_t count,
                                   enum page_state wanted, uint8_t value)
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
        states->state[i] = value;
    }
    lock_release(&states->lock);
    return result;
}

enum page_hold page_states_hold(struct page_states *states, uint64_t gpn, uint64_t count,
                                enum page_state wanted)
{
    return range_change(states, gpn, count, wanted, (uint8_t)(wanted | PAGE_STATE_HELD));
}

enum page_hold page_states_move(struct page_states *states, uint64_t gpn, uint64_t count,
                                enum page_state from, enum page_state to)
{
    return range_change(states, gpn, count, from, (uint8_t)to);
}

static bool is_guest_memory(uint8_t state)
{
    return state == PAGE_SHARED || state == PAGE_PRIVATE || state == PAGE_CALLING_AREA ||
           state == PAGE_KERNEL;
}

enum page_hold page_states_hold_any(struct page_states *states, uint64_t gpn,
                                    enum page_state *state)
{
    if (gpn >= states->count) {
        return PAGE_HOLD_RANGE;
    }
    enum page_hold result = PAGE_HOLD_ABSENT;
    lock_acquire(&states->lock);
    uint8_t found = states->state[gpn];
    if (is_held(found)) {
        result = PAGE_HOLD_BUSY;
    } else if (is_guest_memory(found)) {
        *state = (enum page_state)found;
        states->state[gpn] |= PAGE_STATE_HELD;
        result = PAGE_HOLD_OK;
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

void page_states_let_go(struct page_states *states, uint64_t gpn)
{
    lock_acquire(&states->lock);
    states->state[gpn] &= (uint8_t)~PAGE_STATE_HELD;
    lock_release(&states->lock);
}

void page_states_area_end(struct page_states *states, uint64_t gpn)
{
    lock_acquire(&states->lock);
    states->state[gpn] = (uint8_t)((states->state[gpn] & PAGE_STATE_HELD) | PAGE_PRIVATE);
    lock_release(&states->lock);
}
