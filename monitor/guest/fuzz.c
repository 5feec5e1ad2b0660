/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random calls on every vCPU at once: FUZZ_CALLS together (the build's choice), the second half of
 * them with the kernel locked. Each vCPU knows what its own pages are and holds every result, and
 * what it finds in the pages, against that. Seeds come from RDRAND.
 */
#include "monitor/guest/fuzz.h"

#include "monitor/guest/ask.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"

enum { WRONG_PRINTED_MAX = 20, RANDOM_TRIES = 10 };

extern const uint8_t image_text_start[], image_text_end[];

static struct fuzzer fuzzers[LAUNCH_CPUS_MAX];
static uint64_t lists[LAUNCH_CPUS_MAX][512] __attribute__((aligned(4096), section(".bss.page")));
static uint32_t lock_code;

/* How far vCPU 0 is with LockKernel. */
static enum { LOCK_TO_COME, LOCK_AT_WORK, LOCK_OVER } lock_phase;

uint64_t *fuzz_list(uint32_t vcpu)
{
    return lists[vcpu];
}

uint32_t fuzz_issue(struct fuzzer *fuzzer, struct fuzz_request *request)
{
    request->sent = request->regs;
    fuzzer->calls++;
    const bool may_begin = __atomic_load_n(&lock_phase, __ATOMIC_SEQ_CST) != LOCK_OVER;
    const uint32_t code =
        guest_call_must(fuzzer->guest, request->protocol, request->number, &request->regs);
    fuzzer->meets_sweep =
        may_begin && __atomic_load_n(&lock_phase, __ATOMIC_SEQ_CST) != LOCK_TO_COME;
    return code;
}

uint32_t fuzz_sweep_results(const struct fuzzer *fuzzer)
{
    return fuzzer->meets_sweep ? CAN_BUSY : 0;
}

void fuzz_judge(struct fuzzer *fuzzer, const struct fuzz_request *request, uint32_t code,
                uint32_t allowed)
{
    const struct guest_call *sent = &request->sent;
    if (result_bit(code) & allowed) {
        return;
    }
    if (fuzzer->wrong++ < WRONG_PRINTED_MAX) {
        guest_print(fuzzer->guest,
                    "fuzz: WRONG: call 0x%x:%u rcx 0x%lx rdx 0x%lx r8 0x%lx: 0x%x, not of set 0x%x "
                    "(vCPU %u, its call %lu)\n",
                    request->protocol, request->number, sent->rcx, sent->rdx, sent->r8, code,
                    allowed, fuzzer->guest->index, fuzzer->calls);
    }
}

uint64_t fuzz_contested_gpa(struct fuzzer *fuzzer)
{
    return FUZZ_CONTESTED_GPA + fuzz_below(&fuzzer->random, FUZZ_CONTESTED_PAGES) * PAGE_BYTES;
}

uint64_t fuzz_bad_gpa(struct fuzzer *fuzzer)
{
    return fuzz_once_in(&fuzzer->random, 8) ? (uint64_t)fuzzer->guest->area
                                            : fuzz_never_gpa(fuzzer);
}

uint64_t fuzz_never_gpa(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    const struct guest_boot *boot = fuzzer->guest->boot;
    const uint64_t c_bit = UINT64_C(1) << boot->c_bit;
    switch (fuzz_below(random, 7)) {
    case 0:
        return boot->monitor_gpa +
               fuzz_below(random, boot->monitor_bytes / PAGE_BYTES) * PAGE_BYTES;
    case 1: return fuzzer->map.base | c_bit;
    case 2: return fuzz_random(random) | c_bit;
    case 3: return c_bit - PAGE_BYTES;
    case 4: return ~UINT64_C(0) - fuzz_below(random, 2 * PAGE_BYTES);
    case 5: return UINT64_C(1) << (36 + fuzz_below(random, 28));
    default: return fuzz_random(random) | UINT64_C(1) << 63;
    }
}

static uint64_t seed(uint32_t index)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < RANDOM_TRIES && !insn_rdrand(&value); i++) {
    }
    return (value ^ (index + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

static void calls(struct fuzzer *fuzzer, uint64_t until)
{
    while (fuzzer->calls < until) {
        if (fuzz_once_in(&fuzzer->random, 2)) {
            fuzz_exact(fuzzer);
        } else {
            fuzz_hostile(fuzzer);
        }
    }
}

static void work(struct guest *guest)
{
    struct fuzzer *fuzzer = &fuzzers[guest->index];
    const uint64_t share = FUZZ_CALLS / guest->boot->vcpu_count + 1;
    *fuzzer = (struct fuzzer){.guest = guest, .random = seed(guest->index), .home = guest->area};
    map_init(&fuzzer->map, FUZZ_OWN_GPA + guest->index * LARGE_PAGE_BYTES);
    calls(fuzzer, share / 2);
    team_barrier();
    /* While the others go on. */
    if (guest->index == 0) {
        __atomic_store_n(&lock_phase, LOCK_AT_WORK, __ATOMIC_SEQ_CST);
        lock_code =
            ask_lock_range(guest, image_text_start, (uint64_t)(image_text_end - image_text_start));
        __atomic_store_n(&lock_phase, LOCK_OVER, __ATOMIC_SEQ_CST);
    }
    calls(fuzzer, share);
    team_barrier();
}

static unsigned summary(struct guest *guest)
{
    uint64_t all = 0, wrong = 0, broken = 0;
    for (uint32_t cpu = 0; cpu < guest->boot->vcpu_count; cpu++) {
        all += fuzzers[cpu].calls;
        wrong += fuzzers[cpu].wrong;
        broken += fuzzers[cpu].map.broken;
    }
    guest_print(guest, "fuzz: %lu calls on %u vCPUs: %lu wrong results, %lu broken pages\n", all,
                guest->boot->vcpu_count, wrong, broken);
    if (lock_code != SVSM_SUCCESS) {
        guest_print(guest, "fuzz: FAILED LockKernel: 0x%x\n", lock_code);
    }
    if (all < FUZZ_CALLS) {
        guest_print(guest, "fuzz: FAILED: fewer calls than there should be\n");
    }
    bool good = lock_code == SVSM_SUCCESS && all >= FUZZ_CALLS && wrong == 0 && broken == 0;
    if (good) {
        guest_print(guest, "fuzz: all as it should be\n");
    }
    return !good;
}

static bool memory_suffices(const struct guest_boot *boot)
{
    for (uint32_t i = 0; i < boot->range_count; i++) {
        const struct launch_range *range = &boot->range[i];
        if (range->type == LAUNCH_RANGE_RAM && range->gpa <= FUZZ_OWN_GPA &&
            range->gpa + range->bytes >= FUZZ_MEMORY_BYTES) {
            return boot->block_gpa >= FUZZ_MEMORY_BYTES;
        }
    }
    return false;
}

unsigned guest_main(struct guest *guest)
{
    uint32_t started;
    if (!memory_suffices(guest->boot)) {
        guest_print(guest, "fuzz: FAILED: the machine needs 64 MiB of memory\n");
        guest_fail(FAILURE_START);
    }
    uint32_t code = team_gather(guest, work, &started);
    if (code != SVSM_SUCCESS) {
        guest_print(guest, "fuzz: FAILED: vCPU %u does not start, WakeUpAP gives 0x%x\n", started,
                    code);
        return 1;
    }
    work(guest);
    return summary(guest);
}
