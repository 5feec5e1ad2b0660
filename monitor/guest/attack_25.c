/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks where only a broken platform lets the hypervisor change something: into a page that was
 * made private again, into a page that was written twice, and into the monitor's memory. Says what
 * it finds; nothing of it is an error of the monitor's.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"

enum { INFO_OFFSET = 0x8000, FOUND_BYTES = 32, OLD = 0x11, NEW = 0x22 };

static uint8_t cycled[4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t twice[4096] __attribute__((aligned(4096), section(".bss.page")));

static void found_print(struct guest *guest, const volatile uint8_t *page)
{
    guest_print(guest, "attack-25: the page after SetPagePrivate: %s",
                page_holds(page, 0) ? "all zero" : "found ");
    for (unsigned i = 0; i < FOUND_BYTES && !page_holds(page, 0); i++) {
        guest_print(guest, "%02x", (unsigned)page[i]);
    }
    guest_print(guest, "\n");
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-25"};
    check_equal(&checks, "SetPageShared", ask_share(guest, cycled, 1), SVSM_SUCCESS);
    check_equal(&checks, "SetPagePrivate", ask_private(guest, cycled, 1), SVSM_SUCCESS);
    found_print(guest, cycled);
    page_fill(twice, OLD);
    guest_yield();
    page_fill(twice, NEW);
    guest_yield();
    guest_print(guest, "attack-25: the page written twice has the %s text\n",
                page_holds(twice, NEW)   ? "new"
                : page_holds(twice, OLD) ? "old"
                                         : "wrong");
    uint64_t info = *(const volatile uint64_t *)(guest->boot->monitor_gpa + INFO_OFFSET);
    guest_print(guest, "attack-25: the monitor's memory reads 0x%lx\n", info);
    return checks.failed;
}
