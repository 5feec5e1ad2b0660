/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/06_remap_replay_autoaccept.lua: extends the measurement twice and asks
 * for reports. It yields where the hypervisor shall act.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/report_abi.h"

static struct report report __attribute__((aligned(4096), section(".bss.page")));

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-06"};
    uint64_t bytes;
    check_equal(&checks, "ExtendPCR", ask_extend(guest, 1), SVSM_SUCCESS);
    guest_yield(); /* 1: the monitor's memory is saved */
    check_equal(&checks, "ExtendPCR again", ask_extend(guest, 2), SVSM_SUCCESS);
    guest_yield(); /* 2: and put back */
    check_equal(&checks, "Attest", ask_attest(guest, (uint64_t)&report, sizeof report, 1, &bytes),
                SVSM_SUCCESS);
    guest_print(guest, "attack-06: the report counts %lu calls of ExtendPCR\n",
                (uint64_t)report.monitor.extensions);
    guest_yield(); /* 3: another page for the key */
    guest_print(guest, "attack-06: Attest: 0x%x\n",
                ask_attest(guest, (uint64_t)&report, sizeof report, 2, &bytes));
    return checks.failed;
}
