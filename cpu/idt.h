/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control transfer through the guest's long-mode IDT (APM 2 8.9). Which exception it is, and
 * what follows if this one fails, is exception.c's.
 */
#ifndef PROVA_CPU_IDT_H
#define PROVA_CPU_IDT_H

#include "cpu/internal.h"

struct idt_event {
    uint8_t vector;
    bool software;  /* INT n, INT3, INTO: the gate's DPL is checked */
    bool external;  /* EXT of the error codes of what fails on the way */
    bool is_fault;  /* RF is set in the RFLAGS that are pushed (APM 2 3.1.6) */
    bool has_error;
    uint32_t error_code;
    uint64_t rip;   /* to be pushed */
};

/*
 * True: the engine stands at the handler. False: *fault is what the delivery ran into, and no
 * register has changed (guest memory may hold a part of the frame, as on silicon).
 */
bool idt_deliver(struct vcpu *vcpu, const struct idt_event *event, struct fault *fault);

/* The same outside long mode (ivt.c). FAULT_ENGINE: 32-bit gates are not modelled. */
bool ivt_deliver(struct vcpu *vcpu, const struct idt_event *event, struct fault *fault);

#endif
