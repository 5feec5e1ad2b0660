/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * REP STOS and REP MOVS in bulk, as far as one page of each operand goes: what scrubs pages.
 *
 * RIP stays at the instruction, also when RCX has become 0: the engine takes the last look at RCX
 * and retires the instruction, as it does after iterations of its own. So the number of retired
 * iterations does not depend on who made them.
 */
#include <string.h>

#include "cpu/decode.h"
#include "cpu/internal.h"

#define RFLAGS_TF (UINT64_C(1) << 8)
#define RFLAGS_DF (UINT64_C(1) << 10)

enum { GPR_RAX = 0, GPR_RCX = 1, GPR_RSI = 6, GPR_RDI = 7 };

struct string_op {
    bool moves; /* MOVS, else STOS */
    uint32_t element_bytes;
};

/* F2 repeats STOS and MOVS like F3 (APM 3 1.2.6). Segment and address-size prefixes: not here. */
static bool string_op_decode(struct vcpu *vcpu, struct string_op *op)
{
    uint8_t code[DECODE_INSN_MAX];
    uint64_t rip = vcpu_reg(vcpu, UC_X86_REG_RIP);
    size_t avail = mmu_peek_code(vcpu, rip, code, sizeof(code));
    const cs_insn *insn = decode_detail(vcpu->decode, code, avail, rip);
    if (insn == NULL)
        return false;
    const cs_x86 *x86 = &insn->detail->x86;
    bool repeats = x86->prefix[0] == X86_PREFIX_REP || x86->prefix[0] == X86_PREFIX_REPNE;
    if (!repeats || x86->prefix[1] != 0 || x86->addr_size != 8 || x86->opcode[1] != 0)
        return false;
    switch (x86->opcode[0]) {
    case 0xa4:
    case 0xa5:
        op->moves = true;
        break;
    case 0xaa:
    case 0xab:
        op->moves = false;
        break;
    default:
        return false;
    }
    bool bytes = (x86->opcode[0] & 1) == 0, wide = (x86->rex & 8) != 0;
    op->element_bytes = bytes ? 1 : wide ? 8 : x86->prefix[2] == X86_PREFIX_OPSIZE ? 2 : 4;
    return true;
}

static uint64_t elements_in_page(uint64_t gva, uint32_t element_bytes)
{
    return (PAGE_BYTES - (gva & PAGE_MASK)) / element_bytes;
}

/* Element by element, in address order: a destination just above its source repeats a pattern. */
static void move_elements(uint8_t *to, const uint8_t *from, uint64_t count, uint32_t element_bytes)
{
    uint64_t bytes = count * element_bytes;
    if (to + bytes <= from || from + bytes <= to || to <= from) {
        memmove(to, from, bytes);
        return;
    }
    for (uint64_t at = 0; at < bytes; at += element_bytes) {
        uint8_t element[8];
        memcpy(element, from + at, element_bytes);
        memcpy(to + at, element, element_bytes);
    }
}

static void store_elements(uint8_t *to, uint64_t value, uint64_t count, uint32_t element_bytes)
{
    uint64_t pattern = value;
    if (element_bytes == 1) {
        memset(to, (int)(value & 0xff), count);
        return;
    }
    for (uint64_t at = 0; at < count * element_bytes; at += element_bytes)
        memcpy(to + at, &pattern, element_bytes); /* little-endian host, as the guest */
}

enum interpret_result interpret_store(struct vcpu *vcpu, uint64_t limit, uint64_t *insns,
                                      struct fault *fault)
{
    struct string_op op = { 0 };
    uint64_t rflags = vcpu_reg(vcpu, UC_X86_REG_RFLAGS), to_spa, from_spa;
    const uint8_t *from = NULL;
    *insns = 0;
    *fault = (struct fault){ .kind = FAULT_NONE };
    hidden_fetch(&vcpu->hidden);
    if ((rflags & (RFLAGS_TF | RFLAGS_DF)) != 0 || !hidden_long(&vcpu->hidden)
        || !string_op_decode(vcpu, &op))
        return INTERPRET_NOT;
    uint64_t rcx = insn_gpr(vcpu, GPR_RCX), rsi = insn_gpr(vcpu, GPR_RSI);
    uint64_t rdi = insn_gpr(vcpu, GPR_RDI);
    uint64_t count = MIN(MIN(rcx, limit), elements_in_page(rdi, op.element_bytes));
    if (op.moves)
        count = MIN(count, elements_in_page(rsi, op.element_bytes));
    if (count == 0)
        return INTERPRET_NOT;
    if (op.moves) {
        from = mmu_private_page(vcpu, rsi, MMU_READ, false, &from_spa, fault);
        if (from == NULL)
            return fault->kind == FAULT_NONE ? INTERPRET_NOT : INTERPRET_FAULT;
    }
    const bool whole = !op.moves && count * op.element_bytes == PAGE_BYTES;
    uint8_t *to = mmu_private_page(vcpu, rdi, MMU_WRITE, whole, &to_spa, fault);
    if (to == NULL)
        return fault->kind == FAULT_NONE ? INTERPRET_NOT : INTERPRET_FAULT;
    if (op.moves)
        move_elements(to, from, count, op.element_bytes);
    else
        store_elements(to, insn_gpr(vcpu, GPR_RAX), count, op.element_bytes);
    uint64_t bytes = count * op.element_bytes;
    insn_gpr_set(vcpu, GPR_RCX, rcx - count);
    insn_gpr_set(vcpu, GPR_RDI, rdi + bytes);
    if (op.moves)
        insn_gpr_set(vcpu, GPR_RSI, rsi + bytes);
    if (vcpu->state.vmpl == 0)
        mmu_noted_store(vcpu, rdi, to_spa, bytes);
    *insns = count;
    return INTERPRET_DONE;
}
