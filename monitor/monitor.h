/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one object of the monitor: everything that is not per processor hangs off it. */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "monitor/attest.h"
#include "monitor/console.h"
#include "monitor/cpu_area.h"
#include "monitor/heap.h"
#include "monitor/idt.h"
#include "monitor/keys.h"
#include "monitor/launch.h"
#include "monitor/lock_kernel.h"
#include "monitor/page_state.h"
#include "monitor/pagetable.h"
#include "monitor/pcr.h"
#include "monitor/psp_channel.h"
#include "monitor/services.h"

struct monitor {
    struct launch_info info;     /* measured */
    struct launch_params params; /* private copy of what the hypervisor said, checked */
    unsigned c_bit;              /* position, from the CPUID page */
    uint64_t sev_features;       /* of our own VMSA, from SEV_STATUS */
    uint16_t ghcb_version;
    uint32_t ended;   /* enum terminate_code once a processor is at its end, else 0 */
    uint64_t flushes; /* of the guest's translations so far (vcpu.h) */
    struct address_space space;
    struct heap heap;
    struct page_states pages;
    struct console console;
    struct psp_channel psp;
    struct pcr pcr;
    struct attest attest;
    struct keys keys;
    struct lock_kernel lock_kernel;
    struct services services;
    struct cpu *cpu[LAUNCH_CPUS_MAX];
    struct idt_gate idt[IDT_VECTORS_MAX];
};

/* From boot.S, on the boot stack, with the launcher's page tables. */
_Noreturn void monitor_boot(uint64_t info_gpa, uint64_t params_gpa);

#endif
