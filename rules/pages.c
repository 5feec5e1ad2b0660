/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/pages.h"

#include "rmp/addr.h"
#include "rmp/insn.h"

/* Raw entry, low word (layout: rmp/rmp.h). */
#define LO_ASSIGNED UINT64_C(1)
#define LO_SIZE UINT64_C(2)
#define LO_BINDING UINT64_C(0x1ffffffffffff001) /* assigned, GPA, ASID */

static bool entry_is_2m(uint64_t lo)
{
    return (lo & (LO_ASSIGNED | LO_SIZE)) == (LO_ASSIGNED | LO_SIZE);
}

/* Returns how many there are within memory. */
static uint64_t pages_cut(uint64_t spa, bool wide, uint64_t pages_count, uint64_t *first)
{
    uint64_t count = wide ? PAGES_PER_2M : 1;

    *first = spa >> PAGE_SHIFT;
    if (wide)
        *first &= ~(uint64_t)(PAGES_PER_2M - 1);
    if (*first >= pages_count)
        return 0;
    return count < pages_count - *first ? count : pages_count - *first;
}

uint64_t entry_pages(const struct event_rmp *rmp, uint64_t pages_count, uint64_t *first)
{
    bool wide = rmp->size == PAGE_2M || entry_is_2m(rmp->before_lo) || entry_is_2m(rmp->after_lo);

    return pages_cut(rmp->spa, wide, pages_count, first);
}

static bool change_of_rmp(const struct event_rmp *rmp, uint64_t pages_count, struct change *change)
{
    uint64_t differs = rmp->before_lo ^ rmp->after_lo;
    uint64_t binding = LO_BINDING | (rmp->insn == RMP_INSN_RMPUPDATE ? LO_SIZE : 0);

    if (rmp->outcome != RMP_OUT_DONE || (differs == 0 && rmp->before_hi == rmp->after_hi))
        return false;
    *change = (struct change){
        .insn = rmp->insn,
        .rebound = (rmp->insn == RMP_INSN_RMPUPDATE || rmp->insn == RMP_INSN_FIRMWARE) &&
                   (differs & binding) != 0,
        .raised = (uint32_t)(rmp->after_hi & ~rmp->before_hi & LOWER_ANY),
        .dropped = (uint32_t)(rmp->before_hi & ~rmp->after_hi & LOWER_ANY),
        .validated = rmp->after_lo >> 62 & 1,
        .vmsa = rmp->after_lo >> 61 & 1,
        .asid = rmp->after_lo >> 51 & 0x3ff,
        .gpn = rmp->after_lo >> 12 & 0x7fffffffff,
        .lower = (uint32_t)(rmp->after_hi & LOWER_ANY),
    };
    change->validates =
        rmp->insn == RMP_INSN_PVALIDATE && change->validated && (rmp->before_lo >> 62 & 1) == 0;
    change->count = entry_pages(rmp, pages_count, &change->first);
    return change->count > 0;
}

static bool change_of_launch(const struct event_launch_page *launch, uint64_t pages_count,
                             struct change *change)
{
    uint32_t lower = ((uint32_t)launch->perm[1] << 8 | (uint32_t)launch->perm[2] << 16 |
                      (uint32_t)launch->perm[3] << 24) &
                     LOWER_ANY;

    *change = (struct change){
        .monitor = launch->owner == LAUNCH_OWNER_MONITOR && lower == 0,
        .validated = true,
        .vmsa = launch->page_type == 2,
        .gpn = launch->gpa >> PAGE_SHIFT,
        .lower = lower,
    };
    change->count = pages_cut(launch->spa, launch->size == PAGE_2M, pages_count, &change->first);
    return change->count > 0;
}

bool change_of(const struct event *event, uint64_t pages_count, struct change *change)
{
    if (event->kind == EVENT_RMP) {
        if (!change_of_rmp(&event->rmp, pages_count, change))
            return false;
        change->passed_on = event->rmp.insn == RMP_INSN_RMPADJUST && event->vmpl >= 1 &&
                            event->vmpl < VMPL_COUNT;
        return true;
    }
    if (event->kind == EVENT_LAUNCH_PAGE)
        return change_of_launch(&event->launch_page, pages_count, change);
    return false;
}

uint64_t pages_buckets_count(uint64_t pages_count)
{
    uint64_t count = 1;

    while (count < pages_count)
        count *= 2;
    return count;
}

