/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the event stream says about each 4 KiB page of system memory: the state of its entry, and
 * what of VMPL0's it carries. This is the C twin of the views page_change, page_binding and
 * page_content of db/views.sql; docs/invariants.md defines the terms.
 */
#ifndef PROVA_RULES_PAGES_H
#define PROVA_RULES_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/event.h"

/* One byte for each of VMPL1-3, where the high raw word of an entry has them (rmp/rmp.h). */
enum {
    LOWER_ANY = 0x1f1f1f00,
    LOWER_READ_OR_EXECUTE = 0x0d0d0d00,
    LOWER_WRITE = 0x02020200,
};

struct page {
    uint64_t gpn : 40;
    uint64_t asid : 10;
    uint64_t validated : 1;
    uint64_t vmsa : 1;
    uint64_t launch : 1;     /* VMPL0's own launch page in its launch binding */
    uint64_t stored : 1;     /* VMPL0 wrote to it in this binding, out of reach of lower VMPLs */
    uint64_t old : 1;        /* was one of these in an earlier binding, not overwritten since */
    uint64_t unscrubbed : 1; /* made valid by PVALIDATE, not overwritten in full since */
    uint64_t moved : 1;      /* the event being looked at made it valid where it was not before */
    uint64_t writers : 3;    /* VMPL1-3 that were given W since its rebinding, launch or scrub */
    uint32_t lower;          /* permissions of VMPL1-3, LOWER_ANY bits */
    uint32_t next;           /* in the chain of valid pages of a bucket: number + 1, 0 ends it */
};
_Static_assert(sizeof(struct page) == 16, "16 bytes for each page of system memory");

struct pages {
    struct page *page;
    uint64_t count;
    uint32_t *buckets; /* heads of chains, by (asid, gpn); pages_buckets_count() of them */
    uint64_t buckets_mask;
};

/* What an event does to `count` pages from `first` on. */
struct change {
    uint64_t first, count;
    uint8_t insn;     /* enum rmp_insn; 0 for a launch page */
    bool rebound;     /* lost its binding: assigned, ASID, GPA or size changed by RMPUPDATE */
    bool validates;   /* PVALIDATE from 0 to 1 */
    bool passed_on;   /* RMPADJUST by a VMPL that is not 0: of what it has itself */
    bool monitor;     /* launch page of VMPL0 that no lower VMPL may touch */
    uint32_t raised;  /* LOWER_ANY bits that were not there before */
    uint32_t dropped; /* LOWER_ANY bits that are there no more */
    /* State after it; gpn is that of the first page. */
    bool validated, vmsa;
    uint16_t asid; /* launch pages: unused, they keep the page's */
    uint64_t gpn;
    uint32_t lower;
};

/* A launch event names no ASID; a page that nothing was said about before belongs to this one. */
enum { LAUNCH_ASID = 1, ASIDS_COUNT = 1024 };

/* False if the event changed no entry. Pages beyond memory are cut off. */
bool change_of(const struct event *event, uint64_t pages_count, struct change *change);

/* Where its i-th page is, ASID and guest page in one word; not of a launch page. */
static inline uint64_t change_place(const struct change *change, uint64_t i)
{
    return (uint64_t)change->asid << 40 | (change->gpn + i);
}

/* The pages that an entry stands for, changed or not: returns how many of them memory has. */
uint64_t entry_pages(const struct event_rmp *rmp, uint64_t pages_count, uint64_t *first);

/* Takes over what the event says, after the rules that look at the state before it. */
void pages_apply_change(struct pages *pages, const struct change *change);
void pages_apply_store(struct pages *pages, uint64_t spa);
void pages_apply_scrub(struct pages *pages, uint64_t spa);

/* Another page that is valid at the same (asid, gpn) as this valid one. */
bool pages_bound_twice(const struct pages *pages, uint64_t number);

/* A page is valid at that guest page of any ASID. */
bool pages_bound_anywhere(const struct pages *pages, uint64_t gpn);

/* How many buckets go with that many pages: a power of two. */
uint64_t pages_buckets_count(uint64_t pages_count);

#endif
