/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gates, descriptors, stack switch and frame of a long-mode interrupt (APM 2 8.9). */
#include "cpu/idt.h"

#include <string.h>

#define RFLAGS_TF (UINT64_C(1) << 8)
#define RFLAGS_IF (UINT64_C(1) << 9)
#define RFLAGS_NT (UINT64_C(1) << 14)
#define RFLAGS_RF (UINT64_C(1) << 16)
#define RFLAGS_VM (UINT64_C(1) << 17)
#define EFER_LMA (UINT64_C(1) << 10)

enum {
    ERROR_EXT = 1 << 0,
    ERROR_IDT = 1 << 1,
    SELECTOR_TI = 1 << 2,
    SELECTOR_INDEX = 0xfffc,
    GATE_INTERRUPT = 0xe,
    GATE_TRAP = 0xf,
    TSS_RSP0 = 0x04,
    TSS_IST1 = 0x24,
};

/*
 * A 64-bit gate (APM 2 4.8.4):
 *
 *   +0  selector 31:16, offset 15:0       +4  offset 31:16, P 15, DPL 14:13, 0, type 11:8, IST 2:0
 *   +8  offset 63:32                      +12 reserved
 */
struct gate {
    uint64_t offset;
    uint16_t selector;
    uint8_t ist, type, dpl;
    bool system, present;
};

/* A code-segment descriptor, and where its Accessed bit is. */
struct code {
    struct vmsa_segment segment;
    uint64_t gva;
    bool accessed;
};

struct delivery {
    struct vcpu *vcpu;
    const struct idt_event *event;
    struct fault *fault;
    struct vmsa_segment tr, ldtr, ss, cs;
    uint64_t rflags, rsp;
    uint8_t cpl, new_cpl;
};

static bool canonical(uint64_t gva)
{
    return (uint64_t)((int64_t)(gva << 16) >> 16) == gva;
}

static bool refuse(struct delivery *d, uint8_t vector, uint32_t error)
{
    *d->fault = fault_exception(vector, true, error | (d->event->external ? ERROR_EXT : 0));
    return false;
}

static bool table_read(struct delivery *d, uint64_t gva, void *out, size_t len)
{
    return mmu_read(d->vcpu, gva, out, len, MMU_SUPERVISOR, d->fault);
}

/* APM 2 8.9.1, 8.9.2 */
static bool gate_read(struct delivery *d, struct gate *gate)
{
    uc_x86_mmr idtr = { 0 };
    uint32_t word[4];
    uint32_t at = (uint32_t)d->event->vector * 16, error = d->event->vector * 8u | ERROR_IDT;
    uc_reg_read(d->vcpu->uc, UC_X86_REG_IDTR, &idtr);
    if (at + 15 > idtr.limit)
        return refuse(d, CPU_VECTOR_GP, error);
    if (!table_read(d, idtr.base + at, word, sizeof(word)))
        return false;
    *gate = (struct gate){
        .offset = (word[0] & 0xffff) | (word[1] & 0xffff0000) | (uint64_t)word[2] << 32,
        .selector = (uint16_t)(word[0] >> 16),
        .ist = word[1] & 7,
        .type = (word[1] >> 8) & 0xf,
        .system = (word[1] & (1 << 12)) == 0,
        .dpl = (word[1] >> 13) & 3,
        .present = (word[1] & (1 << 15)) != 0,
    };
    if (!gate->system || (gate->type != GATE_INTERRUPT && gate->type != GATE_TRAP))
        return refuse(d, CPU_VECTOR_GP, error);
    if (d->event->software && gate->dpl < d->cpl)
        return refuse(d, CPU_VECTOR_GP, error);
    if (!gate->present)
        return refuse(d, CPU_VECTOR_NP, error);
    return true;
}

