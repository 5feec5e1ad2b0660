/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks: how many instructions each has, and which of them the engine must not execute.
 *
 * The block hook runs before every translated block. What it needs of a block is decoded once and
 * kept in a direct-mapped table; an entry is good as long as its pages are the same and their code was
 * not changed. The same decoding finds the opcodes that the engine would run silently and wrongly
 * (IN/OUT, RDRAND, VEX); a code hook bounded to exactly that address then stops the engine before it.
 * A hook left over from other code at that address looks at the bytes and lets them run.
 */
#include "cpu/internal.h"

#include <string.h>

static struct block_info *block_slot(struct vcpu *vcpu, uint64_t gva, uint32_t size)
{
    const uint64_t hash = (gva ^ (gva >> 15) ^ ((uint64_t)size << 7)) & ((1u << VCPU_BLOCK_SLOTS_LOG2) - 1);

    return &vcpu->blocks[hash];
}

/* The system address of code that the engine is executing; false if the model has no entry for it. */
static bool code_spa(struct vcpu *vcpu, uint64_t gva, uint64_t *spa)
{
    const struct tlb_entry *entry = tlb_lookup(&vcpu->state.tlb, gva);

    if (entry == NULL)
        return false;
    *spa = entry->spa + (gva & PAGE_MASK);
    return true;
}

/* Code bytes as the engine sees them: the page is in the private view while it is executable. */
static size_t code_bytes(struct vcpu *vcpu, uint64_t gva, uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        uint64_t spa;
        const size_t room = (size_t)(PAGE_BYTES - ((gva + done) & PAGE_MASK));
        const size_t part = MIN(len - done, room);
        if (!code_spa(vcpu, gva + done, &spa))
            break;
        memcpy(out + done, vcpu->env->memory->dram + spa, part);
        done += part;
    }
    return done;
}

static bool hooked(const struct vcpu *vcpu, uint64_t gva)
{
    for (uint32_t i = 0; i < vcpu->hook_count; i++) {
        if (vcpu->hook_gva[i] == gva)
            return true;
    }
    return false;
}

static bool long_mode(const struct vcpu *vcpu)
{
    return (vcpu->control.efer & (1u << 10)) != 0;
}

/* Visits the instructions of a block; returns how many start before limit. Unsafe ones that have no
 * hook yet make *unsafe true, or get their hook if install is set. */
static uint32_t block_decode(struct vcpu *vcpu, struct block_info *block, uint64_t limit,
                             bool install, bool *unsafe)
{
    uint8_t bytes[PAGE_BYTES + 16];
    const size_t size = MIN(block->size, (size_t)PAGE_BYTES);
    const size_t avail = code_bytes(vcpu, block->gva, bytes, size);
    uint32_t count = 0;

    block->starts = 0;
    for (size_t at = 0; at < avail && at < limit;) {
        struct insn insn;
        const size_t left = MIN(avail - at, (size_t)15);
        const uint8_t length = decode_length(vcpu->decode, bytes + at, left, block->gva + at);
        insn_parse(bytes + at, left, long_mode(vcpu), &insn);
        if (intercept_is_trap(&insn, vcpu->state.intercepts) && !hooked(vcpu, block->gva + at)) {
            *unsafe = true;
            if (install && !scan_hook_add(vcpu, block->gva + at))
                return 0;
        }
        if (at < 64)
            block->starts |= UINT64_C(1) << at;
        count++;
        /* What the disassembler does not know ends the block: the engine stops there or knows it. */
        if (length == 0)
            break;
        at += length;
    }
    return count;
}

/* The table's entry made or found valid again; NULL: the block must not run yet. */
static struct block_info *block_prepare(struct vcpu *vcpu, struct block_info *slot, uint64_t gva,
                                        uint32_t size)
{
    struct block_info now = { .gva = gva, .size = size, .epoch = vcpu->block_epoch };
    bool unsafe = false;

    if (!code_spa(vcpu, gva, &now.spa)
        || !code_spa(vcpu, gva + (size > 0 ? size - 1 : 0), &now.spa_last))
        now.spa = now.spa_last = UINT64_MAX; /* the model flushed it meanwhile: do not keep it */
    else {
        now.generation = vcpu->code_generation[now.spa >> PAGE_SHIFT];
        now.generation_last = vcpu->code_generation[now.spa_last >> PAGE_SHIFT];
    }
    if (slot->gva == gva && slot->size == size && slot->spa == now.spa
        && slot->spa_last == now.spa_last && slot->generation == now.generation
        && slot->generation_last == now.generation_last && now.spa != UINT64_MAX) {
        slot->epoch = vcpu->block_epoch;
        return slot;
    }
    now.insns = block_decode(vcpu, &now, UINT64_MAX, false, &unsafe);
    if (unsafe) {
        vcpu->rescan = now;
        return NULL;
    }
    *slot = now;
    return slot;
}

