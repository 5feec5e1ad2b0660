/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/idt.h"

#include "monitor/console.h"
#include "monitor/cpu_area.h"
#include "monitor/defect.h"
#include "monitor/insn.h"
#include "monitor/mmio.h"
#include "monitor/pvalidate.h"
#include "monitor/snp.h"
#include "monitor/terminate.h"

enum {
    GATE_INTERRUPT = 0x8e, /* present, DPL 0, 64-bit interrupt gate */
    STUB_BYTES = 16,
    VC_NESTED_PAGE_FAULT = 0x400,
    VC_PAGE_NOT_VALIDATED = 0x404, /* APM 2 15.36.9 */
};

extern const uint8_t vector_stubs[];
void hv_entry(void);
_Noreturn void fault_handle(struct fault_frame *frame);

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

void idt_load(struct idt_gate table[IDT_VECTORS], bool with_ist)
{
    for (unsigned vector = 0; vector < IDT_VECTORS; vector++) {
        uint64_t handler = vector == VECTOR_HV ? (uint64_t)hv_entry
                                               : (uint64_t)(vector_stubs + vector * STUB_BYTES);
        table[vector] = (struct idt_gate){
            .offset_low = (uint16_t)handler,
            .selector = SELECTOR_CODE,
            .ist = with_ist ? vector_ist(vector) : 0,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(handler >> 16),
            .offset_high = (uint32_t)(handler >> 32),
        };
    }
    const struct insn_table_register reg = {
        .limit = IDT_VECTORS * sizeof table[0] - 1,
        .base = (uint64_t)table,
    };
    insn_lidt(&reg);
}

_Noreturn void fault_handle(struct fault_frame *frame)
{
    struct cpu *cpu = cpu_self();
    if (monitor_defect == DEFECT_MMIO_PRIVATE && frame->vector == VECTOR_VC &&
        frame->error == VC_NESTED_PAGE_FAULT && mmio_forward(cpu, frame)) {
        fault_return(frame);
    }
    enum terminate_code code = (enum terminate_code)(TERMINATE_FAULT + frame->vector);
    if (frame->vector == VECTOR_VC && frame->error == VC_PAGE_NOT_VALIDATED) {
        if (monitor_defect == DEFECT_AUTO_ACCEPT) {
            page_validate((void *)(insn_cr2() & ~(PAGE_BYTES - 1)));
            fault_return(frame);
        }
        code = TERMINATE_NOT_VALIDATED;
    }
    if (!cpu->ending) {
        cpu->ending = true;
        console_fault(cpu, frame, insn_cr2());
    }
    terminate(code);
}
