/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/defect/vc_forward.h"

#include "monitor/ghcb.h"
#include "monitor/idt.h"

enum { VC_CPUID = 0x72, VC_MSR = 0x7c, VC_VMMCALL = 0x81 };

static bool is_prefix(uint8_t byte)
{
    return byte == 0xf3 || byte == 0xf2 || byte == 0x66 || (byte & 0xf0) == 0x40;
}

/* Right for the instructions that are intercepted, and for some others of one byte. */
static unsigned insn_bytes(const uint8_t *insn)
{
    unsigned prefixes = 0;
    while (is_prefix(insn[prefixes])) {
        prefixes++;
    }
    const uint8_t *opcode = insn + prefixes;
    if (opcode[0] != 0x0f) {
        return prefixes + 1;
    }
    return prefixes + (opcode[1] == 0x01 ? 3 : 2);
}

bool defect_vc_forward(struct cpu *cpu, struct fault_frame *frame)
{
    if (frame->error != VC_CPUID && frame->error != VC_MSR && frame->error != VC_VMMCALL) {
        return false;
    }
    const struct ghcb_input inputs[] = {{GHCB_RAX, frame->rax},
                                        {GHCB_RBX, frame->rbx},
                                        {GHCB_RCX, frame->rcx},
                                        {GHCB_RDX, frame->rdx}};
    struct ghcb_reply reply;
    if (ghcb_call(cpu, frame->error, 0, 0, inputs, sizeof inputs / sizeof inputs[0], &reply) ==
        GHCB_OK) {
        frame->rax = reply.rax;
    }
    frame->rip += insn_bytes((const uint8_t *)frame->rip);
    return true;
}
