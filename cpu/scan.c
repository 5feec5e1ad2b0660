/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks: how many instructions each has, and which of them the engine must not execute.
 *
 * The block hook runs before every translated block. What it needs of a block is decoded once and
 * kept in a direct-mapped table; an entry is good as long as its pages are the same and their code
 * was not changed. The same decoding finds the opcodes that the engine would run silently and
 * wrongly (IN/OUT, RDRAND, VEX); a code hook bounded to exactly that address then stops the engine
 * before it. A hook left over from other code at that address looks at the bytes and lets them run.
 */
#include "cpu/insn.h"
#include "cpu/loads.h"

#include <string.h>

enum { BLOCK_MASK = (1 << VCPU_BLOCK_SLOTS_LOG2) - 1 };

void scan_stale(struct vcpu *vcpu)
{
    for (uint32_t i = 0; i < vcpu->fresh_count; i++) {
        struct block_info *block = &vcpu->blocks[vcpu->fresh[i]];
        block->gva = BLOCK_STALE;
        block->listed = false;
    }
    vcpu->fresh_count = 0;
}

static bool attention_needed(const struct vcpu *vcpu)
{
    return vcpu->watch_if || vcpu->watch_shared || vcpu->self_spa != UINT64_MAX
           || vcpu->loads->due_count > 0 || vcpu->scrub_done_count > 0;
}

/* A block has been looked at that was to be, for what is over now. */
static void attention_end(struct vcpu *vcpu)
{
    if (vcpu->countdown_bias == 0 || attention_needed(vcpu))
        return;
    vcpu->countdown += vcpu->countdown_bias;
    vcpu->countdown_bias = 0;
}

void scan_count_begin(struct vcpu *vcpu)
{
    vcpu->countdown = (int64_t)(vcpu->budget - vcpu->retired);
    vcpu->countdown_bias = 0;
    if (attention_needed(vcpu))
        scan_attention(vcpu);
}

void scan_attention(struct vcpu *vcpu)
{
    if (vcpu->countdown_bias != 0)
        return;
    vcpu->countdown_bias = COUNTDOWN_BIAS;
    vcpu->countdown -= COUNTDOWN_BIAS;
}

static int64_t countdown_left(const struct vcpu *vcpu)
{
    return vcpu->countdown + vcpu->countdown_bias;
}

void scan_count_end(struct vcpu *vcpu)
{
    vcpu->retired = (uint64_t)((int64_t)vcpu->budget - countdown_left(vcpu));
}

/*
 * The system address of code that the engine is executing; false if the model has no entry for it.
 */
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

/* Visits the instructions of a block; returns how many start before limit. Unsafe ones that have no
 * hook yet make *unsafe true, or get their hook if install is set. */
static uint32_t block_decode(struct vcpu *vcpu, struct block_info *block, uint64_t limit,
                             bool install, bool *unsafe)
{
    uint8_t bytes[PAGE_BYTES + 16];
    const size_t size = MIN(block->size, (size_t)PAGE_BYTES);
    const size_t avail = code_bytes(vcpu, block->known_gva, bytes, size);
    uint32_t count = 0;

    block->starts = 0;
    block->far = false;
    for (size_t at = 0; at < avail && at < limit;) {
        struct insn insn;
        const size_t left = MIN(avail - at, (size_t)15);
        const uint64_t gva = block->known_gva + at;
        const uint8_t length = decode_length(vcpu->decode, bytes + at, left, gva);
        insn_parse(bytes + at, left, vcpu->mode.code, &insn);
        if (intercept_is_trap(&insn, vcpu->state.intercepts) && !hooked(vcpu, gva)) {
            *unsafe = true;
            if (install && !scan_hook_add(vcpu, gva))
                return 0;
        }
        block->far = block->far || insn_is_far(&insn);
        if (at < 64)
            block->starts |= UINT64_C(1) << at;
        count++;
        /*
         * What the disassembler does not know ends the block: the engine stops there or knows it.
         */
        if (length == 0)
            break;
        at += length;
    }
    return count;
}

/*
 * The hook's quick way does not look at the mode. So no block of 16- or 32-bit code takes it, nor
 * one behind which the mode may be another: block_rare() then reads the mode before the next one.
 */
static bool block_is_plain(const struct block_info *block)
{
    return block->mode == DECODE_64 && !block->far;
}

