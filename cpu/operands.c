/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory accesses of an instruction: Capstone's operands, and a table of what it leaves out. */
#include "cpu/decode.h"

#include <string.h>

enum { RAX = 0, RBX = 3, RSP = 4, RBP = 5, RDI = 7 };

static const struct {
    x86_reg reg64, reg32, reg16;
} gpr_names[16] = {
    { X86_REG_RAX, X86_REG_EAX, X86_REG_AX },     { X86_REG_RCX, X86_REG_ECX, X86_REG_CX },
    { X86_REG_RDX, X86_REG_EDX, X86_REG_DX },     { X86_REG_RBX, X86_REG_EBX, X86_REG_BX },
    { X86_REG_RSP, X86_REG_ESP, X86_REG_SP },     { X86_REG_RBP, X86_REG_EBP, X86_REG_BP },
    { X86_REG_RSI, X86_REG_ESI, X86_REG_SI },     { X86_REG_RDI, X86_REG_EDI, X86_REG_DI },
    { X86_REG_R8, X86_REG_R8D, X86_REG_R8W },     { X86_REG_R9, X86_REG_R9D, X86_REG_R9W },
    { X86_REG_R10, X86_REG_R10D, X86_REG_R10W },  { X86_REG_R11, X86_REG_R11D, X86_REG_R11W },
    { X86_REG_R12, X86_REG_R12D, X86_REG_R12W },  { X86_REG_R13, X86_REG_R13D, X86_REG_R13W },
    { X86_REG_R14, X86_REG_R14D, X86_REG_R14W },  { X86_REG_R15, X86_REG_R15D, X86_REG_R15W },
};

static uint64_t reg_value(const cs_insn *insn, const struct decode_regs *regs, x86_reg reg)
{
    if (reg == X86_REG_RIP || reg == X86_REG_EIP)
        return regs->rip + insn->size;
    for (unsigned i = 0; i < 16; i++) {
        if (reg == gpr_names[i].reg64)
            return regs->gpr[i];
        if (reg == gpr_names[i].reg32)
            return (uint32_t)regs->gpr[i];
        if (reg == gpr_names[i].reg16)
            return (uint16_t)regs->gpr[i];
    }
    return 0; /* none, RIZ, EIZ */
}

/* In 64-bit mode only FS and GS have a base (APM 2 4.5.3). */
static uint64_t segment_base(const struct decode_regs *regs, x86_reg segment, x86_reg base)
{
    if (segment == X86_REG_FS)
        return regs->fs_base;
    if (segment == X86_REG_GS)
        return regs->gs_base;
    if (regs->mode == DECODE_64)
        return 0;
    switch (segment) {
    case X86_REG_ES: return regs->base[DECODE_ES];
    case X86_REG_CS: return regs->base[DECODE_CS];
    case X86_REG_SS: return regs->base[DECODE_SS];
    case X86_REG_DS: return regs->base[DECODE_DS];
    default: break;
    }
    const bool stack = base == X86_REG_BP || base == X86_REG_EBP || base == X86_REG_ESP;
    return regs->base[stack ? DECODE_SS : DECODE_DS];
}

/* Outside 64-bit mode linear addresses have 32 bits (APM 2 4.5). */
static uint64_t linear(const struct decode_regs *regs, uint64_t gva)
{
    return regs->mode == DECODE_64 ? gva : (uint32_t)gva;
}

/* The address of a stack slot, RSP (or RBP) being so much further on. */
static uint64_t stack_at(const struct decode_regs *regs, unsigned pointer, uint64_t offset)
{
    const uint64_t at = regs->gpr[pointer] + offset;
    if (regs->mode == DECODE_64)
        return at;
    return (uint32_t)(regs->base[DECODE_SS] + (regs->stack32 ? (uint32_t)at : (uint16_t)at));
}

