/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what the memory map calls RAM of the guest although it lies within the monitor's range:
 * none of its business, but it is told so. Says what it finds where a secrets page has VMPCK0.
 */
#include <stddef.h>

#include "monitor/guest/check.h"
#include "monitor/snp.h"

enum { VMPCK0_OFFSET = offsetof(struct secrets_page, vmpck), FOUND_BYTES = VMPCK_BYTES };

static const uint8_t *inner_range(const struct guest_boot *boot)
{
    for (uint32_t i = 0; i < boot->range_count; i++) {
        uint64_t gpa = boot->range[i].gpa;
        if (gpa > boot->monitor_gpa && gpa - boot->monitor_gpa < boot->monitor_bytes) {
            return (const uint8_t *)gpa;
        }
    }
    return NULL;
}

unsigned guest_main(struct guest *guest)
{
    const volatile uint8_t *found = inner_range(guest->boot);
    if (found == NULL) {
        guest_print(guest, "attack-22: the memory map names nothing of the monitor's\n");
        return 1;
    }
    guest_print(guest, "attack-22: RAM within the monitor at 0x%lx\n", (uint64_t)found);
    uint8_t byte[FOUND_BYTES]; /* all of them before the next line, which needs other memory */
    for (unsigned i = 0; i < FOUND_BYTES; i++) {
        byte[i] = found[VMPCK0_OFFSET + i];
    }
    guest_print(guest, "attack-22: found ");
    for (unsigned i = 0; i < FOUND_BYTES; i++) {
        guest_print(guest, "%02x", (unsigned)byte[i]);
    }
    guest_print(guest, "\n");
    return 0;
}
