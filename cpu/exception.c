/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which exception is delivered: classes, double and triple faults (APM 2 8.2.9), EVENTINJ (APM 2
 * 15.20), EXITINTINFO (APM 2 15.7.2). The control transfer itself is idt.c's.
 */
#include "cpu/idt.h"
#include "cpu/internal.h"

#define RFLAGS_RF (UINT64_C(1) << 16)
#define EFER_SCE (UINT64_C(1) << 0)
#define EFER_LMA (UINT64_C(1) << 10)

enum { GPR_RCX = 1, GPR_R11 = 11 };

/* An event on its way, with what EVENTINJ and EXITINTINFO say of it. */
struct pending {
    struct exception exception;
    enum eventinj_type type;
};

enum exception_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT };

/* APM 2 table 8-3; #VC is contributory (15.35.5), #HV benign (15.36.16). Interrupts are benign. */
static enum exception_class class_of(const struct pending *pending)
{
    if (pending->type != EVENTINJ_EXCEPTION)
        return CLASS_BENIGN;
    switch (pending->exception.vector) {
    case CPU_VECTOR_DE:
    case CPU_VECTOR_TS:
    case CPU_VECTOR_NP:
    case CPU_VECTOR_SS:
    case CPU_VECTOR_GP:
    case CPU_VECTOR_VC:
        return CLASS_CONTRIBUTORY;
    case CPU_VECTOR_PF:
        return CLASS_PAGE_FAULT;
    default:
        return CLASS_BENIGN;
    }
}

/* APM 2 table 8-4: which second exception turns a first one into a double fault. */
static bool makes_double_fault(const struct pending *first, const struct pending *second)
{
    enum exception_class one = class_of(first), two = class_of(second);
    if (one == CLASS_CONTRIBUTORY)
        return two == CLASS_CONTRIBUTORY;
    return one == CLASS_PAGE_FAULT && two != CLASS_BENIGN;
}

/* Exceptions whose saved RIP is that of the instruction, so that RF is pushed set (APM 2 3.1.6). */
static bool is_fault_class(const struct pending *pending)
{
    if (pending->type != EVENTINJ_EXCEPTION || pending->exception.source == EXCEPTION_SOFTWARE)
        return false;
    switch (pending->exception.vector) {
    case CPU_VECTOR_DB:
    case CPU_VECTOR_BP:
    case CPU_VECTOR_OF:
    case CPU_VECTOR_DF:
    case CPU_VECTOR_HV:
        return false;
    default:
        return true;
    }
}

static uint64_t intinfo_of(const struct pending *pending)
{
    const struct exception *exception = &pending->exception;
    uint64_t info = exception->vector | (uint64_t)pending->type << 8 | EVENTINJ_VALID;
    if (exception->has_error)
        info |= EVENTINJ_ERROR_VALID | (uint64_t)exception->error_code << 32;
    return info;
}

/* The record of a delivery, with RIP and CPL as they are before it. */
static void event_fill(struct vcpu *vcpu, const struct pending *pending, enum fault_class class,
                       struct event *event)
{
    const struct exception *exception = &pending->exception;
    vcpu_event_init(vcpu, event, EVENT_FAULT);
    event->fault = (struct event_fault){
        .address = exception->sets_cr2 ? exception->cr2 : 0,
        .error = exception->has_error ? exception->error_code : 0,
        .gpa = exception->gpa,
        .spa = exception->spa,
        .class = (uint8_t)class,
        .vector = exception->vector,
        .source = exception->source,
        .cpl = vcpu_cpl(vcpu),
    };
}

static struct pending pending_of_fault(const struct fault *fault)
{
    return (struct pending){
        .type = EVENTINJ_EXCEPTION,
        .exception = {
            .vector = fault->vector,
            .source = EXCEPTION_HARDWARE,
            .has_error = fault->has_error,
            .error_code = fault->error_code,
            .sets_cr2 = fault->sets_cr2,
            .cr2 = fault->gva,
            .gpa = fault->gpa,
            .spa = fault->spa,
        },
    };
}

/* The second exception of a delivery, or the double fault that both make. Its addresses stay known
 * to the event; CR2 is that of the second (APM 2 8.2.9). */