static uint64_t effective(const cs_insn *insn, const struct decode_regs *regs,
                          const x86_op_mem *mem)
{
    uint64_t ea = reg_value(insn, regs, mem->base) + (uint64_t)mem->disp
                  + reg_value(insn, regs, mem->index) * (uint64_t)mem->scale;
    if (insn->detail->x86.addr_size == 4)
        ea = (uint32_t)ea;
    else if (insn->detail->x86.addr_size == 2)
        ea = (uint16_t)ea;
    return linear(regs, ea + segment_base(regs, mem->segment, mem->base));
}

static bool rex_w(const cs_insn *insn)
{
    return (insn->detail->x86.rex & 8) != 0;
}

static bool opsize16(const cs_insn *insn, const struct decode_regs *regs)
{
    const bool prefix = insn->detail->x86.prefix[2] == X86_PREFIX_OPSIZE;
    return prefix != (regs->mode == DECODE_16) && !rex_w(insn);
}

/* Bytes of a far pointer: offset of the operand size and a selector. */
static uint32_t far_bytes(const cs_insn *insn, const struct decode_regs *regs)
{
    return rex_w(insn) ? 10 : opsize16(insn, regs) ? 4 : 6;
}

/* Capstone 5 calls far branches through memory (FF /3, FF /5) CALL and JMP, Capstone 4 does not. */
static unsigned insn_id(const cs_insn *insn)
{
    const cs_x86 *x86 = &insn->detail->x86;
    const unsigned extension = x86->modrm >> 3 & 7;
    if (x86->opcode[0] == 0xff && x86->modrm < 0xc0 && (extension == 3 || extension == 5))
        return extension == 3 ? X86_INS_LCALL : X86_INS_LJMP;
    return insn->id;
}

/* Sizes of state images and of operands that Capstone gives as one of their parts. */
static uint32_t operand_bytes(const cs_insn *insn, const struct decode_regs *regs,
                              const cs_x86_op *op)
{
    switch (insn_id(insn)) {
    case X86_INS_FXSAVE:
    case X86_INS_FXSAVE64:
    case X86_INS_FXRSTOR:
    case X86_INS_FXRSTOR64:
        return 512;
    case X86_INS_FNSAVE:
    case X86_INS_FRSTOR:
        return opsize16(insn, regs) ? 94 : 108;
    case X86_INS_FNSTENV:
    case X86_INS_FLDENV:
        return opsize16(insn, regs) ? 14 : 28;
    case X86_INS_LCALL:
    case X86_INS_LJMP:
    case X86_INS_LFS:
    case X86_INS_LGS:
    case X86_INS_LSS:
    case X86_INS_LDS:
    case X86_INS_LES:
        return far_bytes(insn, regs);
    case X86_INS_SGDT:
    case X86_INS_SIDT:
    case X86_INS_LGDT:
    case X86_INS_LIDT:
        return regs->mode == DECODE_64 ? 10 : 6;
    case X86_INS_BOUND:
        return opsize16(insn, regs) ? 4 : 8;
    default:
        return op->size != 0 ? op->size : 1;
    }
}

/* Memory operands that are only addresses. */
static bool operand_is_address(const cs_insn *insn)
{
    switch (insn_id(insn)) {
    case X86_INS_LEA:
    case X86_INS_NOP:
    case X86_INS_INVLPG:
    case X86_INS_PREFETCH:
    case X86_INS_PREFETCHW:
    case X86_INS_PREFETCHNTA:
    case X86_INS_PREFETCHT0:
    case X86_INS_PREFETCHT1:
    case X86_INS_PREFETCHT2:
        return true;
    default:
        return false;
    }
}

static bool is_bit_test(const cs_insn *insn)
{
    return insn->id == X86_INS_BT || insn->id == X86_INS_BTS || insn->id == X86_INS_BTR
           || insn->id == X86_INS_BTC;
}

