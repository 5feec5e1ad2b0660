/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every guest kernel stands on: start-up, calls to the monitor, console, end of the run. A
 * kernel defines guest_main(), which runs on the first vCPU; its return value is the number of
 * failed checks. team.h brings the other vCPUs in.
 *
 * Page tables never change after start-up, so no vCPU ever has to flush another's translations:
 * private memory is at GVA = GPA, and the lowest 1 GiB again, with C=0, at guest_shared_view().
 */
#ifndef MONITOR_GUEST_RUNTIME_H
#define MONITOR_GUEST_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/guest/end.h"
#include "monitor/guest_abi.h"
#include "monitor/svsm.h"

struct ghcb_page;

/* One vCPU of the guest. */
struct guest {
    const struct guest_boot *boot;
    struct svsm_calling_area *area;
    volatile struct ghcb_page *ghcb;
    uint32_t index;
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

/* The same, and ends the run if the call was dropped. Returns the result code. */
uint32_t guest_call_must(struct guest *guest, uint32_t protocol, uint32_t number,
                         struct guest_call *regs);

/* Result code of a call of the VeriSMo protocol with two arguments. */
uint32_t guest_verismo(struct guest *guest, uint32_t number, uint64_t rcx, uint64_t rdx);

/* Where the bytes of a shared page are. The page lies below 1 GiB. */
void *guest_shared_view(const volatile void *page);

/* One line is printed as a whole, whatever other vCPUs print. */
void guest_print(struct guest *guest, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A request of the GHCB MSR protocol, and its answer. */
uint64_t guest_msr_call(uint64_t request);

/* For loops that wait: lets the hypervisor have the processor for a moment. */
void guest_yield(void);

/* Ends the run: all well if failures is 0. */
_Noreturn void guest_end(unsigned failures);

/* Ends the run with a code of end.h. */
_Noreturn void guest_fail(enum guest_failure failure);

/* A vCPU begins: exceptions, GHCB registered, console usable. boot and area are set. */
void guest_vcpu_start(struct guest *guest);

/* By index; those that do not run are zero but for their index. */
struct guest *guest_vcpu(uint32_t index);

#endif
