/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual time: what each thing costs, in cycles of the virtual 1 GHz TSC. These are inputs of the
 * model, calibrated so that the *shape* of VeriSMo's table 1 comes out (34 kcycles for a switch of
 * two VMGEXITs, 2.05 kcycles for RMPADJUST with its walk); they are never claims about hardware.
 */
#include "emu/machine_internal.h"

struct cpu_costs machine_costs(void)
{
    return (struct cpu_costs){
        .insn = 1,
        .pvalidate = 1500,
        .rmpadjust = 2050,
        .rmpquery = 1500,
        .vmexit = 17000,
        .exception = 500,
        .cpuid = 100,
        .msr = 100,
        .rdrand = 300,
    };
}
