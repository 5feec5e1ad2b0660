/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A local APIC in x2APIC mode (APM 2 16.3 to 16.6, 16.9 to 16.11): one for each VMPL of a
 * processor. A plain struct and pure functions: what leaves the APIC (the command of the ICR, an
 * EOI that the IOAPIC hears of) is the caller's to carry out.
 *
 * Times are cycles of the virtual TSC, and the timer's clock is the same 1 GHz.
 */
#ifndef PROVA_EMU_LAPIC_H
#define PROVA_EMU_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

enum lapic_msr {
    LAPIC_ID = 0x802,
    LAPIC_VERSION = 0x803,
    LAPIC_TPR = 0x808,
    LAPIC_PPR = 0x80a,
    LAPIC_EOI = 0x80b,
    LAPIC_LDR = 0x80d,
    LAPIC_SPURIOUS = 0x80f,
    LAPIC_ISR = 0x810, /* to 0x817 */
    LAPIC_TMR = 0x818, /* to 0x81f */
    LAPIC_IRR = 0x820, /* to 0x827 */
    LAPIC_ESR = 0x828,
    LAPIC_ICR = 0x830,
    LAPIC_LVT_TIMER = 0x832,
    LAPIC_LVT_THERMAL = 0x833,
    LAPIC_LVT_PERFORMANCE = 0x834,
    LAPIC_LVT_LINT0 = 0x835,
    LAPIC_LVT_LINT1 = 0x836,
    LAPIC_LVT_ERROR = 0x837,
    LAPIC_INITIAL_COUNT = 0x838,
    LAPIC_CURRENT_COUNT = 0x839,
    LAPIC_DIVIDE = 0x83e,
    LAPIC_SELF_IPI = 0x83f,
    LAPIC_MSR_FIRST = 0x800,
    LAPIC_MSR_LAST = 0x8ff,
    LAPIC_TSC_DEADLINE = 0x6e0,
};

enum { LAPIC_VECTOR_WORDS = 4, LAPIC_LVTS = 6, LAPIC_VECTOR_LEGAL_MIN = 16 };

struct lapic {
    uint64_t irr[LAPIC_VECTOR_WORDS], isr[LAPIC_VECTOR_WORDS], tmr[LAPIC_VECTOR_WORDS];
    uint32_t lvt[LAPIC_LVTS]; /* from LAPIC_LVT_TIMER on */
    uint32_t spurious, tpr, divide, initial_count;
    uint32_t esr, esr_seen; /* errors so far, and what the last write of the ESR made readable */
    uint64_t icr;
    uint64_t timer_cycles; /* when the timer rings, 0: it is not armed */
};

/* The state after reset: software-disabled, everything masked. */
void lapic_init(struct lapic *lapic);

/* SPIV[8]. While it is 0 nothing is accepted (APM 2 16.4.7). */
bool lapic_enabled(const struct lapic *lapic);

/* False: #GP. The TSC deadline is one of these registers. */
bool lapic_read(const struct lapic *lapic, uint32_t id, uint64_t now_cycles, uint32_t msr,
                uint64_t *value);
/* EOI, ICR and SELF_IPI are registers of their own functions, and refused here. */
bool lapic_write(struct lapic *lapic, uint64_t now_cycles, uint32_t msr, uint64_t value);

/* A fixed interrupt arrives. */
void lapic_accept(struct lapic *lapic, uint8_t vector, bool level);
/* The vector that is to be delivered now, by its priority and that of the processor; 0: none. */
uint8_t lapic_pending(const struct lapic *lapic);
/* The processor has taken the vector: requested -> in service. */
void lapic_take(struct lapic *lapic, uint8_t vector);
/* The vector in service that is done with; *level: it was level-triggered. 0: none was. */
uint8_t lapic_eoi(struct lapic *lapic, bool *level);

/* When the timer will request an interrupt; UINT64_MAX: never, as it is. */
uint64_t lapic_deadline(const struct lapic *lapic);
/* The timer's work up to now; true: it requests an interrupt, *vector. */
bool lapic_advance(struct lapic *lapic, uint64_t now_cycles, uint8_t *vector);

#endif
