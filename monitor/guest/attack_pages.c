/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages to shared and back, several with one request, for scenarios in which the hypervisor lies
 * about how it got on with them.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"

enum { ROUNDS = 3, PAGES = 3, PATTERN = 0x5a };

static uint8_t pages[PAGES][4096] __attribute__((aligned(4096), section(".bss.page")));

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-pages"};
    for (unsigned round = 0; round < ROUNDS; round++) {
        guest_print(guest, "attack-pages: round %u\n", round);
        check_equal(&checks, "SetPageShared", ask_share(guest, pages, PAGES), SVSM_SUCCESS);
        check_equal(&checks, "SetPagePrivate", ask_private(guest, pages, PAGES), SVSM_SUCCESS);
        for (unsigned i = 0; i < PAGES; i++) {
            check_true(&checks, "the page is zero", page_holds(pages[i], 0));
            page_fill(pages[i], PATTERN);
        }
    }
    return checks.failed;
}
