/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/psc_list.h"

enum { PSC_OPERATION_SHIFT = 52 };

struct psc_header psc_header_make(unsigned count)
{
    return (struct psc_header){.current = 0, .end = (uint16_t)(count - 1), .reserved = 0};
}

uint64_t psc_entry_make(uint64_t gpa, enum psc_operation operation)
{
    return gpa | (uint64_t)operation << PSC_OPERATION_SHIFT;
}

enum psc_progress psc_header_check(const struct psc_header *before, const struct psc_header *after)
{
    if (after->reserved != 0 || after->end != before->end || after->current < before->current ||
        after->current > before->end + 1) {
        return PSC_MALFORMED;
    }
    return after->current > before->end ? PSC_DONE : PSC_AGAIN;
}
