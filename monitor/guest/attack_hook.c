/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the monitor to run a routine of the guest's, which stores what it reads in the monitor's
 * memory beside itself. There is no such call.
 */
#include "monitor/guest/check.h"

enum { INFO_OFFSET = 0x8000, CALL_RUN = 3, CODE_ADDRESS = 4 };

static struct {
    uint8_t code[16];
    uint64_t seen; /* code stores RAX here, wherever the page is mapped */
} hook __attribute__((aligned(4096), section(".data.page"))) = {
    .code =
        {
            0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0,       /* mov address, %rax */
            0x48, 0x89, 0x05, 0x01, 0x00, 0x00, 0x00, /* mov %rax, 1(%rip) */
            0xc3,                                     /* ret */
        },
};

unsigned guest_main(struct guest *guest)
{
    uint32_t info = (uint32_t)guest->boot->monitor_gpa + INFO_OFFSET;
    for (unsigned i = 0; i < sizeof info; i++) {
        hook.code[CODE_ADDRESS + i] = (uint8_t)(info >> 8 * i);
    }
    uint32_t code = guest_verismo(guest, CALL_RUN, (uint64_t)&hook, 0);
    uint64_t seen = *(volatile uint64_t *)&hook.seen;
    guest_print(guest, "attack-hook: the call gave 0x%x, the routine saw 0x%lx\n", code, seen);
    return 0;
}
