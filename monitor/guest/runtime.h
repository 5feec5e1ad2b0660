/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every guest kernel stands on: start-up, calls to the monitor, console, end of the run. One
 * vCPU. A kernel defines guest_main(); its return value is the number of failed checks.
 */
#ifndef MONITOR_GUEST_RUNTIME_H
#define MONITOR_GUEST_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/guest_abi.h"
#include "monitor/svsm.h"

struct guest {
    const struct guest_boot *boot;
    struct svsm_calling_area *area;
    bool has_console;
};

unsigned guest_main(struct guest *guest);

/* Registers of a call; all are overwritten with what the monitor left. */
struct guest_call {
    uint64_t rax, rcx, rdx, r8, r9;
};

/*
 * One call. False: the hypervisor never ran the monitor (the pending flag is still set); then no
 * register means anything.
 */
bool guest_call(struct guest *guest, uint32_t protocol, uint32_t number, struct guest_call *regs);

/* Result code of a call of the VeriSMo protocol with two arguments; ends the run if it was dropped.
   */
uint32_t guest_verismo(struct guest *guest, uint32_t number, uint64_t rcx, uint64_t rdx);

/* Changes the C-bit of one page in the first 2 MiB region of the image, in the guest's page tables.
   */
void guest_page_encrypt(struct guest *guest, const volatile void *page, bool encrypted);

void guest_print(struct guest *guest, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the run: all well if failures is 0. */
_Noreturn void guest_end(unsigned failures);

#endif
