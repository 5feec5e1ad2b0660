/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts and exceptions outside long mode: in real mode through the vector table (APM 2 8.6),
 * in protected mode as far as the descriptor table has no gate for them (docs/limits.md).
 */
#include "cpu/idt.h"

#define CR0_PE (UINT64_C(1) << 0)
#define RFLAGS_TF (UINT64_C(1) << 8)
#define RFLAGS_IF (UINT64_C(1) << 9)
#define RFLAGS_RF (UINT64_C(1) << 16)
#define RFLAGS_AC (UINT64_C(1) << 18)

enum { GPR_RSP = 4, VECTOR_BYTES = 4, GATE_BYTES = 8, ERROR_EXT = 1, ERROR_IDT = 2 };

/* A vector beyond the table is #GP; then #DF is beyond it as well, and the processor shuts down. */
static bool beyond_table(const struct idt_event *event, struct fault *fault)
{
    const uint32_t error = event->vector * 8u | ERROR_IDT | (event->external ? ERROR_EXT : 0);

    *fault = fault_exception(CPU_VECTOR_GP, true, error);
    return false;
}

/* FLAGS, CS and IP; an error code is not pushed in real mode (APM 2 8.6). */
static bool frame_push(struct vcpu *vcpu, const struct idt_event *event, uint64_t rflags,
                       uint64_t *rsp, struct fault *fault)
{
    struct hidden *hidden = &vcpu->hidden;
    struct vmsa_segment cs, ss;

    hidden_segment_read(hidden, HIDDEN_CS, &cs);
    hidden_segment_read(hidden, HIDDEN_SS, &ss);
    const uint16_t frame[3] = { (uint16_t)event->rip, cs.selector, (uint16_t)rflags };
    const bool wide = hidden_stack32(hidden);
    uint64_t sp = *rsp;
    for (unsigned i = 3; i-- > 0;) {
        sp = wide ? (uint32_t)(sp - 2) : (uint16_t)(sp - 2);
        const uint32_t at = (uint32_t)(ss.base + sp);
        if (!mmu_write(vcpu, at, &frame[i], sizeof(frame[i]), MMU_SUPERVISOR, fault))
            return false;
    }
    *rsp = wide ? sp : (*rsp & ~UINT64_C(0xffff)) | sp;
    return true;
}

/* CS keeps its limit and attributes: only selector and base are loaded (APM 2 4.5.1). */
static void vector_enter(struct vcpu *vcpu, const uint16_t vector[2], uint64_t rflags,
                         uint64_t rsp)
{
    struct hidden *hidden = &vcpu->hidden;
    struct vmsa_segment cs;

    vcpu_reg_set(vcpu, UC_X86_REG_RFLAGS,
                 rflags & ~(RFLAGS_TF | RFLAGS_IF | RFLAGS_RF | RFLAGS_AC));
    vcpu_reg_set(vcpu, UC_X86_REG_RIP, vector[0]);
    hidden_fetch(hidden);
    hidden_segment_read(hidden, HIDDEN_CS, &cs);
    cs.selector = vector[1];
    cs.base = (uint32_t)vector[1] << 4;
    hidden_segment_write(hidden, HIDDEN_CS, &cs);
    hidden_gpr_set(hidden, GPR_RSP, rsp);
    hidden_mode_update(hidden, 0, false, false);
    hidden_shadow_set(hidden, false);
    hidden_commit(hidden);
    mode_read(vcpu);
}

static bool real_mode_deliver(struct vcpu *vcpu, const struct idt_event *event, uint64_t base,
                              struct fault *fault)
{
    uint16_t vector[2];

    if (!mmu_read(vcpu, (uint32_t)(base + event->vector * VECTOR_BYTES), vector, sizeof(vector),
                  MMU_SUPERVISOR, fault))
        return false;
    const uint64_t rflags = vcpu_reg(vcpu, UC_X86_REG_RFLAGS);
    hidden_fetch(&vcpu->hidden);
    uint64_t rsp = hidden_gpr(&vcpu->hidden, GPR_RSP);
    if (!frame_push(vcpu, event, rflags, &rsp, fault))
        return false;
    vector_enter(vcpu, vector, rflags, rsp);
    return true;
}

bool ivt_deliver(struct vcpu *vcpu, const struct idt_event *event, struct fault *fault)
{
    const bool is_protected = (vcpu->control.cr0 & CR0_PE) != 0;
    const uint32_t bytes = is_protected ? GATE_BYTES : VECTOR_BYTES;
    uc_x86_mmr idtr = { 0 };

    uc_reg_read(vcpu->uc, UC_X86_REG_IDTR, &idtr);
    if (event->vector * bytes + bytes - 1 > idtr.limit)
        return beyond_table(event, fault);
    if (!is_protected)
        return real_mode_deliver(vcpu, event, idtr.base, fault);
    *fault = fault_engine(vcpu, "exception or interrupt %u in protected mode outside long mode: "
                          "its delivery is not modelled", event->vector);
    return false;
}
