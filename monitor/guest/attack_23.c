/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls the monitor over and over, for scenarios in which the hypervisor runs what it likes. A call
 * that the monitor never saw is not a failure here: the guest sees that it was dropped.
 */
#include "monitor/guest/check.h"

enum { CALLS = 12 };

unsigned guest_main(struct guest *guest)
{
    unsigned wrong = 0, dropped = 0;
    for (unsigned i = 0; i < CALLS; i++) {
        struct guest_call regs = {.rcx = SVSM_PROTOCOL_VERSION}; /* of protocol 0 */
        if (!guest_call(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_QUERY_PROTOCOL, &regs)) {
            dropped++;
            guest_print(guest, "attack-23: call %u was dropped\n", i);
        } else {
            wrong += regs.rax != SVSM_SUCCESS || regs.rcx != UINT64_C(0x100000001);
            guest_print(guest, "attack-23: call %u served\n", i);
        }
    }
    guest_print(guest, "attack-23: done, %u dropped, %u wrong\n", dropped, wrong);
    return wrong;
}
