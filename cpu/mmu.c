/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model TLB of a vCPU and what goes through it: its entries alone decide about an access until
 * they are flushed (APM 2 15.36.5). A refused access is walked again before it faults, as
 * processors do, so that a permission that was added is seen.
 */
#include "cpu/seen.h"

#include <string.h>

#define CR4_SMEP (UINT64_C(1) << 20)
#define CR4_SMAP (UINT64_C(1) << 21)

bool mmu_permits(struct vcpu *vcpu, const struct tlb_entry *entry, const struct access *access)
{
    const uint64_t cr4 = vcpu->control.cr4;

    if (access->user && !entry->user)
        return false;
    if (access->type == MMU_FETCH) {
        if (!access->user && entry->user && (cr4 & CR4_SMEP) != 0)
            return false;
        return (entry->perms & (access->user ? TLB_XU : TLB_XS)) != 0;
    }
    if (!access->user && entry->user && (cr4 & CR4_SMAP) != 0 && !access->ac)
        return false;
    return (entry->perms & (access->type == MMU_WRITE ? TLB_W : TLB_R)) != 0;
}

void mmu_flush(struct vcpu *vcpu, bool keep_global)
{
    tlb_flush_all(&vcpu->state.tlb, keep_global);
    fill_flush(vcpu);
}

static void event_page(struct vcpu *vcpu, uint16_t kind, uint64_t gva, uint64_t gpa, uint64_t spa,
                       uint64_t offset, uint64_t length)
{
    struct event event;

    vcpu_event_init(vcpu, &event, kind);
    event.page = (struct event_page){ .spa = spa, .gpa = gpa, .gva = gva, .offset = offset,
                                      .length = length };
    trace_emit(vcpu->env->trace, &event);
}

void mmu_first_store(struct vcpu *vcpu, uint64_t gva, uint64_t gpa, uint64_t spa)
{
    struct memory_page *page = &vcpu->env->memory->pages[spa >> PAGE_SHIFT];

    if (!page->watched)
        labels_store_begin(vcpu->env->memory, spa, vcpu->state.asid);
    if (page->stored)
        return;
    page->stored = 1;
    event_page(vcpu, EVENT_STORE, page_base(gva), page_base(gpa), page_base(spa), 0, 0);
}

void mmu_scrubbed(struct vcpu *vcpu, uint64_t gva, uint64_t spa)
{
    const struct rmp_entry *entry = rmp_entry_at(vcpu->env->rmp, spa);
    uint64_t gpa = entry != NULL ? (uint64_t)entry->gpn << PAGE_SHIFT : 0;
    if (entry != NULL && entry->size == PAGE_2M)
        gpa += page_base(spa) & PAGE_MASK_2M;
    event_page(vcpu, EVENT_SCRUB, page_base(gva), gpa, page_base(spa), 0, PAGE_BYTES);
}

void mmu_noted_store(struct vcpu *vcpu, uint64_t gva, uint64_t spa, uint64_t len)
{
    struct memory *memory = vcpu->env->memory;

    if (memory->pages[spa >> PAGE_SHIFT].tracked && memory_scrub_note(memory, spa, len))
        mmu_scrubbed(vcpu, gva, spa);
}

/* The RMP's refusal of a store through C=0. */
static bool is_unencrypted(const struct fault *fault)
{
    return fault->kind == FAULT_EXIT && fault->exit_code == SVM_EXIT_NPF && !fault->table
           && (fault->exitinfo1 & (NPF_RMP | NPF_ENC)) == NPF_RMP;
}

bool mmu_view_waits(const struct vcpu *vcpu, const struct access *access, uint64_t spa, bool c)
{
    return access->later && c && vcpu->state.vmpl == 0
           && vcpu->env->memory->pages[spa >> PAGE_SHIFT].tracked;
}