/* The slot made or found valid again; false: the block must not run yet. */
static bool block_prepare(struct vcpu *vcpu, struct block_info *slot, uint64_t gva, uint32_t size)
{
    struct block_info now = { .known_gva = gva, .size = size, .mode = vcpu->mode.code,
                              .listed = slot->listed };
    bool unsafe = false;

    if (!code_spa(vcpu, gva, &now.spa)
        || !code_spa(vcpu, gva + (size > 0 ? size - 1 : 0), &now.spa_last))
        now.spa = now.spa_last = UINT64_MAX; /* the engine's private page */
    else {
        now.generation = vcpu->code_generation[now.spa >> PAGE_SHIFT];
        now.generation_last = vcpu->code_generation[now.spa_last >> PAGE_SHIFT];
    }
    if (slot->known_gva == gva && slot->size == size && slot->spa == now.spa
        && slot->spa_last == now.spa_last && slot->generation == now.generation
        && slot->generation_last == now.generation_last && slot->mode == now.mode
        && now.spa != UINT64_MAX) {
        now.far = slot->far;
    } else {
        now.insns = block_decode(vcpu, &now, UINT64_MAX, false, &unsafe);
        if (unsafe) {
            vcpu->rescan = now;
            return false;
        }
        *slot = now;
    }
    slot->gva = block_is_plain(&now) ? gva : BLOCK_STALE;
    if (slot->gva != BLOCK_STALE && !slot->listed) {
        slot->listed = true;
        vcpu->fresh[vcpu->fresh_count++] = (uint16_t)(slot - vcpu->blocks);
    }
    return true;
}

/*
 * The engine is to stop before this block. Its RIP may be that of an earlier block then (a direct
 * jump does not store it): the hook alone knows the address.
 */
static void block_stop(struct vcpu *vcpu, enum engine_stop stop, uint64_t gva)
{
    vcpu->stop = stop;
    vcpu->stop_gva = gva;
    vcpu->block_gva = BLOCK_STALE;
    uc_emu_stop(vcpu->uc);
}

/* What a block boundary is watched for: the budget, pages complete, RFLAGS.IF. */
static enum engine_stop block_at_limit(struct vcpu *vcpu)
{
    const int64_t left = countdown_left(vcpu);
    const uint64_t retired = (uint64_t)((int64_t)vcpu->budget - left);

    if (left <= 0)
        return STOP_BUDGET;
    if (vcpu->scrub_done_count > 0
        || (vcpu->loads->due_count > 0
            && vcpu->state.insns_world + retired - vcpu->retired_synced != vcpu->loads->due_from))
        return STOP_SCRUBBED;
    if (vcpu->self_spa != UINT64_MAX && retired != vcpu->self_from)
        return STOP_SELF;
    if (vcpu->watch_shared && retired != vcpu->watch_shared_from)
        return STOP_WATCHED;
    if (vcpu->watch_if && retired != vcpu->watch_from
        && (vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & (1u << 9)) != 0)
        return STOP_INTERRUPT;
    return STOP_NONE;
}

/*
 * The engine does not survive its buffer for translated code running full, so it is emptied in
 * time. Code is laid down from the bottom up; where the hook is called from shows how far it got.
 */
static bool code_is_full(struct vcpu *vcpu, uintptr_t caller)
{
    if (vcpu->code_low == 0)
        vcpu->code_low = vcpu->code_high = caller;
    vcpu->code_low = MIN(vcpu->code_low, caller);
    vcpu->code_high = MAX(vcpu->code_high, caller);
    return vcpu->code_high - vcpu->code_low > VCPU_CODE_BYTES / 4 * 3;
}

void scan_translations_drop(struct vcpu *vcpu)
{
    if (vcpu->translated)
        uc_ctl_flush_tb(vcpu->uc); /* milliseconds: the engine clears its whole buffer */
    vcpu->translated = false;
    vcpu->code_low = vcpu->code_high = 0;
}

