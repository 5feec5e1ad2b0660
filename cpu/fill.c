/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's TLB as a cache of the model's.
 *
 * The engine asks fill_hook() for a page. What the model TLB (or a walk without any effect) answers
 * is given at once; all else is refused, which stops the engine exactly before the instruction, and
 * fill_resolve() does it with the engine idle. The engine's own refills follow the host's clock and
 * must leave no trace: so nothing here emits an event or changes guest memory inside the callback.
 *
 * What the engines hold, and the rule that a page is never writable and executable, is cache.c's.
 */
#include "cpu/insn.h"
#include "cpu/loads.h"
#include "cpu/seen.h"

#include <string.h>

/* ------------------------------------------------------------------ C=0 pages of a slice */

enum shared_bit {
    SHARED_WRITTEN = 1 << 0,
    SHARED_CLOSED = 1 << 1,  /* a watched page: it is announced again */
    SHARED_WRITTEN_BEFORE = 1 << 2, /* CLOSED: it had been written */
};

static uint64_t *shared_find(struct vcpu *vcpu, uint64_t spa)
{
    for (uint32_t i = 0; i < vcpu->state.shared_count; i++) {
        if (page_base(vcpu->state.shared_spa[i]) == spa)
            return &vcpu->state.shared_spa[i];
    }
    return NULL;
}

/* What the slice has announced of a shared page: 0 nothing, 1 a read, 2 a write. */
static unsigned shared_seen(struct vcpu *vcpu, uint64_t spa)
{
    const uint64_t *found = shared_find(vcpu, spa);

    if (found == NULL || (*found & SHARED_CLOSED) != 0)
        return 0;
    return 1 + (unsigned)(*found & SHARED_WRITTEN);
}

static bool watched(const struct vcpu *vcpu, uint64_t gpa)
{
    for (uint32_t i = 0; i < vcpu->env->watch_count; i++) {
        if (vcpu->env->watch_gpa[i] == gpa)
            return true;
    }
    return false;
}

void fill_watch_end(struct vcpu *vcpu)
{
    struct vcpu_state *state = &vcpu->state;

    for (uint32_t i = 0; i < state->shared_count; i++) {
        uint64_t *page = &state->shared_spa[i];
        if (!state->shared_watched[i] || (*page & SHARED_CLOSED) != 0)
            continue;
        *page |= SHARED_CLOSED | ((*page & SHARED_WRITTEN) != 0 ? SHARED_WRITTEN_BEFORE : 0);
        *page &= ~(uint64_t)SHARED_WRITTEN;
    }
    vcpu->watch_shared = false;
    fill_flush(vcpu);
}

static void shared_note(struct vcpu *vcpu, const struct tlb_entry *entry, bool write)
{
    struct vcpu_state *state = &vcpu->state;
    uint64_t *found = shared_find(vcpu, entry->spa);
    const bool watch = watched(vcpu, entry->gpa);

    if (watch)
        scan_watch(vcpu);
    if (found != NULL) {
        *found |= write ? SHARED_WRITTEN : 0;
        *found &= ~(uint64_t)SHARED_CLOSED;
        if (watch)
            state->shared_at[found - state->shared_spa] = state->insns_world;
        return;
    }
    if (state->shared_count == VCPU_SHARED_MAX) {
        fill_flush(vcpu);
        state->shared_count = 0;
    }
    state->shared_at[state->shared_count] = state->insns_world;
    state->shared_watched[state->shared_count] = watch;
    state->shared_spa[state->shared_count++] = entry->spa | (write ? SHARED_WRITTEN : 0);
}

/*
 * What the instruction at hand has touched so far stays touched when its next access has been
 * announced: it begins anew, and would else be announced in turns for ever (XCHG reads and writes).
 */
