/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The honest hypervisor's books: one plain struct, so that it is saved by copying.
 */
#ifndef PROVA_EMU_HONEST_STATE_H
#define PROVA_EMU_HONEST_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "emu/ioapic.h"
#include "emu/lapic.h"
#include "emu/pit.h"
#include "emu/rtc.h"
#include "rmp/addr.h"

enum { HONEST_CPUS_MAX = 16, HONEST_VECTOR_WORDS = 4 };

/* Interrupts and NMIs that one VMPL of a processor has not been given yet. */
struct honest_events {
    uint64_t vectors[HONEST_VECTOR_WORDS]; /* a bit each */
    bool nmi;
    bool nmi_masked;    /* one was injected, and the guest has not completed it */
    uint16_t halt_seen; /* doorbell's pending event at the last HLT that found one */
    uint8_t posted;     /* the APIC's vector that was put into V_IRQ, 0 none */
};

/* AP reset hold, and in which protocol it was asked for. */
enum honest_hold { HONEST_HOLD_NONE, HONEST_HOLD_MSR, HONEST_HOLD_PAGE };

struct honest_cpu {
    uint64_t vmsa[VMPL_COUNT];         /* registered, 0 = none */
    uint64_t ghcb_gpa[VMPL_COUNT];     /* registered by MSR 0x012, UINT64_MAX = none */
    uint64_t doorbell_gpa[VMPL_COUNT]; /* NAE 0x80000014, UINT64_MAX = none */
    uint64_t sev_features[VMPL_COUNT]; /* as the VMSA was registered with */
    struct honest_events events[VMPL_COUNT];
    struct lapic lapic[VMPL_COUNT];
    uint8_t hold[VMPL_COUNT]; /* enum honest_hold */
    uint8_t vmpl;             /* which VMPL runs next */
    bool roused;                       /* an event came behind an exit that is not answered yet */
    bool runnable;            /* false: waits (HLT, AP not started) */
};

struct honest {
    uint64_t guest_base;  /* spa of gpa 0 */
    uint64_t guest_bytes; /* RAM */
    uint64_t launch_vmsa_gpa, launch_vmsa_spa;
    uint64_t extra_vmsa_spa; /* of a second launched VMSA, 0 = none */
    uint64_t bounce_request, bounce_response; /* pages for SNP_GUEST_REQUEST */
    struct honest_cpu cpu[HONEST_CPUS_MAX];
    struct ioapic ioapic;
    uint8_t ioapic_vmpl; /* whose it is: of the last one that wrote to it */
    struct rtc rtc;
    struct pit pit;
};

#endif
