/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of table 1 of VeriSMo (OSDI'24), for whoever counts and times them (bench_phase.h). */
#include "monitor/guest/ask.h"
#include "monitor/guest/bench_phase.h"
#include "monitor/guest/check.h"

static uint8_t pages[BENCH_CALLS][4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t report[4096] __attribute__((aligned(4096), section(".bss.page")));

extern const uint8_t image_text_start[], image_text_end[];

static uint32_t nothing(struct guest *guest, unsigned round)
{
    (void)guest;
    (void)round;
    return SVSM_SUCCESS;
}

static uint32_t call_switch(struct guest *guest, unsigned round)
{
    (void)round;
    return guest_verismo(guest, SVSM_VERISMO_SWITCH, 0, 0);
}

static uint32_t extend(struct guest *guest, unsigned round)
{
    (void)round; /* the data, from the last round, is in the calling area */
    return guest_verismo(guest, SVSM_VERISMO_EXTEND_PCR, 0, 0);
}

static uint32_t share(struct guest *guest, unsigned round)
{
    return ask_share(guest, pages[round], 1);
}

static uint32_t make_private(struct guest *guest, unsigned round)
{
    return ask_private(guest, pages[round], 1);
}

static uint32_t attest(struct guest *guest, unsigned round)
{
    uint64_t bytes;
    return ask_attest(guest, (uint64_t)report, sizeof report, (uint8_t)round, &bytes);
}

static uint32_t lock_kernel(struct guest *guest, unsigned round)
{
    (void)round;
    return ask_lock_range(guest, image_text_start, (uint64_t)(image_text_end - image_text_start));
}

struct phase {
    const char *name;
    uint32_t (*call)(struct guest *guest, unsigned round);
    unsigned calls;
};

static const struct phase phases[BENCH_PHASES] = {
    [BENCH_NOTHING] = {"nothing", nothing, 1},
    [BENCH_SWITCH] = {"Switch", call_switch, BENCH_CALLS},
    [BENCH_EXTEND_PCR] = {"ExtendPCR", extend, BENCH_CALLS},
    [BENCH_SET_PAGE_SHARED] = {"SetPageShared", share, BENCH_CALLS},
    [BENCH_SET_PAGE_PRIVATE] = {"SetPagePrivate", make_private, BENCH_CALLS},
    [BENCH_ATTEST] = {"Attest", attest, BENCH_ATTEST_CALLS},
    [BENCH_LOCK_KERNEL] = {"LockKernel", lock_kernel, 1},
};

static void mark(unsigned phase, unsigned end)
{
    guest_msr_call(BENCH_MARK | (uint64_t)phase << BENCH_MARK_PHASE_SHIFT | end);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "bench"};
    for (unsigned i = 0; i < BENCH_PHASES; i++) {
        const struct phase *phase = &phases[i];
        unsigned good = 0;
        mark(i, 0);
        for (unsigned round = 0; round < phase->calls; round++) {
            good += phase->call(guest, round) == SVSM_SUCCESS;
        }
        mark(i, BENCH_MARK_END);
        check_equal(&checks, phase->name, good, phase->calls);
    }
    return checks.failed;
}