struct tlb_entry *mmu_access(struct vcpu *vcpu, const struct access *access, struct fault *fault)
{
    struct cpu_env *env = vcpu->env;
    struct tlb_entry *entry = tlb_lookup(&vcpu->state.tlb, access->gva);
    struct tlb_entry made;

    if (entry == NULL || !mmu_permits(vcpu, entry, access)) {
        if (walk_translate(vcpu, access, &made, fault) != WALK_OK) {
            if (access->type == MMU_WRITE && is_unencrypted(fault))
                seen_unencrypted(vcpu, access->gva, fault->gpa, fault->spa);
            return NULL;
        }
        seen_entry(vcpu, &made);
        if (!made.c)
            seen_unencrypted(vcpu, access->gva, made.gpa, made.spa);
        const bool first_shared = !made.c && (entry == NULL || entry->c);
        if (tlb_insert(&vcpu->state.tlb, &made))
            fill_flush(vcpu);
        entry = tlb_lookup(&vcpu->state.tlb, access->gva);
        /* The tables said yes: the entry must agree, or the engine would come back for ever. */
        if (entry == NULL || !mmu_permits(vcpu, entry, access)) {
            *fault = fault_engine(vcpu, "the walk and the TLB disagree about 0x%" G_GINT64_MODIFIER
                                  "x", access->gva);
            return NULL;
        }
        if (first_shared && env->page_shared != NULL)
            env->page_shared(env->user, made.spa);
    }
    stale_event(vcpu, entry, access);
    if (!mmu_view_waits(vcpu, access, entry->spa, entry->c))
        fill_view(vcpu, entry->spa, entry->c ? vcpu->state.asid : 0);
    if (access->type == MMU_WRITE && !entry->c)
        labels_store_begin(env->memory, entry->spa, ASID_HV);
    if (access->type == MMU_WRITE && entry->c && vcpu->state.vmpl == 0)
        mmu_first_store(vcpu, access->gva, entry->gpa, entry->spa);
    return entry;
}

/* Host memory behind [gva, gva + len), which lies in one page. */
static uint8_t *mmu_locate(struct vcpu *vcpu, uint64_t gva, enum mmu_type type,
                           enum mmu_privilege privilege, struct tlb_entry *out, struct fault *fault)
{
    const struct access access = access_current(vcpu, gva, type, privilege);
    const struct tlb_entry *entry = mmu_access(vcpu, &access, fault);

    if (entry == NULL) {
        fault->gva_exact = true;
        return NULL;
    }
    *out = *entry;
    return vcpu->env->memory->dram + entry->spa + (gva & PAGE_MASK);
}

static size_t first_part(uint64_t gva, size_t len)
{
    const size_t room = (size_t)(PAGE_BYTES - (gva & PAGE_MASK));

    return len < room ? len : room;
}

bool mmu_read(struct vcpu *vcpu, uint64_t gva, void *out, size_t len, enum mmu_privilege privilege,
              struct fault *fault)
{
    struct tlb_entry entry;

    g_assert(len <= PAGE_BYTES);
    while (len > 0) {
        const size_t part = first_part(gva, len);
        const uint8_t *at = mmu_locate(vcpu, gva, MMU_READ, privilege, &entry, fault);
        if (at == NULL)
            return false;
        memcpy(out, at, part);
        out = (uint8_t *)out + part;
        gva += part;
        len -= part;
    }
    return true;
}

static void store_done(struct vcpu *vcpu, uint64_t gva, const struct tlb_entry *entry, size_t len)
{
    const uint64_t offset = gva & PAGE_MASK;

    if (vcpu->env->memory->pages[entry->spa >> PAGE_SHIFT].code)
        fill_code_drop(vcpu->env, entry->spa);
    if (!entry->c)
        event_page(vcpu, EVENT_SHARED_WRITE, page_base(gva), entry->gpa, entry->spa, offset, len);
    else if (vcpu->state.vmpl == 0)
        mmu_noted_store(vcpu, gva, entry->spa + offset, len);
}

