/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls with arguments from everywhere: addresses that no call may accept, pages that other vCPUs
 * convert at the same time, lists that others write to while they are read. What they come to is
 * not known; that they end, and with a code of the monitor's, is what counts.
 *
 * No address here is private memory that a kernel lives in: a guest may give that away, and would
 * only harm itself. LockKernel gets no list that could be good for the same reason.
 */
#include "monitor/guest/fuzz.h"
#include "monitor/guest/team.h"
#include "monitor/services_abi.h"

/* Every result but that of a call or protocol that there is not. */
enum { CAN_ANYTHING = ~(CAN_NO_CALL | CAN_NO_PROTOCOL) };

static uint64_t some_gpa(struct fuzzer *fuzzer)
{
    return fuzz_once_in(&fuzzer->random, 2) ? fuzz_bad_gpa(fuzzer) : fuzz_contested_gpa(fuzzer);
}

/* A word for a list: an entry of a contested page with any flags, a bad one, small numbers. */
static uint64_t some_word(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    switch (fuzz_below(random, 4)) {
    case 0: return fuzz_contested_gpa(fuzzer) | fuzz_below(random, 16);
    case 1: return fuzz_never_gpa(fuzzer);
    case 2: return fuzz_below(random, 6) | fuzz_below(random, 4) << 16;
    default: return fuzz_below(random, 520) | fuzz_below(random, 4) << 32;
    }
}

/* Some other vCPU's list gets a new word, while that vCPU may be in a call that reads it. */
static void scribble(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    const uint32_t vcpu = (uint32_t)fuzz_below(random, fuzzer->guest->boot->vcpu_count);
    const uint64_t at = fuzz_once_in(random, 3) ? 0 : fuzz_below(random, 12);
    __atomic_store_n(&fuzz_list(vcpu)[at], some_word(fuzzer), __ATOMIC_SEQ_CST);
}

static void list_call(struct fuzzer *fuzzer)
{
    const uint64_t list = (uint64_t)fuzz_list(fuzzer->guest->index);
    const bool core = fuzz_once_in(&fuzzer->random, 2);
    struct fuzz_request request = {
        .protocol = core ? SVSM_PROTOCOL_CORE : SVSM_PROTOCOL_VERISMO,
        .number = core ? SVSM_CORE_PVALIDATE
                       : SVSM_VERISMO_SET_PAGE_PRIVATE + (uint32_t)fuzz_below(&fuzzer->random, 2),
    };
    *(core ? &request.regs.rcx : &request.regs.r8) = list;
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request), CAN_ANYTHING);
}

/* The head of the list changes under Encrypt and Decrypt. */
static void crypt_call(struct fuzzer *fuzzer)
{
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = SVSM_VERISMO_ENCRYPT + (uint32_t)fuzz_below(&fuzzer->random, 2),
        .regs = {.rcx = (uint64_t)fuzz_list(fuzzer->guest->index)},
    };
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request), CAN_ANYTHING);
}

static void contested_convert(struct fuzzer *fuzzer)
{
    const uint64_t first = fuzz_below(&fuzzer->random, FUZZ_CONTESTED_PAGES);
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = SVSM_VERISMO_SET_PAGE_PRIVATE + (uint32_t)fuzz_below(&fuzzer->random, 2),
        .regs = {.rcx = FUZZ_CONTESTED_GPA + first * PAGE_BYTES,
                 .rdx = 1 + fuzz_below(&fuzzer->random, FUZZ_CONTESTED_PAGES - first)},
    };
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request),
               CAN_SUCCEED | CAN_NO_CHANGE | CAN_BUSY | CAN_ADDRESS);
}

/* Most of the time without room for a report, since one that comes about takes long. */
static void attest_call(struct fuzzer *fuzzer)
{
    const bool room = fuzz_once_in(&fuzzer->random, 512);
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = SVSM_VERISMO_ATTEST,
        .regs = {.rcx = room ? some_gpa(fuzzer) : fuzz_bad_gpa(fuzzer),
                 .rdx = room ? 4096 : fuzz_random(&fuzzer->random)},
    };
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request),
               CAN_SUCCEED | CAN_ADDRESS | CAN_PARAMETER | CAN_BUSY);
}

