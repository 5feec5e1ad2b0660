/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/01_double_map_on_validate.lua: pages go from private to shared and
 * back, three by a range and 2 MiB as a whole. What it finds in them afterwards should be nothing.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/attack.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"
#include "monitor/report_abi.h"
#include "monitor/snp.h"

enum { PAGES = 3, LARGE_GPA = 0x400000 /* nobody's memory but the guest's */ };

static uint8_t pages[PAGES][4096] __attribute__((aligned(4096), section(".bss.page")));
static struct report report __attribute__((aligned(4096), section(".bss.page")));

/* The first page of the 2 MiB that is not empty. */
static const uint8_t *large_find(void)
{
    const uint8_t *large = (const uint8_t *)LARGE_GPA;
    for (unsigned i = 0; i < PAGES_PER_LARGE_PAGE; i++) {
        if (!page_holds(large + i * PAGE_BYTES, 0)) {
            return large + i * PAGE_BYTES;
        }
    }
    return large;
}

unsigned guest_main(struct guest *guest)
{
    static const char *const what[PAGES] = {"page 0 after SetPagePrivate",
                                            "page 1 after SetPagePrivate",
                                            "page 2 after SetPagePrivate"};
    struct checks checks = {.guest = guest, .kernel = "attack-01"};
    uint64_t bytes;
    check_equal(&checks, "SetPageShared", ask_share(guest, pages, PAGES), SVSM_SUCCESS);
    check_equal(&checks, "SetPagePrivate", ask_private(guest, pages, PAGES), SVSM_SUCCESS);
    for (unsigned i = 0; i < PAGES; i++) {
        attack_page_print(guest, "attack-01", what[i], pages[i]);
    }
    const uint8_t *large = (const uint8_t *)LARGE_GPA;
    check_equal(&checks, "SetPageShared of 2 MiB", ask_share(guest, large, PAGES_PER_LARGE_PAGE),
                SVSM_SUCCESS);
    check_equal(&checks, "SetPagePrivate of 2 MiB",
                ask_private(guest, large, PAGES_PER_LARGE_PAGE), SVSM_SUCCESS);
    attack_page_print(guest, "attack-01", "2 MiB after SetPagePrivate", large_find());
    /* The monitor needs its key. */
    check_equal(&checks, "Attest", ask_attest(guest, (uint64_t)&report, sizeof report, 1, &bytes),
                SVSM_SUCCESS);
    return checks.failed;
}
