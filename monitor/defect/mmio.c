/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/defect/mmio.h"

#include "monitor/cpu_area.h"
#include "monitor/ghcb.h"
#include "monitor/idt.h"
#include "monitor/lib/string.h"

#define GHCB_EXIT_MMIO_WRITE UINT64_C(0x80000002)

bool defect_mmio_forward(struct cpu *cpu, struct fault_frame *frame)
{
    static const uint8_t rep_movsq[] = {0xf3, 0x48, 0xa5};
    const uint64_t bytes = frame->rcx * sizeof(uint64_t);
    if (memcmp((const void *)frame->rip, rep_movsq, sizeof rep_movsq) != 0 || cpu->ghcb == NULL ||
        frame->rcx > GHCB_BUFFER_BYTES / sizeof(uint64_t)) {
        return false;
    }
    const struct ghcb_input scratch = {GHCB_SCRATCH,
                                       cpu->ghcb_gpa + offsetof(struct ghcb_page, buffer)};
    struct ghcb_reply reply;
    memcpy((void *)(uintptr_t)cpu->ghcb->buffer, (const void *)frame->rsi, bytes);
    /* Virtual is guest physical here. */
    ghcb_call(cpu, GHCB_EXIT_MMIO_WRITE, frame->rdi, bytes, &scratch, 1, &reply);
    frame->rsi += bytes;
    frame->rdi += bytes;
    frame->rcx = 0;
    frame->rip += sizeof rep_movsq;
    return true;
}
