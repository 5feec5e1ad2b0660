/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of cpu/internal.h (which includes it) about what engines hold: pages and blocks. */
#ifndef PROVA_CPU_ENGINE_H
#define PROVA_CPU_ENGINE_H

#include "cpu/internal.h"

/* ---- cache.c, self.c, fill.c */

static inline bool page_bit(const uint64_t *bitmap, uint64_t page)
{
    return (bitmap[page / 64] >> (page % 64) & 1) != 0;
}

static inline void page_bit_set(uint64_t *bitmap, uint64_t page)
{
    bitmap[page / 64] |= UINT64_C(1) << (page % 64);
}

static inline void page_bit_clear(uint64_t *bitmap, uint64_t page)
{
    bitmap[page / 64] &= ~(UINT64_C(1) << (page % 64));
}

bool fill_hooks_add(struct vcpu *vcpu, GError **error);
void fill_flush(struct vcpu *vcpu); /* the engine's TLB */
/* The page's view is made that of asid (0 raw); other engines forget the page. */
void fill_view(struct vcpu *vcpu, uint64_t spa, uint32_t asid);
/* The same for a page that is overwritten as a whole at once: its bytes are not converted. */
void fill_claim(struct vcpu *vcpu, uint64_t spa, uint32_t asid);
/* One engine translates the page's code again; all engines do, and the page becomes data. */
void fill_retranslate(struct vcpu *vcpu, uint64_t spa);
void fill_code_drop(struct cpu_env *env, uint64_t spa);
/* No engine holds the page writable any more: the next store to it is noticed. */
void fill_unwrite(struct cpu_env *env, uint64_t spa);
/* The page becomes code: no engine may hold it writable. */
void fill_code_begin(struct cpu_env *env, uint64_t spa);

/*
 * Whether the instruction at RIP may lie in this page; it needs to store to it; with what rights.
 */
bool fill_self_is(struct vcpu *vcpu, uint64_t spa);
void fill_self_begin(struct vcpu *vcpu, uint64_t spa);
uint32_t fill_self_perms(struct vcpu *vcpu, const struct tlb_entry *entry,
                         const struct access *access);
/* Handles STOP_FILL; *visible is set if the access has to be announced first. */
bool fill_resolve(struct vcpu *vcpu, enum vcpu_visible *visible, struct fault *fault);
/*
 * Ends the state that lets an instruction store to its own page: when it has retired or must wait.
 */
void fill_self_end(struct vcpu *vcpu, bool slice_over);
/* STOP_WATCHED: accesses to watched pages are announced again. */
void fill_watch_end(struct vcpu *vcpu);
/* New slice: C=0 pages are seen again. */
void fill_slice_begin(struct vcpu *vcpu);

/* ---- scan.c */

void scan_block_hook(uc_engine *uc, uint64_t gva, uint32_t size, void *user);
void scan_trap_hook(uc_engine *uc, uint64_t gva, uint32_t size, void *user);
/* STOP_RESCAN: installs the hooks that vcpu->rescan needs. False: too many. */
bool scan_install(struct vcpu *vcpu);
bool scan_hook_add(struct vcpu *vcpu, uint64_t gva);
/* The engine is to stop behind the instruction at RIP, which accesses a watched page. */
void scan_watch(struct vcpu *vcpu);
/* Every block has to be checked again, since a gva may have got another page or other code. */
void scan_stale(struct vcpu *vcpu);
/* Around uc_emu_start(): the block hook's count. */
void scan_count_begin(struct vcpu *vcpu);
void scan_count_end(struct vcpu *vcpu);
/* The block that the engine was in when it stopped; NULL if it stopped before one. */
const struct block_info *scan_block_last(const struct vcpu *vcpu);
/* The next block is to look at what it is watched for (block_at_limit()). */
void scan_attention(struct vcpu *vcpu);
void scan_forget(struct vcpu *vcpu); /* which opcodes are unsafe has changed */
void scan_translations_drop(struct vcpu *vcpu);
/* Instructions of the block before the byte at offset. */
uint32_t scan_count_before(struct vcpu *vcpu, const struct block_info *block, uint64_t offset);

#endif