void fill_slice_begin(struct vcpu *vcpu)
{
    struct vcpu_state *state = &vcpu->state;
    uint32_t kept = 0;

    if (state->shared_count > 0)
        fill_flush(vcpu);
    for (uint32_t i = 0; state->perform && i < state->shared_count; i++) {
        if (state->shared_at[i] != state->insns_world)
            continue;
        state->shared_spa[kept] = state->shared_spa[i];
        state->shared_watched[kept] = state->shared_watched[i];
        state->shared_at[kept++] = state->shared_at[i];
    }
    state->shared_count = kept;
    vcpu->watch_shared_from = vcpu->retired;
}

/* ------------------------------------------------------------------ the callback */

static enum mmu_type type_of(uc_mem_type type)
{
    switch (type) {
    case UC_MEM_FETCH: return MMU_FETCH;
    case UC_MEM_WRITE: return MMU_WRITE;
    default: return MMU_READ;
    }
}

/*
 * What the engine may do with a page that the model's entry gives, as UC_PROT bits, for this
 * access's privilege; 0 if this access needs more than the cache can answer.
 */
static uint32_t fill_perms(struct vcpu *vcpu, const struct tlb_entry *entry,
                           const struct access *access)
{
    const struct memory_page *page = &vcpu->env->memory->pages[entry->spa >> PAGE_SHIFT];
    const uint64_t spn = entry->spa >> PAGE_SHIFT;
    struct access other = *access;
    uint32_t perms = 0;

    if (page->view != (entry->c ? vcpu->state.asid : 0) || stale_use(vcpu, entry, access))
        return 0;
    if (!entry->c && shared_seen(vcpu, entry->spa) < (access->type == MMU_WRITE ? 2u : 1u))
        return 0;
    if (entry->spa == vcpu->self_spa && mmu_permits(vcpu, entry, access))
        return fill_self_perms(vcpu, entry, access);
    other.type = MMU_READ;
    if (mmu_permits(vcpu, entry, &other))
        perms |= UC_PROT_READ;
    other.type = MMU_FETCH;
    const bool reported = page->fetched || vcpu->state.vmpl != 0;
    if (page->code && reported && mmu_permits(vcpu, entry, &other))
        return access->type == MMU_WRITE ? 0 : perms | UC_PROT_EXEC;
    other.type = MMU_WRITE;
    const bool gone = (stale_rights(vcpu, entry) & RMP_PERM_W) == 0;
    const bool noted = (page->tracked || !page->watched) && entry->c && vcpu->state.vmpl == 0;
    if (page->code || noted || gone || !mmu_permits(vcpu, entry, &other)
        || (!entry->c && shared_seen(vcpu, entry->spa) < 2))
        return access->type == MMU_READ ? perms : 0;
    if (access->type == MMU_FETCH)
        return 0;
    page_bit_set(vcpu->write_filled, spn);
    return perms | UC_PROT_WRITE;
}

static bool alias_is_open(const struct vcpu *vcpu, uint64_t spa)
{
    for (unsigned i = 0; i < VCPU_ALIASES; i++) {
        if (vcpu->alias_spa[i] == spa)
            return true;
    }
    return false;
}

static bool fill_answer(struct vcpu *vcpu, const struct tlb_entry *entry,
                        const struct access *access, uc_tlb_entry *out)
{
    const uint64_t spn = entry->spa >> PAGE_SHIFT;
    const struct memory_page *page = &vcpu->env->memory->pages[spn];

    if (access->type == MMU_WRITE && page->tracked && !page->code && alias_is_open(vcpu, entry->spa)
        && page->view == vcpu->state.asid && mmu_permits(vcpu, entry, access)
        && !stale_use(vcpu, entry, access)) {
        out->paddr = ENGINE_ALIAS_SPA + entry->spa;
        out->perms = UC_PROT_READ | UC_PROT_WRITE;
        page_bit_set(vcpu->write_filled, spn);
    } else {
        out->paddr = entry->spa;
        out->perms = fill_perms(vcpu, entry, access);
        if (out->perms == 0)
            return false;
        if ((out->perms & UC_PROT_EXEC) != 0)
            page_bit_set(vcpu->code_filled, spn);
        else if (loads_writer(vcpu, entry->spa, entry->c) != 0)
            out->paddr += ENGINE_ALIAS_SPA;
    }
    page_bit_set(vcpu->filled, spn);
    vcpu->tlb_dirty = true;
    return true;
}

