/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/idt.h"

#include "monitor/console.h"
#include "monitor/cpu_area.h"
#include "monitor/defect.h"
#include "monitor/defect/fault.h"
#include "monitor/insn.h"
#include "monitor/terminate.h"

enum {
    GATE_INTERRUPT = 0x8e, /* present, DPL 0, 64-bit interrupt gate */
    STUB_BYTES = 16,
};

extern const uint8_t vector_stubs[];
void hv_entry(void);
_Noreturn void fault_handle(struct fault_frame *frame);

/* defect/entry.S */
void defect_hv_entry(void);
void defect_gate_entry(void);

/* Vectors that may arrive on a stack that cannot be trusted get one of their own. */
static uint8_t vector_ist(unsigned vector)
{
    switch (vector) {
    case VECTOR_NMI:
    case VECTOR_DF:
    case VECTOR_MC: return 1;
    case VECTOR_VC: return 2;
    default: return 0;
    }
}

/* 0: no gate. */
static uint64_t vector_handler(unsigned vector)
{
    if (monitor_defect == DEFECT_INT80_GATE && vector >= EXCEPTION_VECTORS) {
        return vector == VECTOR_GATE ? (uint64_t)defect_gate_entry : 0;
    }
    if (vector == VECTOR_HV) {
        return monitor_defect == DEFECT_LOST_EVENT ? (uint64_t)defect_hv_entry : (uint64_t)hv_entry;
    }
    return (uint64_t)(vector_stubs + vector * STUB_BYTES);
}

static unsigned vectors_count(void)
{
    return monitor_defect == DEFECT_INT80_GATE ? IDT_VECTORS_MAX : EXCEPTION_VECTORS;
}

uint16_t idt_limit(void)
{
    return (uint16_t)(vectors_count() * sizeof(struct idt_gate) - 1);
}

void idt_load(struct idt_gate table[IDT_VECTORS_MAX], bool with_ist)
{
    for (unsigned vector = 0; vector < vectors_count(); vector++) {
        uint64_t handler = vector_handler(vector);
        table[vector] = (struct idt_gate){
            .offset_low = (uint16_t)handler,
            .selector = SELECTOR_CODE,
            .ist = with_ist ? vector_ist(vector) : 0,
            .type = handler != 0 ? GATE_INTERRUPT : 0,
            .offset_middle = (uint16_t)(handler >> 16),
            .offset_high = (uint32_t)(handler >> 32),
        };
    }
    const struct insn_table_register reg = {
        .limit = idt_limit(),
        .base = (uint64_t)table,
    };
    insn_lidt(&reg);
}

_Noreturn void fault_handle(struct fault_frame *frame)
{
    struct cpu *cpu = cpu_self();
    if (monitor_defect != DEFECT_NONE && defect_fault_serve(cpu, frame)) {
        fault_return(frame);
    }
    enum terminate_code code = (enum terminate_code)(TERMINATE_FAULT + frame->vector);
    if (frame->vector == VECTOR_VC && frame->error == VC_PAGE_NOT_VALIDATED) {
        code = TERMINATE_NOT_VALIDATED;
    }
    if (!cpu->ending) {
        cpu->ending = true;
        console_fault(cpu, frame, insn_cr2());
    }
    terminate(code);
}
