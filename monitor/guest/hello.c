/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest guest: says hello, goes to the monitor and back once, ends. */
#include "monitor/guest/runtime.h"

unsigned guest_main(struct guest *guest)
{
    guest_print(guest, "hello: guest at VMPL %u\n", guest->boot->vmpl);
    uint32_t code = guest_verismo(guest, SVSM_VERISMO_SWITCH, 0, 0);
    guest_print(guest, "hello: Switch returned 0x%x\n", code);
    return code != SVSM_SUCCESS;
}