/* The entry without any effect but its own coming into being. */
static struct tlb_entry *fill_pure(struct vcpu *vcpu, const struct access *access)
{
    struct tlb *tlb = &vcpu->state.tlb;
    struct access pure = *access;
    struct tlb_entry made;
    struct fault fault;

    pure.pure = true;
    /* An insertion that flushes has to flush the engine too, which must be idle for it. */
    if (tlb->used + 2 >= (UINT32_C(3) << tlb->slots_log2) / 4
        || walk_translate(vcpu, &pure, &made, &fault) != WALK_OK || seen_is_news(vcpu, &made))
        return NULL;
    seen_entry(vcpu, &made);
    tlb_insert(tlb, &made);
    return tlb_lookup(tlb, access->gva);
}

static bool fill_private(struct vcpu *vcpu, uint64_t gva, enum mmu_type type, uc_tlb_entry *out)
{
    if (type == MMU_FETCH && page_base(gva) == ENGINE_PAGES_SPA) {
        out->paddr = ENGINE_PAGES_SPA;
        out->perms = UC_PROT_EXEC;
        return true;
    }
    if (vcpu->host_code_view && gva >= ENGINE_CODE_GVA
        && gva - ENGINE_CODE_GVA < vcpu->env->memory->bytes) {
        out->paddr = gva - ENGINE_CODE_GVA;
        out->perms = UC_PROT_EXEC;
        return true;
    }
    return false;
}

static struct access access_engine(struct vcpu *vcpu, uint64_t gva, enum mmu_type type)
{
    struct access access = access_current(vcpu, gva, type, MMU_CURRENT);

    /* Once: the engine keeps what it reads as supervisor apart from what CPL 3 may use. */
    if (page_base(gva) == vcpu->implicit_gva) {
        access.user = false;
        vcpu->implicit_gva = UINT64_MAX;
    }
    return access;
}

static bool fill_hook(uc_engine *uc, uint64_t gva, uc_mem_type uc_type, uc_tlb_entry *out,
                      void *user)
{
    struct vcpu *vcpu = user;
    const enum mmu_type type = type_of(uc_type);

    (void)uc;
    if (fill_private(vcpu, gva, type, out))
        return true;
    if (!vcpu->running)
        return false;
    const struct access access = access_engine(vcpu, gva, type);
    struct tlb_entry *entry = tlb_lookup(&vcpu->state.tlb, gva);
    if (entry == NULL || !mmu_permits(vcpu, entry, &access))
        entry = fill_pure(vcpu, &access);
    if (entry != NULL && fill_answer(vcpu, entry, &access, out))
        return true;
    vcpu->stop = STOP_FILL;
    vcpu->stop_gva = page_base(gva);
    vcpu->stop_type = type;
    return false;
}

/* ------------------------------------------------------------------ refused fills */

static void shared_event(struct vcpu *vcpu, const struct tlb_entry *entry, uint64_t gva)
{
    struct event event;
    size_t bytes = 0;
    const uint64_t exact = decode_fault_gva(vcpu, gva, MMU_WRITE, &bytes);

    vcpu_event_init(vcpu, &event, EVENT_SHARED_WRITE);
    event.page = (struct event_page){ .spa = entry->spa, .gpa = entry->gpa, .gva = gva,
                                      .offset = exact & PAGE_MASK, .length = bytes };
    trace_emit(vcpu->env->trace, &event);
}

/*
 * An access that was announced is performed; so is what its instruction does before it again, since
 * the instruction begins anew. Any other is announced, unless nobody wants to know.
 */