/* BT with a register: the bit offset is signed and counts from the operand (APM 3, BT). */
static uint64_t bit_string_offset(const cs_insn *insn, const struct decode_regs *regs)
{
    const cs_x86 *x86 = &insn->detail->x86;
    if (x86->op_count != 2 || x86->operands[1].type != X86_OP_REG)
        return 0;
    uint32_t size = x86->operands[0].size;
    uint64_t value = reg_value(insn, regs, x86->operands[1].reg);
    int64_t bit = size == 2 ? (int16_t)value : size == 4 ? (int32_t)value : (int64_t)value;
    int64_t bits = (int64_t)size * 8;
    int64_t index = bit >= 0 ? bit / bits : -((-(bit + 1)) / bits) - 1;
    return (uint64_t)index * size;
}

struct list {
    struct decode_access *out;
    size_t count;
};

static void put(struct list *list, uint64_t gva, uint32_t bytes, enum decode_access_kind kind)
{
    if (list->count < DECODE_ACCESSES_MAX)
        list->out[list->count++] = (struct decode_access){ gva, bytes, (uint8_t)kind };
}

static bool is_movs(const cs_insn *insn)
{
    switch (insn->detail->x86.opcode[0]) {
    case 0xa4:
    case 0xa5:
        return true;
    default:
        return false;
    }
}

static bool is_cmps(const cs_insn *insn)
{
    return insn->detail->x86.opcode[0] == 0xa6 || insn->detail->x86.opcode[0] == 0xa7;
}

/* Explicit operands. */
static void put_operands(struct list *list, const cs_insn *insn, const struct decode_regs *regs,
                         enum decode_access_kind kind)
{
    const cs_x86 *x86 = &insn->detail->x86;
    if (operand_is_address(insn))
        return;
    for (unsigned i = 0; i < x86->op_count; i++) {
        /* The engine reads CMPS's second operand first. */
        const cs_x86_op *op = &x86->operands[is_cmps(insn) ? x86->op_count - 1u - i : i];
        if (op->type != X86_OP_MEM)
            continue;
        uint64_t gva = effective(insn, regs, &op->mem);
        if (is_bit_test(insn))
            gva += bit_string_offset(insn, regs);
        enum decode_access_kind this_kind = kind;
        if (is_movs(insn))
            this_kind = i == 0 ? DECODE_WRITE : DECODE_READ;
        put(list, linear(regs, gva), operand_bytes(insn, regs, op), this_kind);
    }
}

/* ENTER (APM 3): the frame pointer, the copied frame pointers, and the new one. */
static void put_enter(struct list *list, const cs_insn *insn, const struct decode_regs *regs,
                      uint32_t slot)
{
    const cs_x86 *x86 = &insn->detail->x86;
    uint32_t level = x86->op_count == 2 ? (uint32_t)x86->operands[1].imm & 31 : 0;
    put(list, stack_at(regs, RSP, -(uint64_t)slot), slot, DECODE_WRITE);
    if (level == 0)
        return;
    const uint64_t copied = (uint64_t)slot * (level - 1), made = (uint64_t)slot * (level + 1);
    put(list, stack_at(regs, RBP, -copied), slot * (level - 1), DECODE_READ);
    put(list, stack_at(regs, RSP, -made), slot * level, DECODE_WRITE);
}

/* POP to memory addresses its operand with RSP already moved; PUSH reads it with RSP unmoved. */
static void put_pop(struct list *list, const cs_insn *insn, const struct decode_regs *regs,
                    uint32_t slot)
{
    struct decode_regs moved = *regs;
    put(list, stack_at(regs, RSP, 0), slot, DECODE_READ);
    moved.gpr[RSP] += slot;
    put_operands(list, insn, &moved, DECODE_WRITE);
}

