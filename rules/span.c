/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/span.h"

#include "rmp/addr.h"

struct span span_of(const struct event_rmp *rmp)
{
    struct span span = {rmp->spa >> PAGE_SHIFT, rmp->gpa >> PAGE_SHIFT, 1};

    if (rmp->size == PAGE_2M) {
        span.spn &= ~(uint64_t)(PAGES_PER_2M - 1);
        span.gpn &= ~(uint64_t)(PAGES_PER_2M - 1);
        span.count = PAGES_PER_2M;
    }
    return span;
}