static uint32_t *bucket_of(const struct pages *pages, uint16_t asid, uint64_t gpn)
{
    uint64_t hash = (gpn ^ (uint64_t)asid << 40) * UINT64_C(0x9e3779b97f4a7c15);

    return &pages->buckets[hash >> 24 & pages->buckets_mask];
}

static void binding_remove(struct pages *pages, uint64_t number)
{
    struct page *page = &pages->page[number];
    uint32_t *link = bucket_of(pages, page->asid, page->gpn);

    while (*link != number + 1)
        link = &pages->page[*link - 1].next;
    *link = page->next;
    page->next = 0;
}

static void binding_add(struct pages *pages, uint64_t number)
{
    struct page *page = &pages->page[number];
    uint32_t *head = bucket_of(pages, page->asid, page->gpn);

    page->next = *head;
    *head = (uint32_t)(number + 1);
}

bool pages_bound_twice(const struct pages *pages, uint64_t number)
{
    const struct page *page = &pages->page[number];
    uint32_t at = *bucket_of(pages, page->asid, page->gpn);

    for (; at != 0; at = pages->page[at - 1].next) {
        const struct page *other = &pages->page[at - 1];

        if (other != page && other->asid == page->asid && other->gpn == page->gpn)
            return true;
    }
    return false;
}

bool pages_bound_anywhere(const struct pages *pages, uint64_t gpn)
{
    if (pages->count == 0)
        return false;
    for (uint16_t asid = 0; asid < ASIDS_COUNT; asid++)
        for (uint32_t at = *bucket_of(pages, asid, gpn); at != 0; at = pages->page[at - 1].next)
            if (pages->page[at - 1].asid == asid && pages->page[at - 1].gpn == gpn)
                return true;
    return false;
}

/* One bit for each of VMPL1-3. */
static unsigned writers_of(uint32_t lower)
{
    return (lower >> 9 & 1) | (lower >> 16 & 2) | (lower >> 23 & 4);
}

/* What a lower VMPL passes on is its own decision; it could have written itself. */
static void writers_apply(struct page *page, const struct change *change)
{
    if (change->insn == 0 || change->rebound)
        page->writers = writers_of(change->lower) & 7;
    else if (!change->passed_on)
        page->writers = (page->writers | writers_of(change->raised)) & 7;
}

/* The content labels; the state machine is drawn in docs/invariants.md. */
static void content_apply(struct page *page, const struct change *change)
{
    if (change->insn == 0) {
        page->launch = change->monitor;
        page->stored = page->old = page->unscrubbed = false;
        return;
    }
    if (change->rebound) {
        page->old = page->old || page->launch || page->stored;
        page->launch = page->stored = page->unscrubbed = false;
    }
    if (change->insn == RMP_INSN_RMPADJUST && change->raised != 0)
        page->stored = false; /* granted: VMPL0's own decision */
    if (change->validates)
        page->unscrubbed = true;
}

/*
 * In two passes: an entry of 2 MiB may move all its pages, and none of them may meet the place that
 * another of them is about to leave.
 */
void pages_apply_change(struct pages *pages, const struct change *change)
{
    for (uint64_t i = 0; i < change->count; i++)
        if (pages->page[change->first + i].validated)
            binding_remove(pages, change->first + i);
    for (uint64_t i = 0; i < change->count; i++) {
        struct page *page = &pages->page[change->first + i];
        uint64_t gpn = change->gpn + i;
        uint16_t asid = change->asid;

        if (change->insn == 0)
            asid = page->asid != 0 ? page->asid : LAUNCH_ASID;
        page->moved = change->validated &&
                      (!page->validated || page->asid != asid || page->gpn != gpn);
        page->asid = asid;
        page->gpn = gpn;
        page->validated = change->validated;
        page->vmsa = change->vmsa;
        page->lower = change->lower;
        writers_apply(page, change);
        content_apply(page, change);
        if (page->validated)
            binding_add(pages, change->first + i);
    }
}

static struct page *page_at(struct pages *pages, uint64_t spa)
{
    uint64_t number = spa >> PAGE_SHIFT;

    return number < pages->count ? &pages->page[number] : NULL;
}

void pages_apply_store(struct pages *pages, uint64_t spa)
{
    struct page *page = page_at(pages, spa);

    if (page != NULL && page->lower == 0)
        page->stored = true;
}

/* What was there is gone; what took its place VMPL0 wrote. */
void pages_apply_scrub(struct pages *pages, uint64_t spa)
{
    struct page *page = page_at(pages, spa);

    if (page == NULL)
        return;
    page->launch = page->old = page->unscrubbed = false;
    page->stored = page->lower == 0;
    page->writers = writers_of(page->lower);
}