static void key_call(struct fuzzer *fuzzer)
{
    const bool drop = !fuzz_once_in(&fuzzer->random, 64);
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = SVSM_VERISMO_DERIVE_KEY,
        .regs = {.rcx = drop ? fuzz_below(&fuzzer->random, KEY_HANDLES + 4)
                             : fuzz_random(&fuzzer->random),
                 .r8 = drop ? fuzz_below(&fuzzer->random, 3) | KEY_FLAG_DROP : 0},
    };
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request),
               CAN_SUCCEED | CAN_PARAMETER | CAN_REQUEST);
}

/* Every vCPU runs already, and no page named here holds a state that could run. */
static void vcpu_call(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    const struct guest_boot *boot = fuzzer->guest->boot;
    const uint32_t apic_id = boot->apic_id[fuzz_below(random, boot->vcpu_count)];
    const uint64_t target = fuzz_once_in(random, 4) ? fuzz_random(random) : apic_id;
    struct fuzz_request request = {.protocol = SVSM_PROTOCOL_CORE};
    switch (fuzz_below(random, 3)) {
    case 0:
        request.protocol = SVSM_PROTOCOL_VERISMO;
        request.number = SVSM_VERISMO_WAKE_UP_AP;
        request.regs =
            (struct guest_call){.rcx = target, .rdx = some_gpa(fuzzer), .r8 = some_gpa(fuzzer)};
        break;
    case 1:
        request.number = SVSM_CORE_CREATE_VCPU;
        request.regs =
            (struct guest_call){.rcx = some_gpa(fuzzer), .rdx = some_gpa(fuzzer), .r8 = target};
        break;
    default: request.number = SVSM_CORE_DELETE_VCPU; request.regs.rcx = some_gpa(fuzzer);
    }
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request),
               CAN_ADDRESS | CAN_PARAMETER | CAN_REQUEST | CAN_BUSY);
}

static void lock_call(struct fuzzer *fuzzer)
{
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = SVSM_VERISMO_LOCK_KERNEL,
        .regs = {.rcx = fuzz_bad_gpa(fuzzer), .rdx = fuzz_random(&fuzzer->random)},
    };
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request),
               CAN_ADDRESS | CAN_REQUEST | CAN_BUSY | CAN_PARAMETER | CAN_FORMAT);
}

/* Any number of any protocol with addresses that are bad for all. */
static void any_call(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    const uint32_t protocols[] = {SVSM_PROTOCOL_CORE, SVSM_PROTOCOL_ATTESTATION,
                                  SVSM_PROTOCOL_VERISMO, (uint32_t)fuzz_random(random)};
    struct fuzz_request request = {
        .protocol = protocols[fuzz_below(random, 4)],
        .number = fuzz_once_in(random, 8) ? (uint32_t)fuzz_random(random)
                                          : (uint32_t)fuzz_below(random, 12),
        .regs = {.rcx = fuzz_bad_gpa(fuzzer),
                 .rdx = fuzz_bad_gpa(fuzzer),
                 .r8 = fuzz_bad_gpa(fuzzer),
                 .r9 = fuzz_random(random)},
    };
    const uint32_t code = fuzz_issue(fuzzer, &request);
    fuzz_judge(fuzzer, &request, code, (uint32_t)CAN_ANYTHING | CAN_NO_CALL | CAN_NO_PROTOCOL);
}

void fuzz_hostile(struct fuzzer *fuzzer)
{
    scribble(fuzzer);
    switch (fuzz_below(&fuzzer->random, 12)) {
    case 0:
    case 1: list_call(fuzzer); break;
    case 2:
    case 3:
    case 4: contested_convert(fuzzer); break;
    case 5: attest_call(fuzzer); break;
    case 6: key_call(fuzzer); break;
    case 7: crypt_call(fuzzer); break;
    case 8: vcpu_call(fuzzer); break;
    case 9: lock_call(fuzzer); break;
    default: any_call(fuzzer);
    }
    scribble(fuzzer);
}
