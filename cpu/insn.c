/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions taken apart as far as intercepts need it: prefixes, opcode map, ModRM (APM 3 1.1).
 * Lengths come from the disassembler (cpu/decode.h).
 */
#include "cpu/insn.h"

#include <string.h>

static const int gpr_ids[16] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP,
    UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8, UC_X86_REG_R9, UC_X86_REG_R10, UC_X86_REG_R11,
    UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
};

uint64_t insn_gpr(struct vcpu *vcpu, unsigned number)
{
    return vcpu_reg(vcpu, gpr_ids[number & 15]);
}

void insn_gpr_set(struct vcpu *vcpu, unsigned number, uint64_t value)
{
    vcpu_reg_set(vcpu, gpr_ids[number & 15], value);
}

/* True while the byte is a legacy prefix. */
static bool prefix_note(uint8_t byte, struct insn *insn)
{
    switch (byte) {
    case 0xf2: insn->repne = true; insn->rep = false; return true;
    case 0xf3: insn->rep = true; insn->repne = false; return true;
    case 0x66: insn->opsize = true; return true;
    case 0xf0: insn->lock = true; return true;
    case 0x2e: case 0x36: case 0x3e: case 0x26: case 0x64: case 0x65: case 0x67: return true;
    default: return false;
    }
}

void insn_parse(const uint8_t *bytes, size_t avail, enum decode_mode mode, struct insn *insn)
{
    size_t at = 0;

    *insn = (struct insn){ .avail = (uint8_t)MIN(avail, sizeof(insn->bytes)), .mode = mode };
    memcpy(insn->bytes, bytes, insn->avail);
    for (; at < insn->avail; at++) {
        const uint8_t byte = bytes[at];
        if (prefix_note(byte, insn))
            insn->rex = 0; /* a REX that is not the last prefix counts for nothing */
        else if (mode == DECODE_64 && (byte & 0xf0) == 0x40)
            insn->rex = byte;
        else
            break;
    }
    insn->opcode_at = (uint8_t)at;
    if (at < insn->avail && bytes[at] == 0x0f) {
        at++;
        insn->map = 1;
        if (at < insn->avail && (bytes[at] == 0x38 || bytes[at] == 0x3a)) {
            insn->map = bytes[at] == 0x38 ? 2 : 3;
            at++;
        }
    }
    insn->opcode = at < insn->avail ? bytes[at] : 0;
    insn->modrm = at + 1 < insn->avail ? bytes[at + 1] : 0;
}

/* Far CALL, JMP, RET, IRET; SYSRET, SYSEXIT. */
bool insn_is_far(const struct insn *insn)
{
    const unsigned extension = insn->modrm >> 3 & 7;

    if (insn->map == 1)
        return insn->opcode == 0x07 || insn->opcode == 0x35;
    if (insn->map != 0)
        return false;
    switch (insn->opcode) {
    case 0x9a: case 0xca: case 0xcb: case 0xcf: case 0xea: return true;
    case 0xff: return extension == 3 || extension == 5;
    default: return false;
    }
}

void insn_fetch(struct vcpu *vcpu, struct insn *insn)
{
    uint8_t bytes[15];
    const uint64_t gva = mode_code_gva(vcpu);
    const size_t avail = mmu_peek_code(vcpu, gva, bytes, sizeof(bytes));

    insn_parse(bytes, avail, vcpu->mode.code, insn);
    insn->length = decode_length(vcpu->decode, bytes, avail, gva);
}

void insn_done(struct vcpu *vcpu, const struct insn *insn, uint32_t cost)
{
    vcpu_reg_set(vcpu, UC_X86_REG_RIP, mode_rip_behind(vcpu, insn->length));
    vcpu->retired++;
    run_sync(vcpu);
    vcpu->state.carried_at = vcpu->state.insns_world;
    vcpu->clock->cycles += cost;
}
