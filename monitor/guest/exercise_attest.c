/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attest: the firmware's report vouches for the monitor's key, the monitor's report holds the
 * caller's nonce. The signatures are left to who verifies: one report is printed for it.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/exercise.h"
#include "monitor/hash.h"
#include "monitor/lib/string.h"
#include "monitor/report_abi.h"

enum {
    REPORT_DATA_OFFSET = 0x50, /* SEV-SNP ABI 56860 table "ATTESTATION_REPORT" */
    REPORT_VMPL_OFFSET = 0x30,
    PRINTED_NONCE = 0x11,
    LINE_BYTES = 32,
};

struct own_pages {
    uint8_t bytes[2][4096];
};
static struct own_pages own[LAUNCH_CPUS_MAX] __attribute__((aligned(4096), section(".bss.page")));
static struct report_key first_key;

static bool holds(const uint8_t *bytes, size_t count, uint8_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

static uint32_t attest(struct checks *checks, const void *to, uint64_t room, uint8_t nonce)
{
    uint64_t bytes;
    return ask_attest(checks->guest, (uint64_t)to, room, nonce, &bytes);
}

static void content(struct checks *checks, const struct report *report, uint8_t nonce)
{
    const struct report_monitor *own_report = &report->monitor;
    uint8_t key_hash[HASH_BYTES];
    uint32_t vmpl = UINT32_MAX;
    struct hash hash;
    hash_start(&hash);
    hash_update(&hash, &own_report->key, sizeof own_report->key);
    hash_finish(&hash, key_hash);
    memcpy(&vmpl, report->firmware + REPORT_VMPL_OFFSET, sizeof vmpl);
    check_equal(checks, "the firmware's report is for VMPL 0", vmpl, 0);
    check_true(checks, "and vouches for the monitor's key",
               memcmp(key_hash, report->firmware + REPORT_DATA_OFFSET, sizeof key_hash) == 0);
    check_equal(checks, "the monitor's report", own_report->magic, REPORT_MAGIC);
    check_equal(checks, "names its length", own_report->bytes, sizeof *own_report);
    check_equal(checks, "and the guest's VMPL", own_report->guest_vmpl, checks->guest->boot->vmpl);
    check_true(checks, "holds the nonce", holds(own_report->nonce, REPORT_NONCE_BYTES, nonce));
    check_true(checks, "is signed",
               !holds(own_report->signature_r, REPORT_NUMBER_BYTES, 0) &&
                   !holds(own_report->signature_s, REPORT_NUMBER_BYTES, 0));
}

static void before(struct checks *checks)
{
    uint8_t *page = own[0].bytes[0];
    uint64_t bytes = 0;
    check_equal(checks, "Attest", attest(checks, page, 4096, 0), SVSM_SUCCESS);
    content(checks, (const struct report *)page, 0);
    memcpy(&first_key, &((const struct report *)page)->monitor.key, sizeof first_key);
    check_equal(checks, "a buffer that is too small",
                ask_attest(checks->guest, (uint64_t)page, sizeof(struct report) - 1, 0, &bytes),
                (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "and what would do", bytes, sizeof(struct report));
}

static void bad_buffers(struct checks *checks)
{
    struct own_pages *pages = &own[checks->guest->index];
    const uint64_t c_bit = UINT64_C(1) << checks->guest->boot->c_bit;
    const uint64_t buffers[] = {
        checks->guest->boot->monitor_gpa,
        checks->guest->boot->monitor_gpa - 8,
        (uint64_t)checks->guest->area,
        (uint64_t)pages->bytes[1], /* shared */
        (uint64_t)pages->bytes[1] - 8,
        (uint64_t)pages | c_bit,
        c_bit - 8,
        UINT64_MAX - 8,
        UINT64_MAX,
    };
    check_equal(checks, "SetPageShared", ask_share(checks->guest, pages->bytes[1], 1),
                SVSM_SUCCESS);
    memset(pages->bytes[0], 0x33, 4096);
    for (unsigned i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        check_equal(checks, "Attest into what is not private memory of the guest",
                    attest(checks, (const void *)buffers[i], 4096, 0),
                    (uint32_t)SVSM_INVALID_ADDRESS);
    }
    check_true(checks, "nothing was written", holds(pages->bytes[0], 4096, 0x33));
    check_equal(checks, "SetPagePrivate", ask_private(checks->guest, pages->bytes[1], 1),
                SVSM_SUCCESS);
}

static void together(struct checks *checks)
{
    struct own_pages *pages = &own[checks->guest->index];
    uint8_t nonce = (uint8_t)(checks->guest->index + 1);
    bad_buffers(checks);
    /* Across the border of two pages. */
    struct report *report = (struct report *)(pages->bytes[1] - 0x4a0);
    check_equal(checks, "Attest", attest(checks, report, sizeof *report, nonce), SVSM_SUCCESS);
    content(checks, report, nonce);
    check_true(checks, "the key is the same for every vCPU",
               memcmp(&report->monitor.key, &first_key, sizeof first_key) == 0);
}

static void finish(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint8_t *bytes = own[0].bytes[0];
    check_equal(checks, "Attest", attest(checks, bytes, 4096, PRINTED_NONCE), SVSM_SUCCESS);
    guest_print(guest, REPORT_TEXT_BEGIN "\n");
    for (unsigned i = 0; i < sizeof(struct report); i++) {
        guest_print(guest, i % LINE_BYTES == LINE_BYTES - 1 ? "%02x\n" : "%02x",
                    (unsigned)bytes[i]);
    }
    guest_print(guest, REPORT_TEXT_END "\n");
}

const struct exercise exercise_attest = {
    .name = "attest", .before = before, .together = together, .finish = finish};