static struct pending pending_next(const struct pending *first, const struct fault *fault)
{
    struct pending next = pending_of_fault(fault);
    if (makes_double_fault(first, &next)) {
        next.exception.vector = CPU_VECTOR_DF;
        next.exception.has_error = true;
        next.exception.error_code = 0;
    }
    return next;
}

static void cr2_set(struct vcpu *vcpu, uint64_t cr2)
{
    hidden_fetch(&vcpu->hidden);
    hidden_cr2_set(&vcpu->hidden, cr2);
    hidden_commit(&vcpu->hidden);
}

/* NMIs are masked from the delivery of one to the next IRET (APM 2 8.2.3). */
static void nmi_mask(struct vcpu *vcpu)
{
    hidden_fetch(&vcpu->hidden);
    hidden_nmi_mask_set(&vcpu->hidden, true);
    hidden_commit(&vcpu->hidden);
}

static bool attempt(struct vcpu *vcpu, const struct pending *pending, struct fault *fault)
{
    const struct exception *exception = &pending->exception;
    bool soft = pending->type == EVENTINJ_SOFT || exception->source == EXCEPTION_SOFTWARE;
    struct idt_event transfer = {
        .vector = exception->vector,
        .software = soft,
        .external = !soft,
        .is_fault = is_fault_class(pending),
        .has_error = exception->has_error,
        .error_code = exception->error_code,
        .rip = exception->source == EXCEPTION_SOFTWARE ? exception->return_rip
                                                       : vcpu_reg(vcpu, UC_X86_REG_RIP),
    };
    struct event event;
    event_fill(vcpu, pending, FAULT_EXCEPTION, &event);
    if (exception->sets_cr2)
        cr2_set(vcpu, exception->cr2);
    if (!idt_deliver(vcpu, &transfer, fault))
        return false;
    if (pending->type == EVENTINJ_NMI)
        nmi_mask(vcpu);
    trace_emit(vcpu->env->trace, &event);
    return true;
}

/* Each failure escalates: benign, contributory, page fault, double fault, shutdown. */
static bool deliver(struct vcpu *vcpu, const struct pending *first, struct fault *fault)
{
    struct pending pending = *first;
    struct fault second = { 0 };
    while (!attempt(vcpu, &pending, &second)) {
        if (second.kind != FAULT_GUEST) {
            /* The hypervisor's turn. The registers are those before the event. */
            vcpu->state.exitintinfo = intinfo_of(&pending);
            *fault = second;
            return false;
        }
        if (pending.type == EVENTINJ_EXCEPTION && pending.exception.vector == CPU_VECTOR_DF) {
            struct event event;
            event_fill(vcpu, &pending, FAULT_SHUTDOWN, &event);
            trace_emit(vcpu->env->trace, &event);
            *fault = fault_exit(SVM_EXIT_SHUTDOWN, 0, 0);
            return false;
        }
        pending = pending_next(&pending, &second);
        second = (struct fault){ 0 };
    }
    vcpu->state.exitintinfo = 0;
    if (vcpu->clock != NULL)
        vcpu->clock->cycles += vcpu->env->costs.exception;
    return true;
}

bool exception_deliver(struct vcpu *vcpu, const struct exception *exception, struct fault *fault)
{
    struct pending pending = { .exception = *exception, .type = EVENTINJ_EXCEPTION };
    /* INT3 and INTO count as exceptions, INT n does not, whatever its vector (APM 2 15.7.2). */
    if (exception->source == EXCEPTION_SOFTWARE && exception->vector != CPU_VECTOR_BP
        && exception->vector != CPU_VECTOR_OF)
        pending.type = EVENTINJ_SOFT;
    return deliver(vcpu, &pending, fault);
}

bool exception_deliver_fault(struct vcpu *vcpu, const struct fault *guest, struct fault *fault)
{
    g_assert(guest->kind == FAULT_GUEST);
    struct pending pending = pending_of_fault(guest);
    return deliver(vcpu, &pending, fault);
}

bool exception_inject(struct vcpu *vcpu, uint64_t eventinj, struct fault *fault)
{
    g_assert((eventinj & EVENTINJ_VALID) != 0);
    struct pending pending = {
        .type = (enum eventinj_type)((eventinj >> 8) & 7),
        .exception = {
            .vector = (uint8_t)eventinj,
            .source = EXCEPTION_INJECTED,
            .has_error = (eventinj & EVENTINJ_ERROR_VALID) != 0,
            .error_code = (uint32_t)(eventinj >> 32),
        },
    };
    return deliver(vcpu, &pending, fault);
}