void scan_block_hook(uc_engine *uc, uint64_t gva, uint32_t size, void *user)
{
    struct vcpu *vcpu = user;
    struct block_info *block = block_slot(vcpu, gva, size);

    if (G_UNLIKELY(vcpu->retired >= vcpu->budget)) {
        if (vcpu->stop == STOP_NONE)
            vcpu->stop = STOP_BUDGET;
        vcpu->block = NULL;
        uc_emu_stop(uc);
        return;
    }
    if (G_UNLIKELY(block->gva != gva || block->size != size || block->epoch != vcpu->block_epoch)) {
        block = block_prepare(vcpu, block, gva, size);
        if (block == NULL) {
            vcpu->stop = STOP_RESCAN;
            vcpu->block = NULL;
            uc_emu_stop(uc);
            return;
        }
    }
    if (G_UNLIKELY(vcpu->watch_if)) {
        const uint64_t flags = vcpu_reg(vcpu, UC_X86_REG_RFLAGS);
        if ((flags & (1u << 9)) != 0 && vcpu->retired != vcpu->watch_from) {
            vcpu->stop = STOP_INTERRUPT;
            vcpu->block = NULL;
            uc_emu_stop(uc);
            return;
        }
    }
    vcpu->retired += block->insns;
    vcpu->block = block;
}

void scan_trap_hook(uc_engine *uc, uint64_t gva, uint32_t size, void *user)
{
    struct vcpu *vcpu = user;
    struct insn insn;
    uint8_t bytes[15];
    bool stop = false;

    (void)size;
    insn_parse(bytes, code_bytes(vcpu, gva, bytes, sizeof(bytes)), long_mode(vcpu), &insn);
    stop = intercept_is_trap(&insn, vcpu->state.intercepts);
    for (uint32_t i = 0; !stop && gva != vcpu->skip_gva && i < vcpu->state.breakpoint_count; i++)
        stop = vcpu->state.breakpoint[i] == gva;
    if (!stop)
        return;
    vcpu->stop = STOP_TRAP;
    uc_emu_stop(uc);
}

bool scan_hook_add(struct vcpu *vcpu, uint64_t gva)
{
    if (hooked(vcpu, gva))
        return true;
    if (vcpu->hook_count == VCPU_HOOKS_MAX)
        return false;
    if (uc_hook_add(vcpu->uc, &vcpu->hook_handle[vcpu->hook_count], UC_HOOK_CODE,
                    (void *)scan_trap_hook, vcpu, gva, gva) != UC_ERR_OK)
        return false;
    vcpu->hook_gva[vcpu->hook_count++] = gva;
    return true;
}

bool scan_install(struct vcpu *vcpu)
{
    struct block_info block = vcpu->rescan;
    bool unsafe = false;
    const uint32_t count = block_decode(vcpu, &block, UINT64_MAX, true, &unsafe);

    /* Code hooks are looked at when code is translated. */
    fill_retranslate(vcpu, block.spa);
    if (page_base(block.spa_last) != page_base(block.spa))
        fill_retranslate(vcpu, block.spa_last);
    return count > 0;
}

void scan_forget(struct vcpu *vcpu)
{
    memset(vcpu->blocks, 0, sizeof(struct block_info) << VCPU_BLOCK_SLOTS_LOG2);
    vcpu->block_epoch++;
    for (uint32_t i = 0; i < vcpu->state.breakpoint_count; i++)
        scan_hook_add(vcpu, vcpu->state.breakpoint[i]);
    uc_ctl_flush_tb(vcpu->uc);
}

uint32_t scan_count_before(struct vcpu *vcpu, const struct block_info *block, uint64_t offset)
{
    struct block_info copy = *block;
    bool unsafe = false;

    if (offset < 64 && offset < block->size)
        return (uint32_t)__builtin_popcountll(block->starts & ((UINT64_C(1) << offset) - 1));
    return block_decode(vcpu, &copy, offset, false, &unsafe);
}
