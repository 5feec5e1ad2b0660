/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/04_double_validate_alias.lua: asks for pages that are private already,
 * one of its own and two of the monitor's.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/attack.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"

enum { BEFORE = 0x11, AFTER = 0x22, MONITOR_PAGES = 2 };

static uint8_t page[4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t told[4096] __attribute__((aligned(4096), section(".bss.page")));

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-04"};
    const volatile uint64_t *monitor_page = attack_told(guest, told);
    check_equal(&checks, "SetPageShared", ask_share(guest, page, 1), SVSM_SUCCESS);
    check_equal(&checks, "SetPagePrivate", ask_private(guest, page, 1), SVSM_SUCCESS);
    page_fill(page, BEFORE);

    guest_print(guest, "attack-04: SetPagePrivate of a private page: 0x%x\n",
                ask_private(guest, page, 1));
    page_fill(page, AFTER);
    guest_yield();
    guest_print(guest, "attack-04: the page holds what was written %s\n",
                page_holds(page, AFTER) ? "last" : "before");

    for (unsigned i = 0; i < MONITOR_PAGES; i++) {
        const void *its = (const void *)monitor_page[i];
        const uint32_t code = ask_private(guest, its, 1);
        guest_print(guest, "attack-04: SetPagePrivate of the monitor's page %u: 0x%x\n", i, code);
        if (code == SVSM_SUCCESS) {
            attack_page_print(guest, "attack-04", "the monitor's page", its);
        }
    }
    return checks.failed;
}
