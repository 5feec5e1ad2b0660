/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switch: to the monitor and back. And what is no call at all. */
#include "monitor/guest/ask.h"
#include "monitor/guest/exercise.h"

enum { SWITCHES = 100 };

static void registers(struct checks *checks)
{
    struct guest_call regs = {.rcx = 0x1111, .rdx = UINT64_MAX, .r8 = 0x8888, .r9 = 0x9999};
    check_equal(checks, "Switch",
                guest_call_must(checks->guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_SWITCH, &regs),
                SVSM_SUCCESS);
    check_true(checks, "Switch leaves the registers",
               regs.rax == 0 && regs.rcx == 0x1111 && regs.rdx == UINT64_MAX && regs.r8 == 0x8888 &&
                   regs.r9 == 0x9999);
}

static void no_calls(struct checks *checks)
{
    const struct {
        uint32_t protocol, number, code;
    } cases[] = {
        {SVSM_PROTOCOL_VERISMO, 3, (uint32_t)SVSM_UNSUPPORTED_CALL},
        {SVSM_PROTOCOL_VERISMO, 11, (uint32_t)SVSM_UNSUPPORTED_CALL},
        {SVSM_PROTOCOL_VERISMO, UINT32_MAX, (uint32_t)SVSM_UNSUPPORTED_CALL},
        {SVSM_PROTOCOL_CORE, 8, (uint32_t)SVSM_UNSUPPORTED_CALL},
        {SVSM_PROTOCOL_CORE, 0x80000000, (uint32_t)SVSM_UNSUPPORTED_CALL},
        {0x7fff, 0, (uint32_t)SVSM_UNSUPPORTED_PROTOCOL},
        {SVSM_PROTOCOL_VERISMO + 1, 0, (uint32_t)SVSM_UNSUPPORTED_PROTOCOL},
        {UINT32_MAX, UINT32_MAX, (uint32_t)SVSM_UNSUPPORTED_PROTOCOL},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct guest_call regs = {.rcx = 1, .rdx = 2};
        check_equal(checks, "no such call or protocol",
                    guest_call_must(checks->guest, cases[i].protocol, cases[i].number, &regs),
                    cases[i].code);
        check_true(checks, "nothing was changed", regs.rcx == 1 && regs.rdx == 2);
    }
}

static void protocols(struct checks *checks)
{
    const uint64_t version_1 = UINT64_C(1) << 32 | 1;
    check_equal(checks, "QUERY_PROTOCOL core", ask_protocol(checks->guest, SVSM_PROTOCOL_CORE),
                version_1);
    check_equal(checks, "QUERY_PROTOCOL VeriSMo",
                ask_protocol(checks->guest, SVSM_PROTOCOL_VERISMO), version_1);
    check_equal(checks, "QUERY_PROTOCOL of none", ask_protocol(checks->guest, 0x7fff), 0);
}

static void together(struct checks *checks)
{
    unsigned good = 0;
    for (unsigned i = 0; i < SWITCHES; i++) {
        good += guest_verismo(checks->guest, SVSM_VERISMO_SWITCH, 0, 0) == SVSM_SUCCESS;
    }
    check_equal(checks, "Switch, again and again", good, SWITCHES);
    registers(checks);
    no_calls(checks);
    protocols(checks);
}

const struct exercise exercise_switch = {.name = "switch", .together = together};