/* True if the instruction's accesses have been listed completely. */
static bool put_stack(struct list *list, const cs_insn *insn, const struct decode_regs *regs)
{
    const uint64_t top = stack_at(regs, RSP, 0);
    const uint32_t slot = opsize16(insn, regs) ? 2 : regs->mode == DECODE_64 ? 8 : 4;
    const uint32_t far_slot = rex_w(insn) ? 8 : opsize16(insn, regs) ? 2 : 4;
    switch (insn_id(insn)) {
    case X86_INS_PUSH:
    case X86_INS_PUSHF:
    case X86_INS_PUSHFD:
    case X86_INS_PUSHFQ:
    case X86_INS_CALL:
        put_operands(list, insn, regs, DECODE_READ);
        put(list, stack_at(regs, RSP, -(uint64_t)slot), slot, DECODE_WRITE);
        return true;
    case X86_INS_PUSHAW:
    case X86_INS_PUSHAL:
        put(list, stack_at(regs, RSP, -(uint64_t)(8 * slot)), 8 * slot, DECODE_WRITE);
        return true;
    case X86_INS_POPAW:
    case X86_INS_POPAL:
        put(list, top, 8 * slot, DECODE_READ);
        return true;
    case X86_INS_POP:
        put_pop(list, insn, regs, slot);
        return true;
    case X86_INS_POPF:
    case X86_INS_POPFD:
    case X86_INS_POPFQ:
    case X86_INS_RET:
        put(list, top, slot, DECODE_READ);
        return true;
    case X86_INS_LEAVE:
        put(list, stack_at(regs, RBP, 0), slot, DECODE_READ);
        return true;
    case X86_INS_ENTER:
        put_enter(list, insn, regs, slot);
        return true;
    case X86_INS_LCALL:
        put_operands(list, insn, regs, DECODE_READ);
        put(list, stack_at(regs, RSP, -(uint64_t)(2 * far_slot)), 2 * far_slot, DECODE_WRITE);
        return true;
    case X86_INS_RETF:
    case X86_INS_RETFQ:
        put(list, top, 4 * far_slot, DECODE_READ); /* RIP, CS; RSP and SS to an outer ring */
        return true;
    case X86_INS_IRET:
    case X86_INS_IRETD:
    case X86_INS_IRETQ:
        put(list, top, 5 * far_slot, DECODE_READ);
        return true;
    default:
        return false;
    }
}

/* An operand that is not written down: in DS, or where a prefix says. */
static uint64_t implicit_at(const cs_insn *insn, const struct decode_regs *regs, uint64_t offset)
{
    x86_reg segment = X86_REG_DS;
    switch (insn->detail->x86.prefix[1]) {
    case X86_PREFIX_ES: segment = X86_REG_ES; break;
    case X86_PREFIX_CS: segment = X86_REG_CS; break;
    case X86_PREFIX_SS: segment = X86_REG_SS; break;
    case X86_PREFIX_FS: segment = X86_REG_FS; break;
    case X86_PREFIX_GS: segment = X86_REG_GS; break;
    default: break;
    }
    const x86_op_mem mem = { .segment = segment, .scale = 1, .disp = (int64_t)offset };
    return effective(insn, regs, &mem);
}

static void put_implicit(struct list *list, const cs_insn *insn, const struct decode_regs *regs)
{
    const uint64_t xlat = regs->gpr[RBX] + (regs->gpr[RAX] & 0xff);
    switch (insn_id(insn)) {
    case X86_INS_XLATB:
        put(list, implicit_at(insn, regs, xlat), 1, DECODE_READ);
        break;
    case X86_INS_MASKMOVQ:
        put(list, implicit_at(insn, regs, regs->gpr[RDI]), 8, DECODE_BOTH);
        break;
    case X86_INS_MASKMOVDQU:
        put(list, implicit_at(insn, regs, regs->gpr[RDI]), 16, DECODE_BOTH);
        break;
    default:
        break;
    }
}

size_t decode_accesses(struct decode *decode, const uint8_t *bytes, size_t avail,
                       const struct decode_regs *regs,
                       struct decode_access out[DECODE_ACCESSES_MAX])
{
    struct list list = { .out = out };
    const cs_insn *insn = decode_detail(decode, bytes, avail, regs->rip);
    if (insn == NULL)
        return 0;
    if (!put_stack(&list, insn, regs)) {
        put_operands(&list, insn, regs, DECODE_BOTH);
        put_implicit(&list, insn, regs);
    }
    return list.count;
}