static bool shared_pass(struct vcpu *vcpu, uint64_t spa, enum vcpu_visible what)
{
    struct vcpu_state *state = &vcpu->state;
    const uint64_t announced = spa | (what == VISIBLE_SHARED_WRITE);

    if ((vcpu->env->visible & what) == 0)
        return true;
    if (state->perform && state->announced_at == state->insns_world) {
        state->perform = state->announced != announced;
        return true;
    }
    state->perform = true;
    state->announced = announced;
    state->announced_at = state->insns_world;
    return false;
}

static bool resolve_shared(struct vcpu *vcpu, const struct tlb_entry *entry,
                           const struct access *access, enum vcpu_visible *visible)
{
    const bool write = access->type == MMU_WRITE;

    if (shared_seen(vcpu, entry->spa) >= (write ? 2u : 1u))
        return true;
    const enum vcpu_visible what = write ? VISIBLE_SHARED_WRITE : VISIBLE_SHARED_READ;
    if (!shared_pass(vcpu, entry->spa, what)) {
        const uint64_t *before = shared_find(vcpu, entry->spa);
        const uint64_t writes = SHARED_WRITTEN | SHARED_WRITTEN_BEFORE;
        vcpu->shared_again = before != NULL && (!write || (*before & writes) != 0);
        *visible = what;
        return false;
    }
    shared_note(vcpu, entry, write);
    if (write)
        shared_event(vcpu, entry, access->gva);
    return true;
}

/* VMPL0 is about to execute what is in the page: whose is it? */
static void fetch_event(struct vcpu *vcpu, const struct tlb_entry *entry, uint64_t gva)
{
    struct memory *memory = vcpu->env->memory;
    const struct label_counts counts = labels_count(memory, entry->spa, vcpu->state.asid);
    struct event event;

    memory->pages[entry->spa >> PAGE_SHIFT].fetched = 1;
    vcpu_event_init(vcpu, &event, EVENT_FETCH);
    event.fetch = (struct event_fetch){ .spa = entry->spa, .gpa = entry->gpa,
                                        .gva = page_base(gva),
                                        .bytes_trusted = counts.trusted,
                                        .bytes_guest = counts.guest,
                                        .bytes_hypervisor = counts.hypervisor };
    trace_emit(vcpu->env->trace, &event);
}

/*
 * Stores to the page go through the alias. The page that it displaces must not be held writable any
 * longer: when its next store is noticed would be the host's matter, and so would be how many pages
 * can become complete before the engine stops.
 */
static void alias_open(struct vcpu *vcpu, uint64_t spa)
{
    uint64_t *slot = &vcpu->alias_spa[vcpu->alias_next++ % VCPU_ALIASES];

    if (*slot != UINT64_MAX && vcpu->env->memory->pages[*slot >> PAGE_SHIFT].tracked
        && page_bit(vcpu->write_filled, *slot >> PAGE_SHIFT))
        fill_flush(vcpu);
    *slot = spa;
}

/* A store of VMPL0 to a page whose overwriting is being noted. */
static bool resolve_tracked(struct vcpu *vcpu, const struct tlb_entry *entry, struct fault *fault)
{
    uint64_t insns = 0;
    const uint64_t left = vcpu->budget > vcpu->retired ? vcpu->budget - vcpu->retired : 1;

    switch (interpret_store(vcpu, left, &insns, fault)) {
    case INTERPRET_DONE:
        vcpu->retired += insns;
        return true;
    case INTERPRET_FAULT:
        vcpu->retired += insns;
        return false;
    case INTERPRET_NOT: break;
    }
    fill_view(vcpu, entry->spa, vcpu->state.asid);
    if (!alias_is_open(vcpu, entry->spa))
        alias_open(vcpu, entry->spa);
    return true;
}

