/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every page of guest-physical memory is, one byte each, as the monitor made it: this table,
 * not the hypervisor's word, decides what a call may do.
 *
 *   ABSENT          no RAM, or beyond the monitor's limit
 *   MONITOR         the monitor's range, VMSAs included: never the guest's
 *   SHARED          guest memory that is not validated: shared, or never validated yet
 *   PRIVATE         guest memory, validated, granted to the guest's VMPL
 *   CALLING_AREA    as PRIVATE, but registered for calls: cannot be converted
 *   KERNEL          locked kernel code (lock_kernel.h): validated, never writable, for ever
 *   VMSA            validated, granted to nobody: runs as a vCPU of the guest
 *
 *        validate + scrub + grant
 *   SHARED ---------------------> PRIVATE <----------> CALLING_AREA
 *          <---------------------   ^  |     REMAP_CA
 *        revoke + rescind           |  | CREATE_VCPU: revoke, flush, check
 *                       DELETE_VCPU |  v
 *                                   VMSA
 *
 * An operation holds its pages (bit 7) from the check to the end, so that check and change of one
 * page are one step for all processors although the lock is not kept across exits.
 */
#ifndef MONITOR_PAGE_STATE_H
#define MONITOR_PAGE_STATE_H

#include <stdint.h>

#include "monitor/lock.h"

enum page_state {
    PAGE_ABSENT,
    PAGE_MONITOR,
    PAGE_SHARED,
    PAGE_PRIVATE,
    PAGE_CALLING_AREA,
    PAGE_KERNEL,
    PAGE_VMSA,
};

enum { PAGE_STATE_HELD = 0x80 };

struct page_states {
    struct lock lock;
    uint8_t *state; /* count bytes, by guest page number */
    uint64_t count;
};

enum page_hold {
    PAGE_HOLD_OK,
    PAGE_HOLD_RANGE,   /* empty, or not within the table */
    PAGE_HOLD_ABSENT,  /* a page is no guest memory, or no memory at all */
    PAGE_HOLD_CALLING, /* a page is a calling area */
    PAGE_HOLD_STATE,   /* a page is guest memory in the other state */
    PAGE_HOLD_BUSY,    /* another processor holds a page */
};

/* state: count bytes, all PAGE_ABSENT (0). */
void page_states_init(struct page_states *states, uint8_t *state, uint64_t count);

/* Start-up: sets what of the range lies within the table. */
void page_states_set(struct page_states *states, uint64_t gpn, uint64_t count,
                     enum page_state state);

/* A page that nobody else can change: start-up, or held by the caller. ABSENT beyond the table. */
enum page_state page_states_get(const struct page_states *states, uint64_t gpn);

/* Holds all pages of the range if every one is in the wanted state and free; else none. The first
 * page that is not decides the result. */
enum page_hold page_states_hold(struct page_states *states, uint64_t gpn, uint64_t count,
                                enum page_state wanted);

/* Holds one page of guest memory that is free, whatever its state, which *state gets. Neither
 * PAGE_VMSA nor what is not the guest's: PAGE_HOLD_ABSENT. */
enum page_hold page_states_hold_any(struct page_states *states, uint64_t gpn,
                                    enum page_state *state);

/* All pages of the range from one state to another, as one step; if one is not free or not in the
 * state, none. */
enum page_hold page_states_move(struct page_states *states, uint64_t gpn, uint64_t count,
                                enum page_state from, enum page_state to);

/* Lets go of pages that the caller holds; they are in the given state from now on. */
void page_states_release(struct page_states *states, uint64_t gpn, uint64_t count,
                         enum page_state state);

/* A page that page_states_hold_any() gave is let go in the state that it is in by now. */
void page_states_let_go(struct page_states *states, uint64_t gpn);

/*
 * A calling area that the caller takes out of use, or has just made, becomes PRIVATE. The caller
 * does not hold it, page_states_hold_any() of another processor may: it stays held then, so that
 * nobody takes the page for something else under that processor's hands.
 */
void page_states_area_end(struct page_states *states, uint64_t gpn);

#endif
