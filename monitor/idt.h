/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions. The monitor causes none: it executes no intercepted instruction and touches no page
 * that is not its own and validated. So every exception, #VC of any code included, ends in a
 * console line and a termination request whose code tells the vector. The one event that comes and
 * goes is #HV (hv.h).
 */
#ifndef MONITOR_IDT_H
#define MONITOR_IDT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EXCEPTION_VECTORS = 32,
    VECTOR_GATE = 0x80,                /* of a variant with a defect */
    IDT_VECTORS_MAX = VECTOR_GATE + 1, /* of which the correct monitor loads the exceptions' */
};

/* Error codes of #VC, APM 2 15.36.9. */
enum { VC_NESTED_PAGE_FAULT = 0x400, VC_PAGE_NOT_VALIDATED = 0x404 };

enum vector { VECTOR_NMI = 2, VECTOR_DF = 8, VECTOR_MC = 18, VECTOR_HV = 28, VECTOR_VC = 29 };

/* Interrupt gate, APM 2 figure 4-24. */
struct idt_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct idt_gate) == 16, "16 bytes a gate");

/* What vectors.S leaves on the stack, lowest address first. */
struct fault_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* vectors.S: back to where the frame says. Only a monitor with a defect ever goes back. */
_Noreturn void fault_return(const struct fault_frame *frame);

/* Fills in and loads the table. with_ist: the running processor's TSS has its stacks. */
void idt_load(struct idt_gate table[IDT_VECTORS_MAX], bool with_ist);
uint16_t idt_limit(void); /* of IDTR: bytes less one */

#endif
