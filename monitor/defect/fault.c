/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/defect/fault.h"

#include "monitor/cpu_area.h"
#include "monitor/defect.h"
#include "monitor/defect/mmio.h"
#include "monitor/defect/vc_forward.h"
#include "monitor/idt.h"
#include "monitor/insn.h"
#include "monitor/monitor.h"
#include "monitor/pvalidate.h"
#include "monitor/snp.h"

static bool is_vc(const struct fault_frame *frame, uint64_t error)
{
    return frame->vector == VECTOR_VC && frame->error == error;
}

bool defect_fault_serve(struct cpu *cpu, struct fault_frame *frame)
{
    switch (monitor_defect) {
    case DEFECT_MMIO_PRIVATE:
        return is_vc(frame, VC_NESTED_PAGE_FAULT) && defect_mmio_forward(cpu, frame);
    case DEFECT_NO_RESTRICTED_INJECTION:
        return frame->vector == VECTOR_VC && defect_vc_forward(cpu, frame);
    case DEFECT_INT80_GATE:
        if (frame->vector != VECTOR_GATE) {
            return false;
        }
        pcr_extend(&cpu->monitor->pcr, (const uint8_t *)frame->rdi);
        return true;
    case DEFECT_AUTO_ACCEPT:
        if (!is_vc(frame, VC_PAGE_NOT_VALIDATED)) {
            return false;
        }
        page_validate((void *)(insn_cr2() & ~(PAGE_BYTES - 1)));
        return true;
    default: return false;
    }
}