bool decode_effective(struct decode *decode, const uint8_t *bytes, size_t avail,
                      const struct decode_regs *regs, uint64_t *gva)
{
    const cs_insn *insn = decode_detail(decode, bytes, avail, regs->rip);
    for (unsigned i = 0; insn != NULL && i < insn->detail->x86.op_count; i++) {
        const cs_x86_op *op = &insn->detail->x86.operands[i];
        if (op->type == X86_OP_MEM) {
            *gva = effective(insn, regs, &op->mem);
            return true;
        }
    }
    return false;
}

static bool is_segment_reg(const cs_x86_op *op)
{
    return op->type == X86_OP_REG
           && (op->reg == X86_REG_DS || op->reg == X86_REG_ES || op->reg == X86_REG_SS
               || op->reg == X86_REG_FS || op->reg == X86_REG_GS);
}

static size_t selector_of_operand(const cs_insn *insn, const struct decode_regs *regs,
                                  const cs_x86_op *op, uint32_t offset, bool system,
                                  struct decode_selector *out)
{
    *out = (struct decode_selector){ .system = system };
    if (op->type == X86_OP_MEM) {
        out->in_memory = true;
        out->gva = linear(regs, effective(insn, regs, &op->mem) + offset);
        return 1;
    }
    out->value = (uint16_t)reg_value(insn, regs, op->reg);
    return op->type == X86_OP_REG ? 1 : 0;
}

static size_t selectors_on_stack(const struct decode_regs *regs, uint32_t cs_at, uint32_t ss_at,
                                 struct decode_selector *out)
{
    out[0] = (struct decode_selector){ .in_memory = true, .gva = stack_at(regs, RSP, cs_at) };
    out[1] = (struct decode_selector){ .in_memory = true, .gva = stack_at(regs, RSP, ss_at) };
    return 2;
}

size_t decode_selectors(struct decode *decode, const uint8_t *bytes, size_t avail,
                        const struct decode_regs *regs,
                        struct decode_selector out[DECODE_SELECTORS_MAX])
{
    const cs_insn *insn = decode_detail(decode, bytes, avail, regs->rip);
    if (insn == NULL)
        return 0;
    const cs_x86_op *op = insn->detail->x86.operands;
    unsigned count = insn->detail->x86.op_count;
    uint32_t slot = rex_w(insn) ? 8 : opsize16(insn, regs) ? 2 : 4;
    switch (insn_id(insn)) {
    case X86_INS_MOV:
        return count == 2 && is_segment_reg(&op[0])
                   ? selector_of_operand(insn, regs, &op[1], 0, false, out)
                   : 0;
    case X86_INS_POP:
        if (count != 1 || !is_segment_reg(&op[0]))
            return 0;
        out[0] = (struct decode_selector){ .in_memory = true, .gva = stack_at(regs, RSP, 0) };
        return 1;
    case X86_INS_LTR:
    case X86_INS_LLDT:
        return count == 1 ? selector_of_operand(insn, regs, &op[0], 0, true, out) : 0;
    case X86_INS_LAR:
    case X86_INS_LSL:
        return count == 2 ? selector_of_operand(insn, regs, &op[1], 0, false, out) : 0;
    case X86_INS_VERR:
    case X86_INS_VERW:
        return count == 1 ? selector_of_operand(insn, regs, &op[0], 0, false, out) : 0;
    case X86_INS_LFS:
    case X86_INS_LGS:
    case X86_INS_LSS:
    case X86_INS_LDS:
    case X86_INS_LES:
        return count == 2
                   ? selector_of_operand(insn, regs, &op[1], far_bytes(insn, regs) - 2, false, out)
                   : 0;
    case X86_INS_LCALL:
    case X86_INS_LJMP:
        return count == 1
                   ? selector_of_operand(insn, regs, &op[0], far_bytes(insn, regs) - 2, true, out)
                   : 0;
    case X86_INS_RETF:
    case X86_INS_RETFQ:
        return selectors_on_stack(regs, slot, 3 * slot, out);
    case X86_INS_IRET:
    case X86_INS_IRETD:
    case X86_INS_IRETQ:
        return selectors_on_stack(regs, slot, 4 * slot, out);
    default:
        return 0;
    }
}
