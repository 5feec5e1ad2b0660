/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every event of a vCPU has in common, and the kinds of struct fault. */
#include "cpu/insn.h"

#include <stdarg.h>
#include <string.h>

void vcpu_event_init(const struct vcpu *vcpu, struct event *event, uint16_t kind)
{
    memset(event, 0, sizeof(*event));
    event->kind = kind;
    event->time = vcpu->clock != NULL ? vcpu->clock->cycles : 0;
    event->rip = vcpu_reg(vcpu, UC_X86_REG_RIP);
    event->vcpu = (uint16_t)vcpu->state.apic_id;
    event->vmpl = vcpu->state.vmpl;
    event->actor = (uint8_t)(ACTOR_E0 + vcpu->state.vmpl);
}

struct fault fault_exception(uint8_t vector, bool has_error, uint32_t error_code)
{
    return (struct fault){ .kind = FAULT_GUEST, .vector = vector, .has_error = has_error,
                           .error_code = error_code, .gva_exact = true };
}

struct fault fault_vc(uint32_t code)
{
    return fault_exception(CPU_VECTOR_VC, true, code);
}

struct fault fault_exit(uint64_t code, uint64_t info1, uint64_t info2)
{
    return (struct fault){ .kind = FAULT_EXIT, .exit_code = code, .exitinfo1 = info1,
                           .exitinfo2 = info2, .gva_exact = true };
}

struct fault fault_engine(struct vcpu *vcpu, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_vsnprintf(vcpu->message, sizeof(vcpu->message), format, arguments);
    va_end(arguments);
    return (struct fault){ .kind = FAULT_ENGINE, .gva_exact = true };
}
