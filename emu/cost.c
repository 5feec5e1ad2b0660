/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual time: what each thing costs, in cycles of the virtual TSC. These are inputs of the model,
 * calibrated so that the ratios of VeriSMo's table 1 come out (docs/costs.md), and never claims
 * about hardware.
 *
 * One cycle is one instruction. The processor of the paper did about three of ours in one of its
 * cycles, so COST_PAPER_CYCLE of ours are one of the paper's.
 */
#include "emu/machine_internal.h"

struct cpu_costs machine_costs(void)
{
    return (struct cpu_costs){
        .insn = 1,
        .pvalidate = 1500 * COST_PAPER_CYCLE,
        .rmpadjust = 700 * COST_PAPER_CYCLE,
        .rmpquery = 700 * COST_PAPER_CYCLE,
        .vmexit = 17000 * COST_PAPER_CYCLE,
        .exception = 500 * COST_PAPER_CYCLE,
        .cpuid = 100 * COST_PAPER_CYCLE,
        .msr = 100 * COST_PAPER_CYCLE,
        .rdrand = 300 * COST_PAPER_CYCLE,
    };
}
