/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where processors stop for the program, and what they announce to it. A VMSA page's engine is made
 * when it first runs, and may run another VMPL later: so the engines are told of breakpoints at
 * every VMRUN.
 */
#include "emu/machine_internal.h"

bool machine_breakpoint_set(struct machine *machine, uint64_t rip, bool guest)
{
    for (uint32_t i = 0; i < machine->breakpoint_count; i++)
        if (machine->breakpoint[i].rip == rip && machine->breakpoint[i].guest == guest)
            return true;
    if (machine->breakpoint_count == VCPU_BREAKPOINTS_MAX)
        return false;
    machine->breakpoint[machine->breakpoint_count++] = (struct machine_breakpoint){rip, guest};
    return true;
}

bool machine_watch_set(struct machine *machine, uint64_t gpa)
{
    struct cpu_env *env = &machine->env;
    for (uint32_t i = 0; i < env->watch_count; i++)
        if (env->watch_gpa[i] == page_base(gpa))
            return true;
    if (env->watch_count == CPU_WATCHES_MAX)
        return false;
    env->watch_gpa[env->watch_count++] = page_base(gpa);
    return true;
}

void breakpoints_apply(struct machine *machine, struct vcpu *vcpu)
{
    bool guest = vcpu_vmpl(vcpu) != 0;
    for (uint32_t i = 0; i < machine->breakpoint_count; i++)
        if (machine->breakpoint[i].guest != guest)
            vcpu_breakpoint_clear(vcpu, machine->breakpoint[i].rip);
    for (uint32_t i = 0; i < machine->breakpoint_count; i++)
        if (machine->breakpoint[i].guest == guest)
            vcpu_breakpoint_set(vcpu, machine->breakpoint[i].rip);
}
