/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engines may hold of each system page, and how they are made to forget it.
 *
 * A system page is filled writable or executable, never both, over all engines:
 *
 *              store: fill_code_drop()
 *     code  --------------------------->  data
 *           <---------------------------
 *        fetch: engines that hold it writable are flushed
 */
#include "cpu/internal.h"

#include <string.h>

void fill_flush(struct vcpu *vcpu)
{
    scan_stale(vcpu);
    if (!vcpu->tlb_dirty)
        return;
    g_assert(!vcpu->running);
    vcpu->tlb_dirty = false;
    memset(vcpu->write_filled, 0, vcpu->bitmap_words * 8);
    memset(vcpu->filled, 0, vcpu->bitmap_words * 8);
    uc_ctl_flush_tlb(vcpu->uc);
}

static void engine_forget(struct vcpu *vcpu, uint64_t spa)
{
    if (page_bit(vcpu->filled, spa >> PAGE_SHIFT))
        fill_flush(vcpu);
}

/* Drops one engine's translations of the page, through a view of RAM by spa that only we see. */
void fill_retranslate(struct vcpu *vcpu, uint64_t spa)
{
    const uint64_t gva = ENGINE_CODE_GVA + page_base(spa);

    g_assert(!vcpu->running);
    if (!memory_holds(vcpu->env->memory, page_base(spa), PAGE_BYTES))
        return;
    vcpu->host_code_view = true;
    vcpu->tlb_dirty = true;
    uc_ctl_remove_cache(vcpu->uc, gva, gva + PAGE_BYTES);
    vcpu->host_code_view = false;
    fill_flush(vcpu);
}

static void engine_code_drop(struct vcpu *vcpu, uint64_t spa)
{
    if (!page_bit(vcpu->code_filled, spa >> PAGE_SHIFT))
        return;
    page_bit_clear(vcpu->code_filled, spa >> PAGE_SHIFT);
    vcpu->code_generation[spa >> PAGE_SHIFT]++;
    fill_retranslate(vcpu, spa);
}

void fill_code_drop(struct cpu_env *env, uint64_t spa)
{
    for (uint32_t i = 0; i < env->vcpu_count; i++)
        engine_code_drop(env->vcpus[i], spa);
    env->memory->pages[spa >> PAGE_SHIFT].code = 0;
    env->memory->pages[spa >> PAGE_SHIFT].fetched = 0;
}

void fill_unwrite(struct cpu_env *env, uint64_t spa)
{
    for (uint32_t i = 0; i < env->vcpu_count; i++) {
        if (page_bit(env->vcpus[i]->write_filled, spa >> PAGE_SHIFT))
            fill_flush(env->vcpus[i]);
    }
}

void fill_code_begin(struct cpu_env *env, uint64_t spa)
{
    fill_unwrite(env, spa);
    env->memory->pages[spa >> PAGE_SHIFT].code = 1;
}

void fill_view(struct vcpu *vcpu, uint64_t spa, uint32_t asid)
{
    struct cpu_env *env = vcpu->env;

    if (env->memory->pages[spa >> PAGE_SHIFT].view != asid
        && memory_view_set(env->memory, spa, asid))
        cpu_page_changed(env, spa);
}

void fill_claim(struct vcpu *vcpu, uint64_t spa, uint32_t asid)
{
    if (memory_view_claim(vcpu->env->memory, spa, asid))
        cpu_page_changed(vcpu->env, spa);
}

/* ------------------------------------------------------------------ the machine's notices */

void cpu_page_changed(struct cpu_env *env, uint64_t spa)
{
    if (!memory_holds(env->memory, page_base(spa), PAGE_BYTES))
        return;
    if (env->memory->pages[spa >> PAGE_SHIFT].code)
        fill_code_drop(env, spa);
    for (uint32_t i = 0; i < env->vcpu_count; i++)
        engine_forget(env->vcpus[i], spa);
}

void cpu_page_rebound(struct cpu_env *env, uint64_t spa)
{
    if (!memory_holds(env->memory, page_base(spa), PAGE_BYTES))
        return;
    memory_scrub_end(env->memory, page_base(spa));
    labels_rebind(env->memory, page_base(spa));
    env->memory->pages[spa >> PAGE_SHIFT].stored = 0;
    env->memory->pages[spa >> PAGE_SHIFT].fetched = 0;
    for (uint32_t i = 0; i < env->vcpu_count; i++)
        engine_forget(env->vcpus[i], spa);
}

void cpu_flush_spa(struct cpu_env *env, uint64_t spa, uint64_t len)
{
    for (uint32_t i = 0; i < env->vcpu_count; i++) {
        struct vcpu *vcpu = env->vcpus[i];
        if (tlb_flush_spa(&vcpu->state.tlb, spa, len) > 0)
            fill_flush(vcpu);
    }
}

void cpu_flush_all(struct cpu_env *env)
{
    for (uint32_t i = 0; i < env->vcpu_count; i++)
        mmu_flush(env->vcpus[i], false);
}
