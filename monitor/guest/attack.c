/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/attack.h"

#include "monitor/guest/ask.h"
#include "monitor/guest/page.h"

enum { FOUND_BYTES = 32 };

void attack_page_print(struct guest *guest, const char *kernel, const char *what,
                       const volatile void *page)
{
    const volatile uint8_t *bytes = page;
    if (page_holds(page, 0)) {
        guest_print(guest, "%s: %s: all zero\n", kernel, what);
        return;
    }
    char text[2 * FOUND_BYTES + 1];
    for (unsigned i = 0; i < FOUND_BYTES; i++) {
        const uint8_t byte = bytes[i];
        text[2 * i] = "0123456789abcdef"[byte >> 4];
        text[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    text[2 * FOUND_BYTES] = '\0';
    guest_print(guest, "%s: %s: found %s\n", kernel, what, text);
}

const volatile uint64_t *attack_told(struct guest *guest, void *page)
{
    if (ask_share(guest, page, 1) != SVSM_SUCCESS) {
        guest_fail(FAILURE_START);
    }
    const volatile uint64_t *told = guest_shared_view(page);
    if (told[0] == 0) { /* nobody has: there is no attack */
        guest_fail(FAILURE_START);
    }
    return told;
}
