/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extends the PCR once and then asks for a report, which counts how often it was extended.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/report_abi.h"

static struct report report __attribute__((aligned(4096), section(".bss.page")));

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-16"};
    uint64_t bytes;
    check_equal(&checks, "ExtendPCR", ask_extend(guest, 0x5a), SVSM_SUCCESS);
    check_equal(&checks, "Attest",
                ask_attest(guest, (uint64_t)&report, sizeof report, 0, &bytes), SVSM_SUCCESS);
    check_equal(&checks, "the PCR was extended once", report.monitor.extensions, 1);
    guest_print(guest, "attack-16: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}
