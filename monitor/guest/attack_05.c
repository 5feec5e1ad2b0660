/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/05_isa_hole_exemption.lua: two pages of the first MiB, where a PC has
 * its video memory and firmware and this machine has RAM, go from private to shared and back.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/attack.h"
#include "monitor/guest/check.h"
#include "monitor/report_abi.h"

enum { VIDEO_GPA = 0xa0000, FIRMWARE_GPA = 0xf0000 };

static struct report report __attribute__((aligned(4096), section(".bss.page")));

static void cycle(struct checks *checks, const char *what, uint64_t gpa)
{
    const void *page = (const void *)gpa;
    check_equal(checks, "SetPageShared", ask_share(checks->guest, page, 1), SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate", ask_private(checks->guest, page, 1), SVSM_SUCCESS);
    attack_page_print(checks->guest, "attack-05", what, page);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-05"};
    uint64_t bytes;
    cycle(&checks, "page at 0xf0000", FIRMWARE_GPA);
    cycle(&checks, "page at 0xa0000", VIDEO_GPA);
    /* The monitor needs its key. */
    check_equal(&checks, "Attest", ask_attest(guest, (uint64_t)&report, sizeof report, 1, &bytes),
                SVSM_SUCCESS);
    return checks.failed;
}
