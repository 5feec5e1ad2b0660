/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image events.c asks the hypervisor of its test to do. */
#ifndef PROVA_TESTS_EVENTS_H
#define PROVA_TESTS_EVENTS_H

enum ask {
    ASK_INTERRUPT_VMPL0 = 1, /* vector 0x61 to VMPL 0 of this processor */
    ASK_INTERRUPT_VMPL1,     /* vector 0x60 to VMPL 1 */
    ASK_INTERRUPT_FAULTING,  /* vector 0x62 to VMPL 0; the page of its stack is not mapped */
};

#endif
