/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ExtendPCR: the measurement goes on, by each call once, whichever vCPU makes it. */
#include "monitor/guest/ask.h"
#include "monitor/guest/exercise.h"
#include "monitor/hash.h"
#include "monitor/lib/string.h"
#include "monitor/report_abi.h"

enum { EXTENSIONS = 20, NONCE = 0x77 };

static struct report report[2] __attribute__((aligned(4096), section(".bss.page")));

static void report_get(struct checks *checks, struct report *to)
{
    uint64_t bytes;
    check_equal(checks, "Attest",
                ask_attest(checks->guest, (uint64_t)to, sizeof *to, NONCE, &bytes), SVSM_SUCCESS);
}

/* PCR := SHA-512(PCR || data) */
static void chain(uint8_t pcr[REPORT_PCR_BYTES], uint8_t value)
{
    uint8_t data[SVSM_PCR_BYTES];
    struct hash hash;
    memset(data, value, sizeof data);
    hash_start(&hash);
    hash_update(&hash, pcr, REPORT_PCR_BYTES);
    hash_update(&hash, data, sizeof data);
    hash_finish(&hash, pcr);
}

static void before(struct checks *checks)
{
    uint8_t wanted[REPORT_PCR_BYTES];
    report_get(checks, &report[0]);
    memcpy(wanted, report[0].monitor.pcr, sizeof wanted);
    check_equal(checks, "ExtendPCR", ask_extend(checks->guest, 1), SVSM_SUCCESS);
    check_equal(checks, "ExtendPCR with other data", ask_extend(checks->guest, 2), SVSM_SUCCESS);
    chain(wanted, 1);
    chain(wanted, 2);
    report_get(checks, &report[1]);
    check_true(checks, "the PCR is the hash of what it was and the data",
               memcmp(wanted, report[1].monitor.pcr, sizeof wanted) == 0);
    check_equal(checks, "both calls are counted",
                report[1].monitor.extensions - report[0].monitor.extensions, 2);
}

static void together(struct checks *checks)
{
    unsigned good = 0;
    for (unsigned i = 0; i < EXTENSIONS; i++) {
        good += ask_extend(checks->guest, (uint8_t)checks->guest->index) == SVSM_SUCCESS;
    }
    check_equal(checks, "ExtendPCR, again and again", good, EXTENSIONS);
}

static void after(struct checks *checks)
{
    const uint32_t vcpus = checks->guest->boot->vcpu_count;
    uint8_t wanted[REPORT_PCR_BYTES];
    memcpy(wanted, report[1].monitor.pcr, sizeof wanted);
    report_get(checks, &report[0]);
    check_equal(checks, "no call of any vCPU is lost",
                report[0].monitor.extensions - report[1].monitor.extensions, EXTENSIONS * vcpus);
    for (unsigned i = 0; i < EXTENSIONS; i++) {
        chain(wanted, 0);
    }
    /* Of several vCPUs the order is not known. */
    check_equal(checks, "the PCR is that of the calls in a row",
                memcmp(wanted, report[0].monitor.pcr, sizeof wanted) == 0, vcpus == 1);
}

const struct exercise exercise_extend_pcr = {
    .name = "extend-pcr", .before = before, .together = together, .after = after};