/* All that is rare, kept out of line so that the hook itself needs no stack frame. */
static __attribute__((noinline)) void block_rare(struct vcpu *vcpu, uint64_t gva, uint32_t size,
                                                 uintptr_t caller)
{
    struct block_info *slot = &vcpu->blocks[gva & BLOCK_MASK];
    const bool unsure = vcpu->mode_unsure;

    if (unsure)
        mode_refresh(vcpu);
    enum engine_stop stop = vcpu->mode.v86 ? STOP_MODE : block_at_limit(vcpu);
    if (stop == STOP_NONE && code_is_full(vcpu, caller))
        stop = STOP_FULL;
    if (stop != STOP_NONE) {
        block_stop(vcpu, stop, gva);
        return;
    }
    if ((slot->gva != gva || slot->size != size) && !block_prepare(vcpu, slot, gva, size)) {
        block_stop(vcpu, STOP_RESCAN, gva);
        return;
    }
    vcpu->countdown -= slot->insns;
    vcpu->block_gva = gva;
    if (unsure)
        attention_end(vcpu);
    if (slot->far) {
        vcpu->mode_unsure = true;
        scan_attention(vcpu);
    }
}

/* The hottest function of the emulator: every instruction of it costs a percent. */
void scan_block_hook(uc_engine *uc, uint64_t gva, uint32_t size, void *user)
{
    struct vcpu *vcpu = user;
    const struct block_info *block = &vcpu->blocks[gva & BLOCK_MASK];

    (void)uc;
    if (G_UNLIKELY(block->gva != gva || block->size != size)) {
        block_rare(vcpu, gva, size, (uintptr_t)__builtin_return_address(0));
        return;
    }
    vcpu->block_gva = gva;
    vcpu->countdown -= block->insns;
    if (G_UNLIKELY(vcpu->countdown < 0)) {
        vcpu->countdown += block->insns;
        block_rare(vcpu, gva, size, (uintptr_t)__builtin_return_address(0));
    }
}

const struct block_info *scan_block_last(const struct vcpu *vcpu)
{
    const struct block_info *block = &vcpu->blocks[vcpu->block_gva & BLOCK_MASK];

    return vcpu->block_gva != BLOCK_STALE && block->known_gva == vcpu->block_gva ? block : NULL;
}

void scan_trap_hook(uc_engine *uc, uint64_t gva, uint32_t size, void *user)
{
    struct vcpu *vcpu = user;
    struct insn insn;
    uint8_t bytes[15];
    bool stop = false;

    (void)size;
    insn_parse(bytes, code_bytes(vcpu, gva, bytes, sizeof(bytes)), vcpu->mode.code,
               &insn);
    stop = intercept_is_trap(&insn, vcpu->state.intercepts);
    if (gva == vcpu->skip_gva)
        vcpu->skip_gva = UINT64_MAX; /* the breakpoint has been announced: pass it once */
    else
        stop = stop || vcpu_breakpoint_at(vcpu, gva);
    stop = stop || (vcpu->watch_shared && gva == vcpu->watch_next);
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

void scan_watch(struct vcpu *vcpu)
{
    const uint64_t gva = mode_code_gva(vcpu);
    struct insn insn;

    insn_fetch(vcpu, &insn);
    vcpu->watch_shared = true;
    vcpu->watch_shared_from = vcpu->retired;
    vcpu->watch_next = gva + insn.length;
    /* Without its hook the block is the unit. */
    if (insn.length == 0 || hooked(vcpu, vcpu->watch_next)
        || !scan_hook_add(vcpu, vcpu->watch_next))
        return;
    uint64_t spa = 0, spa_next = 0;
    if (code_spa(vcpu, gva, &spa))
        fill_retranslate(vcpu, page_base(spa));
    if (code_spa(vcpu, vcpu->watch_next, &spa_next) && page_base(spa_next) != page_base(spa))
        fill_retranslate(vcpu, page_base(spa_next));
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
    memset(vcpu->blocks, 0, sizeof(vcpu->blocks));
    for (uint32_t i = 0; i <= BLOCK_MASK; i++)
        vcpu->blocks[i].gva = vcpu->blocks[i].known_gva = BLOCK_STALE;
    vcpu->fresh_count = 0;
    for (uint32_t i = 0; i < vcpu->state.breakpoint_count; i++)
        scan_hook_add(vcpu, vcpu->state.breakpoint[i]);
    scan_translations_drop(vcpu);
}

uint32_t scan_count_before(struct vcpu *vcpu, const struct block_info *block, uint64_t offset)
{
    struct block_info copy = *block;
    bool unsafe = false;

    if (offset < 64 && offset < block->size)
        return (uint32_t)__builtin_popcountll(block->starts & ((UINT64_C(1) << offset) - 1));
    return block_decode(vcpu, &copy, offset, false, &unsafe);
}
