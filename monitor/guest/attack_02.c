/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/02_scrub_grant_race.lua: two vCPUs ask for the same page at the same
 * time. Needs two vCPUs.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/attack.h"
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"

static uint8_t page[4096] __attribute__((aligned(4096), section(".bss.page")));

static void ask_too(struct guest *guest)
{
    guest_print(guest, "attack-02: SetPagePrivate by vCPU 1: 0x%x\n", ask_private(guest, page, 1));
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-02"};
    uint32_t started;
    check_equal(&checks, "SetPageShared", ask_share(guest, page, 1), SVSM_SUCCESS);
    check_equal(&checks, "WakeUpAP", team_gather(guest, ask_too, &started), SVSM_SUCCESS);
    check_equal(&checks, "SetPagePrivate", ask_private(guest, page, 1), SVSM_SUCCESS);
    attack_page_print(guest, "attack-02", "page after SetPagePrivate", page);
    return checks.failed;
}
