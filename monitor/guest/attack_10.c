/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks for three attestation reports, each over a nonce of its own (58019 chapter 7), while the
 * hypervisor carries the messages to the firmware as it likes. A report is fresh if what it vouches
 * for, REPORT_DATA, is not what the one before vouched for.
 */
#include "monitor/attest_abi.h"
#include "monitor/guest/check.h"
#include "monitor/lib/string.h"

enum { NONCE_BYTES = 64, REPORT_DATA_OFFSET = 0x50, REPORT_DATA_BYTES = 64, REPORTS = 3 };

static struct attest_operand operand __attribute__((aligned(4096), section(".bss.page")));
static uint8_t nonce[4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t manifest[4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t report[4096] __attribute__((aligned(4096), section(".bss.page")));

static uint32_t attest(struct guest *guest, uint8_t value)
{
    struct guest_call regs = {.rcx = (uint64_t)&operand};
    memset(nonce, value, NONCE_BYTES);
    operand = (struct attest_operand){
        .report_gpa = (uint64_t)report,
        .report_bytes = sizeof report,
        .nonce_gpa = (uint64_t)nonce,
        .nonce_bytes = NONCE_BYTES,
        .manifest_gpa = (uint64_t)manifest,
        .manifest_bytes = sizeof manifest,
    };
    return guest_call_must(guest, SVSM_PROTOCOL_ATTESTATION, ATTEST_SERVICES, &regs);
}

unsigned guest_main(struct guest *guest)
{
    static uint8_t before[REPORT_DATA_BYTES];
    unsigned stale = 0;
    for (unsigned i = 1; i <= REPORTS; i++) {
        uint32_t code = attest(guest, (uint8_t)i);
        if (code != SVSM_SUCCESS) {
            guest_print(guest, "attack-10: report %u: none, 0x%x\n", i, code);
            continue;
        }
        bool same = memcmp(before, report + REPORT_DATA_OFFSET, sizeof before) == 0;
        guest_print(guest, "attack-10: report %u: %s\n", i, same ? "an OLD one" : "fresh");
        stale += same;
        memcpy(before, report + REPORT_DATA_OFFSET, sizeof before);
    }
    return stale;
}