static bool descriptor_read(struct delivery *d, uint16_t selector, uint64_t *gva, uint32_t word[2])
{
    uc_x86_mmr gdtr = { 0 };
    uc_reg_read(d->vcpu->uc, UC_X86_REG_GDTR, &gdtr);
    bool local = (selector & SELECTOR_TI) != 0;
    uint64_t base = local ? d->ldtr.base : gdtr.base;
    uint32_t limit = local ? d->ldtr.limit : gdtr.limit, at = selector & 0xfff8u;
    bool usable = !local || ((d->ldtr.selector & SELECTOR_INDEX) != 0
                             && (d->ldtr.attrib & VMSA_ATTRIB_P) != 0);
    if ((selector & SELECTOR_INDEX) == 0)
        return refuse(d, CPU_VECTOR_GP, 0);
    if (!usable || at + 7 > limit)
        return refuse(d, CPU_VECTOR_GP, selector & SELECTOR_INDEX);
    *gva = base + at;
    return table_read(d, *gva, word, 8);
}

/* APM 2 8.9.2: a present 64-bit code segment, not less privileged than the interrupted program. */
static bool code_read(struct delivery *d, uint16_t selector, struct code *code)
{
    uint32_t word[2], error = selector & SELECTOR_INDEX;
    if (!descriptor_read(d, selector, &code->gva, word))
        return false;
    uint16_t attrib = (uint16_t)(((word[1] >> 8) & 0xff) | ((word[1] >> 12) & 0xf00));
    uint8_t dpl = (attrib >> VMSA_ATTRIB_DPL_SHIFT) & 3, type = attrib & VMSA_ATTRIB_TYPE;
    bool is_code = (attrib & VMSA_ATTRIB_S) != 0 && (type & 8) != 0, conforming = (type & 4) != 0;
    if (!is_code || dpl > d->cpl)
        return refuse(d, CPU_VECTOR_GP, error);
    if ((attrib & VMSA_ATTRIB_P) == 0)
        return refuse(d, CPU_VECTOR_NP, error);
    if ((attrib & VMSA_ATTRIB_L) == 0 || (attrib & VMSA_ATTRIB_D) != 0)
        return refuse(d, CPU_VECTOR_GP, error);
    d->new_cpl = conforming ? d->cpl : dpl;
    uint32_t limit = (word[0] & 0xffff) | (word[1] & 0xf0000);
    if ((attrib & VMSA_ATTRIB_G) != 0)
        limit = limit << 12 | 0xfff;
    code->accessed = (type & 1) != 0;
    code->segment = (struct vmsa_segment){
        .selector = (uint16_t)((selector & SELECTOR_INDEX) | d->new_cpl),
        .attrib = attrib | 1,
        .limit = limit,
        .base = (word[0] >> 16) | (uint64_t)(word[1] & 0xff) << 16 | (word[1] & 0xff000000),
    };
    return true;
}

/* Loading a code segment sets its Accessed bit. */
static bool code_mark_accessed(struct delivery *d, const struct code *code)
{
    if (code->accessed)
        return true;
    uint8_t byte = code->segment.attrib & 0xff;
    return mmu_write(d->vcpu, code->gva + 5, &byte, 1, MMU_SUPERVISOR, d->fault);
}

/* APM 2 8.9.3, 8.9.4: IST, or the inner stack on a change of CPL, or the current stack. */
static bool stack_find(struct delivery *d, const struct gate *gate, uint64_t *rsp)
{
    uint32_t at;
    *rsp = d->rsp;
    if (gate->ist != 0)
        at = TSS_IST1 + 8u * (gate->ist - 1u);
    else if (d->new_cpl < d->cpl)
        at = TSS_RSP0 + 8u * d->new_cpl;
    else
        at = 0;
    if (at != 0) {
        if (at + 7 > d->tr.limit)
            return refuse(d, CPU_VECTOR_TS, d->tr.selector & SELECTOR_INDEX);
        if (!table_read(d, d->tr.base + at, rsp, 8))
            return false;
    }
    *rsp &= ~UINT64_C(0xf);
    return true;
}

