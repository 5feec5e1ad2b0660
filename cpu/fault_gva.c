/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exact address behind a page fault. The engine says only which page it could not translate;
 * CR2, EXITINFO2 and the events need the byte, so the instruction at RIP is looked at again.
 */
#include "cpu/decode.h"
#include "cpu/internal.h"

static void regs_read(const struct vcpu *vcpu, struct decode_regs *regs)
{
    const struct hidden *hidden = &vcpu->hidden;

    *regs = (struct decode_regs){ .mode = vcpu->mode.code, .stack32 = hidden_stack32(hidden) };
    for (unsigned i = 0; i < DECODE_FIXED_SEGMENTS; i++) {
        struct vmsa_segment segment;
        hidden_segment_read(hidden, (enum hidden_segment)i, &segment);
        regs->base[i] = (uint32_t)segment.base;
    }
    for (unsigned i = 0; i < 16; i++)
        regs->gpr[i] = hidden_gpr(&vcpu->hidden, i);
    regs->rip = mode_code_gva(vcpu);
    regs->fs_base = vcpu_reg(vcpu, UC_X86_REG_FS_BASE);
    regs->gs_base = vcpu_reg(vcpu, UC_X86_REG_GS_BASE);
}

/* By the numbers of the instruction set, as in cpu/hidden.h. */
_Static_assert((int)DECODE_ES == HIDDEN_ES && (int)DECODE_DS == HIDDEN_DS, "segment numbers");

static bool touches(uint64_t gva, uint64_t bytes, uint64_t page_gva)
{
    return gva + bytes > page_gva && gva < page_gva + PAGE_BYTES;
}

/* An access that wraps at the end of the address space faults before it is translated. */
static const struct decode_access *access_pick(const struct decode_access *list, size_t count,
                                               uint64_t page_gva, enum mmu_type type)
{
    uint8_t wanted = type == MMU_WRITE ? DECODE_WRITE : DECODE_READ;
    for (size_t i = 0; i < count; i++)
        if ((list[i].kind & wanted) != 0 && touches(list[i].gva, list[i].bytes, page_gva))
            return &list[i];
    return NULL;
}

/* The descriptor of a segment that the instruction loads, if it lies in the page. */
static bool descriptor_pick(const struct vcpu *vcpu, const struct decode_selector *list,
                            size_t count, uint64_t page_gva, struct decode_access *out)
{
    uc_x86_mmr gdtr = { 0 }, ldtr = { 0 };
    uc_reg_read(vcpu->uc, UC_X86_REG_GDTR, &gdtr);
    uc_reg_read(vcpu->uc, UC_X86_REG_LDTR, &ldtr);
    for (size_t i = 0; i < count; i++) {
        uint16_t selector = list[i].value;
        if (list[i].in_memory
            && !vcpu_peek_memory(vcpu, list[i].gva, &selector, sizeof(selector)))
            continue;
        uint64_t table = (selector & 4) != 0 ? ldtr.base : gdtr.base;
        uint64_t at = table + (selector & 0xfff8u);
        uint32_t bytes = list[i].system ? 16 : 8;
        if ((selector & 0xfffc) == 0 || !touches(at, bytes, page_gva))
            continue;
        *out = (struct decode_access){ .gva = at, .bytes = bytes, .kind = DECODE_BOTH };
        return true;
    }
    return false;
}

static uint64_t lowest_in_page(const struct decode_access *access, uint64_t page_gva,
                               size_t *bytes)
{
    if (bytes != NULL)
        *bytes = access->bytes;
    return MAX(access->gva, page_gva);
}

uint64_t decode_fault_gva(struct vcpu *vcpu, uint64_t page_gva, enum mmu_type type, size_t *bytes)
{
    struct decode_regs regs;
    struct decode_access access[DECODE_ACCESSES_MAX], descriptor;
    struct decode_selector selector[DECODE_SELECTORS_MAX];
    uint8_t code[DECODE_INSN_MAX];
    page_gva = page_base(page_gva);
    if (bytes != NULL)
        *bytes = 0;
    hidden_fetch(&vcpu->hidden);
    regs_read(vcpu, &regs);
    if (type == MMU_FETCH)
        return page_base(regs.rip) == page_gva ? regs.rip : page_gva;
    size_t avail = mmu_peek_code(vcpu, regs.rip, code, sizeof(code));
    size_t count = decode_accesses(vcpu->decode, code, avail, &regs, access);
    const struct decode_access *found = access_pick(access, count, page_gva, type);
    if (found != NULL)
        return lowest_in_page(found, page_gva, bytes);
    count = decode_selectors(vcpu->decode, code, avail, &regs, selector);
    if (descriptor_pick(vcpu, selector, count, page_gva, &descriptor))
        return lowest_in_page(&descriptor, page_gva, bytes);
    return page_gva;
}

bool decode_operand_gva(struct vcpu *vcpu, uint64_t *gva)
{
    struct decode_regs regs;
    uint8_t code[DECODE_INSN_MAX];
    hidden_fetch(&vcpu->hidden);
    regs_read(vcpu, &regs);
    size_t avail = mmu_peek_code(vcpu, regs.rip, code, sizeof(code));
    return decode_effective(vcpu->decode, code, avail, &regs, gva);
}

bool decode_is_descriptor(struct vcpu *vcpu, uint64_t page_gva, enum mmu_type type)
{
    struct decode_regs regs;
    struct decode_access access[DECODE_ACCESSES_MAX], descriptor;
    struct decode_selector selector[DECODE_SELECTORS_MAX];
    uint8_t code[DECODE_INSN_MAX];
    hidden_fetch(&vcpu->hidden);
    regs_read(vcpu, &regs);
    if (type == MMU_FETCH)
        return false;
    size_t avail = mmu_peek_code(vcpu, regs.rip, code, sizeof(code));
    size_t count = decode_accesses(vcpu->decode, code, avail, &regs, access);
    if (access_pick(access, count, page_gva, type) != NULL)
        return false;
    count = decode_selectors(vcpu->decode, code, avail, &regs, selector);
    return descriptor_pick(vcpu, selector, count, page_gva, &descriptor);
}
