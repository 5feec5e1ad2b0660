/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/page.h"

#include "monitor/snp.h"

enum { PAGE_WORDS = 512 };

static uint64_t word_of(uint8_t value)
{
    return value * UINT64_C(0x0101010101010101);
}

void page_fill(volatile void *page, uint8_t value)
{
    volatile uint64_t *words = page;
    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        words[i] = word_of(value);
    }
}

bool page_holds(const volatile void *page, uint8_t value)
{
    const volatile uint64_t *words = page;
    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        if (words[i] != word_of(value)) {
            return false;
        }
    }
    return true;
}