bool mmu_write(struct vcpu *vcpu, uint64_t gva, const void *in, size_t len,
               enum mmu_privilege privilege, struct fault *fault)
{
    struct tlb_entry entry[2];
    const size_t part = first_part(gva, len);

    g_assert(len > 0 && len <= PAGE_BYTES);
    uint8_t *at = mmu_locate(vcpu, gva, MMU_WRITE, privilege, &entry[0], fault);
    if (at == NULL)
        return false;
    if (part < len) {
        uint8_t *rest = mmu_locate(vcpu, gva + part, MMU_WRITE, privilege, &entry[1], fault);
        if (rest == NULL)
            return false;
        /* The second page's view may have been changed by the first one's; not the other way. */
        fill_view(vcpu, entry[0].spa, entry[0].c ? vcpu->state.asid : 0);
        fill_view(vcpu, entry[1].spa, entry[1].c ? vcpu->state.asid : 0);
        memcpy(rest, (const uint8_t *)in + part, len - part);
    }
    memcpy(at, in, part);
    store_done(vcpu, gva, &entry[0], part);
    if (part < len)
        store_done(vcpu, gva + part, &entry[1], len - part);
    return true;
}

uint8_t *mmu_private_page(struct vcpu *vcpu, uint64_t gva, enum mmu_type type, bool whole,
                          uint64_t *spa, struct fault *fault)
{
    struct access access = access_current(vcpu, gva, type, MMU_CURRENT);
    struct memory *memory = vcpu->env->memory;

    access.later = whole;
    *fault = (struct fault){ .kind = FAULT_NONE };
    const struct tlb_entry *entry = mmu_access(vcpu, &access, fault);
    if (entry == NULL) {
        fault->gva_exact = true;
        return NULL;
    }
    if (!entry->c)
        return NULL;
    *spa = entry->spa + (gva & PAGE_MASK);
    if (mmu_view_waits(vcpu, &access, entry->spa, entry->c))
        fill_claim(vcpu, entry->spa, vcpu->state.asid);
    if (type == MMU_WRITE && memory->pages[*spa >> PAGE_SHIFT].code)
        fill_code_drop(vcpu->env, page_base(*spa));
    return memory->dram + *spa;
}

/* The entry for an observer: the model TLB's or, without effects, what a walk would make. */
static bool peek_entry(struct vcpu *vcpu, uint64_t gva, enum mmu_type type, struct tlb_entry *out)
{
    struct access access = { .gva = gva, .type = type, .ac = true, .pure = true };
    struct fault fault;
    const struct tlb_entry *entry = tlb_lookup(&vcpu->state.tlb, gva);

    if (entry != NULL) {
        *out = *entry;
        return true;
    }
    if (vcpu->vmcb == NULL)
        return false;
    access.user = type == MMU_FETCH && vcpu_cpl(vcpu) == 3;
    return walk_translate(vcpu, &access, out, &fault) == WALK_OK;
}

static size_t mmu_peek(struct vcpu *vcpu, uint64_t gva, enum mmu_type type, void *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        struct tlb_entry entry;
        const size_t part = first_part(gva + done, len - done);
        if (!peek_entry(vcpu, gva + done, type, &entry))
            break;
        memory_peek(vcpu->env->memory, entry.spa + ((gva + done) & PAGE_MASK),
                    entry.c ? vcpu->state.asid : 0, (uint8_t *)out + done, part);
        done += part;
    }
    return done;
}

size_t mmu_peek_code(struct vcpu *vcpu, uint64_t gva, void *out, size_t len)
{
    return mmu_peek(vcpu, gva, MMU_FETCH, out, len);
}

bool vcpu_peek_memory(const struct vcpu *vcpu, uint64_t gva, void *out, size_t len)
{
    /* tlb_lookup() wants a pointer that it may change; a lookup changes nothing. */
    return mmu_peek((struct vcpu *)(uintptr_t)vcpu, gva, MMU_READ, out, len) == len;
}