bool exception_engine(struct vcpu *vcpu, uint8_t vector, struct fault *fault)
{
    struct pending pending = {
        .type = EVENTINJ_EXCEPTION,
        .exception = { .vector = vector, .source = EXCEPTION_HARDWARE },
    };
    hidden_fetch(&vcpu->hidden);
    uint32_t error = hidden_error_code(&vcpu->hidden);
    hidden_exception_clear(&vcpu->hidden);
    hidden_commit(&vcpu->hidden);
    switch (vector) {
    case CPU_VECTOR_TS:
    case CPU_VECTOR_NP:
    case CPU_VECTOR_SS:
    case CPU_VECTOR_GP:
        pending.exception.has_error = true;
        pending.exception.error_code = error;
        break;
    case CPU_VECTOR_DF:
    case CPU_VECTOR_AC:
        pending.exception.has_error = true; /* always 0 */
        break;
    case CPU_VECTOR_PF:
        /* Translations are refused by the fill callback, never by the engine itself. */
        *fault = fault_engine(vcpu, "the engine raised a page fault by itself");
        return false;
    default:
        break;
    }
    return deliver(vcpu, &pending, fault);
}

static struct vmsa_segment flat_segment(uint16_t selector, uint16_t attrib)
{
    return (struct vmsa_segment){ .selector = selector, .attrib = attrib, .limit = 0xffffffff };
}

static uint64_t msr_value(const struct vcpu *vcpu, uint32_t number)
{
    uc_x86_msr msr = { .rid = number };
    uc_reg_read(vcpu->uc, UC_X86_REG_MSR, &msr);
    return msr.value;
}

/* APM 3 SYSCALL: no check of the target or of the descriptors, which are not read. */
bool exception_syscall(struct vcpu *vcpu, uint64_t return_rip, struct fault *fault)
{
    enum { ATTRIB_CODE64 = 0xa9b, ATTRIB_DATA = 0xc93, INSN_BYTES = 2 };
    if ((vcpu->control.efer & EFER_LMA) == 0) {
        *fault = fault_engine(vcpu, "SYSCALL outside long mode is not supported");
        return false;
    }
    if ((vcpu->control.efer & EFER_SCE) == 0) {
        vcpu_reg_set(vcpu, UC_X86_REG_RIP, return_rip - INSN_BYTES);
        struct fault undefined = fault_exception(CPU_VECTOR_UD, false, 0);
        return exception_deliver_fault(vcpu, &undefined, fault);
    }
    uint64_t star = msr_value(vcpu, 0xc0000081), mask = msr_value(vcpu, 0xc0000084);
    uint16_t selector = (uint16_t)((star >> 32) & 0xfffc);
    hidden_fetch(&vcpu->hidden);
    uint64_t target = msr_value(vcpu, hidden_long(&vcpu->hidden) ? 0xc0000082 : 0xc0000083);
    uint64_t rflags = vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & ~RFLAGS_RF;
    vcpu_reg_set(vcpu, UC_X86_REG_RFLAGS, (rflags & ~mask) | 2);
    vcpu_reg_set(vcpu, UC_X86_REG_RIP, target);
    const struct vmsa_segment cs = flat_segment(selector, ATTRIB_CODE64);
    const struct vmsa_segment ss = flat_segment((uint16_t)(selector + 8), ATTRIB_DATA);
    hidden_fetch(&vcpu->hidden);
    hidden_gpr_set(&vcpu->hidden, GPR_RCX, return_rip);
    hidden_gpr_set(&vcpu->hidden, GPR_R11, rflags);
    hidden_segment_write(&vcpu->hidden, HIDDEN_CS, &cs);
    hidden_segment_write(&vcpu->hidden, HIDDEN_SS, &ss);
    hidden_mode_update(&vcpu->hidden, 0, true, false);
    hidden_shadow_set(&vcpu->hidden, false);
    hidden_commit(&vcpu->hidden);
    mode_read(vcpu);
    return true;
}