/*
 * SS, RSP, RFLAGS, CS, RIP and the error code, from high to low addresses, each by itself, so that
 * the address of a fault is that of the first quadword that could not be pushed.
 */
static bool frame_push(struct delivery *d, uint64_t *rsp)
{
    const struct idt_event *event = d->event;
    uint64_t rflags = event->is_fault ? d->rflags | RFLAGS_RF : d->rflags;
    const uint64_t frame[6] = { d->ss.selector, d->rsp, rflags, d->cs.selector, event->rip,
                                event->error_code };
    enum mmu_privilege privilege = d->new_cpl == 3 ? MMU_USER : MMU_SUPERVISOR;
    unsigned count = event->has_error ? 6 : 5;
    if (!canonical(*rsp) || !canonical(*rsp - count * 8))
        return refuse(d, CPU_VECTOR_SS, 0);
    for (unsigned i = 0; i < count; i++) {
        *rsp -= 8;
        if (!mmu_write(d->vcpu, *rsp, &frame[i], 8, privilege, d->fault))
            return false;
    }
    return true;
}

static void state_commit(struct delivery *d, const struct gate *gate, const struct code *code,
                         uint64_t rsp)
{
    struct vcpu *vcpu = d->vcpu;
    uint64_t rflags = d->rflags & ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM);
    if (gate->type == GATE_INTERRUPT)
        rflags &= ~RFLAGS_IF;
    vcpu_reg_set(vcpu, UC_X86_REG_RFLAGS, rflags);
    vcpu_reg_set(vcpu, UC_X86_REG_RIP, gate->offset);
    hidden_fetch(&vcpu->hidden);
    hidden_gpr_set(&vcpu->hidden, 4, rsp);
    hidden_segment_write(&vcpu->hidden, HIDDEN_CS, &code->segment);
    if (d->new_cpl != d->cpl) {
        /* APM 2 8.9.3: a null selector with the new RPL. */
        struct vmsa_segment ss = { .selector = d->new_cpl,
                                   .attrib = (uint16_t)(d->new_cpl << VMSA_ATTRIB_DPL_SHIFT) };
        hidden_segment_write(&vcpu->hidden, HIDDEN_SS, &ss);
    }
    hidden_mode_update(&vcpu->hidden, d->new_cpl, true, false);
    hidden_shadow_set(&vcpu->hidden, false);
    hidden_commit(&vcpu->hidden);
    mode_read(vcpu);
}

static void state_read(struct delivery *d)
{
    struct hidden *hidden = &d->vcpu->hidden;
    hidden_fetch(hidden);
    hidden_segment_read(hidden, HIDDEN_CS, &d->cs);
    hidden_segment_read(hidden, HIDDEN_SS, &d->ss);
    hidden_segment_read(hidden, HIDDEN_TR, &d->tr);
    hidden_segment_read(hidden, HIDDEN_LDTR, &d->ldtr);
    d->rsp = hidden_gpr(hidden, 4);
    d->cpl = hidden_cpl(hidden);
    d->rflags = vcpu_reg(d->vcpu, UC_X86_REG_RFLAGS);
}

bool idt_deliver(struct vcpu *vcpu, const struct idt_event *event, struct fault *fault)
{
    struct delivery d = { .vcpu = vcpu, .event = event, .fault = fault };
    struct gate gate;
    struct code code;
    uint64_t rsp;
    if ((vcpu->control.efer & EFER_LMA) == 0)
        return ivt_deliver(vcpu, event, fault);
    state_read(&d);
    if (!gate_read(&d, &gate) || !code_read(&d, gate.selector, &code)
        || !stack_find(&d, &gate, &rsp))
        return false;
    if (!canonical(gate.offset))
        return refuse(&d, CPU_VECTOR_GP, 0);
    if (!frame_push(&d, &rsp) || !code_mark_accessed(&d, &code))
        return false;
    state_commit(&d, &gate, &code, rsp);
    return true;
}