bool fill_resolve(struct vcpu *vcpu, enum vcpu_visible *visible, struct fault *fault)
{
    struct access access = access_engine(vcpu, vcpu->stop_gva, vcpu->stop_type);
    access.later = access.type == MMU_WRITE;
    const struct tlb_entry *found = mmu_access(vcpu, &access, fault);

    if (found == NULL && fault->kind == FAULT_GUEST && access.user
        && decode_is_descriptor(vcpu, vcpu->stop_gva, vcpu->stop_type)) {
        /* Descriptor tables are read as supervisor whatever the CPL (APM 2 5.6). */
        vcpu->implicit_gva = vcpu->stop_gva;
        access.user = false;
        found = mmu_access(vcpu, &access, fault);
    }
    if (found == NULL)
        return false;
    const struct tlb_entry entry = *found;
    const struct memory_page *page = &vcpu->env->memory->pages[entry.spa >> PAGE_SHIFT];
    const bool tracked = mmu_view_waits(vcpu, &access, entry.spa, entry.c);
    if (tracked && page->code)
        fill_view(vcpu, entry.spa, vcpu->state.asid);
    *fault = (struct fault){ .kind = FAULT_NONE };
    if (!entry.c && !resolve_shared(vcpu, &entry, &access, visible))
        return false;
    if (access.type == MMU_FETCH && !page->code)
        fill_code_begin(vcpu->env, entry.spa);
    if (access.type == MMU_FETCH && !page->fetched && vcpu->state.vmpl == 0)
        fetch_event(vcpu, &entry, access.gva);
    if (access.type == MMU_WRITE && page->code && fill_self_is(vcpu, entry.spa)) {
        fill_self_begin(vcpu, entry.spa);
        return true;
    }
    if (access.type == MMU_WRITE && page->code)
        fill_code_drop(vcpu->env, entry.spa);
    if (tracked)
        return resolve_tracked(vcpu, &entry, fault);
    return true;
}

/* ------------------------------------------------------------------ the alias */

/* Pages whose stores alone are noted come here as well. */
static bool loads_noted(const struct vcpu *vcpu, uint64_t spa)
{
    const bool c = vcpu->env->memory->pages[spa >> PAGE_SHIFT].view != ASID_HV;

    return loads_writer(vcpu, spa, c) != 0;
}

static uint64_t alias_read(uc_engine *uc, uint64_t spa, unsigned size, void *user)
{
    struct vcpu *vcpu = user;
    uint64_t value = 0;

    (void)uc;
    memcpy(&value, vcpu->env->memory->dram + spa, size);
    if (vcpu->running && loads_noted(vcpu, spa) && loads_load(vcpu, spa, size))
        scan_attention(vcpu);
    return value;
}

/* EVENT_SCRUB has to wait for the next block boundary: RIP is not exact in here. */
static void alias_write(uc_engine *uc, uint64_t spa, unsigned size, uint64_t value, void *user)
{
    struct vcpu *vcpu = user;
    struct memory *memory = vcpu->env->memory;

    (void)uc;
    memcpy(memory->dram + spa, &value, size);
    loads_store(vcpu, spa, size);
    if (memory->pages[spa >> PAGE_SHIFT].tracked && memory_scrub_note(memory, spa, size)) {
        g_assert(vcpu->scrub_done_count < VCPU_ALIASES);
        vcpu->scrub_done[vcpu->scrub_done_count++] = page_base(spa);
        scan_attention(vcpu);
    }
}

bool fill_hooks_add(struct vcpu *vcpu, GError **error)
{
    struct memory *memory = vcpu->env->memory;
    uc_hook handle;
    uc_err err = uc_hook_add(vcpu->uc, &handle, UC_HOOK_TLB_FILL, (void *)fill_hook, vcpu, 1, 0);

    if (err == UC_ERR_OK)
        err = uc_mem_map_ptr(vcpu->uc, 0, memory->bytes, UC_PROT_ALL, memory->dram);
    if (err == UC_ERR_OK)
        err = uc_mmio_map(vcpu->uc, ENGINE_ALIAS_SPA, memory->bytes, alias_read, vcpu, alias_write,
                          vcpu);
    if (err == UC_ERR_OK)
        return true;
    g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                "the engine cannot map %" G_GUINT64_FORMAT " bytes of memory: %s", memory->bytes,
                uc_strerror(err));
    return false;
}
