/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/heap.h"

#include "monitor/insn.h"
#include "monitor/layout.h"
#include "monitor/monitor.h"
#include "monitor/psc.h"
#include "monitor/pvalidate.h"
#include "monitor/terminate.h"

void heap_init(struct heap *heap)
{
    lock_init(&heap->lock, LOCK_HEAP);
    heap->next = (uint64_t)layout_heap_start;
    heap->end = (uint64_t)layout_memory_end;
}

/* Takes count pages after a page that is left as a guard: never validated, never mapped. */
static uint64_t heap_take(struct heap *heap, uint64_t count)
{
    lock_acquire(&heap->lock);
    if ((heap->end - heap->next) / PAGE_BYTES < count + 1) {
        terminate_because(TERMINATE_NO_MEMORY, "heap: pages wanted", count);
    }
    uint64_t gpa = heap->next + PAGE_BYTES;
    heap->next = gpa + count * PAGE_BYTES;
    lock_release(&heap->lock);
    return gpa;
}

void *heap_pages(struct monitor *monitor, uint64_t count)
{
    uint64_t start = heap_take(&monitor->heap, count);
    for (uint64_t gpa = start; gpa < start + count * PAGE_BYTES; gpa += PAGE_BYTES) {
        address_space_set(&monitor->space, gpa, PAGE_ACCESS_READ_WRITE, true);
        page_validate((void *)gpa);
        page_scrub((void *)gpa);
    }
    return (void *)start;
}

volatile void *heap_shared_pages(struct monitor *monitor, uint64_t count)
{
    /* Never validated, so there is nothing to rescind and nothing that could leak. */
    uint64_t start = heap_take(&monitor->heap, count);
    for (uint64_t gpa = start; gpa < start + count * PAGE_BYTES; gpa += PAGE_BYTES) {
        psc_msr(gpa, PSC_SHARED);
        address_space_set(&monitor->space, gpa, PAGE_ACCESS_READ_WRITE, false);
        page_scrub((void *)gpa);
    }
    return (volatile void *)start;
}

volatile void *heap_shared_page(struct monitor *monitor)
{
    return heap_shared_pages(monitor, 1);
}
