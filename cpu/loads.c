/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads of VMPL0 from memory that somebody else may change under it: C=0 pages (the hypervisor) and
 * pages that a lower VMPL may write (the guest). They go through the engine's MMIO alias, byte for
 * byte. A second load of a byte in one activation, without a store of VMPL0 to it in between, is a
 * refetch: what it is compared with, or used for, need not be what was checked.
 *
 * A load by the basic block that made the first one is no refetch: it looks again, in a loop. So is
 * none that a store of the same block follows: an XCHG or a locked instruction.
 */
#include "cpu/loads.h"

#include <string.h>

#include "cpu/saved.h"

enum { GRANULE = 8, WORD_BITS = 64 };

struct load_page {
    uint64_t spa;
    bool used; /* something is marked */
    bool shared;
    uint64_t loaded[PAGE_BYTES / WORD_BITS]; /* a bit a byte */
    uint64_t told[PAGE_BYTES / WORD_BITS];
    uint64_t block[PAGE_BYTES / GRANULE]; /* gva of the block that made the first load */
};

struct loads *loads_new(void)
{
    struct loads *loads = g_new0(struct loads, 1);

    loads->refused_gva = LOADS_NONE;
    return loads;
}

void loads_free(struct loads *loads)
{
    for (unsigned i = 0; loads != NULL && i < LOADS_PAGES; i++)
        g_free(loads->page[i]);
    g_free(loads);
}

/* The pages are saved behind it, those that there are; where they lie is this process's matter. */
void loads_save(const struct loads *loads, GByteArray *out)
{
    bool there[LOADS_PAGES];
    struct loads copy;

    memcpy(&copy, loads, sizeof(copy));
    for (unsigned i = 0; i < LOADS_PAGES; i++) {
        there[i] = loads->page[i] != NULL;
        copy.page[i] = NULL;
    }
    saved_add(out, &copy, sizeof(copy));
    saved_add(out, there, sizeof(there));
    for (unsigned i = 0; i < LOADS_PAGES; i++) {
        if (there[i])
            saved_add(out, loads->page[i], sizeof(*loads->page[i]));
    }
}

bool loads_take(struct loads *loads, struct saved *saved)
{
    bool there[LOADS_PAGES];

    if (!saved_take(saved, loads, sizeof(*loads)) || !saved_take(saved, there, sizeof(there)))
        return false;
    for (unsigned i = 0; i < LOADS_PAGES; i++)
        loads->page[i] = NULL;
    for (unsigned i = 0; i < LOADS_PAGES; i++) {
        if (!there[i])
            continue;
        loads->page[i] = g_new(struct load_page, 1);
        if (!saved_take(saved, loads->page[i], sizeof(*loads->page[i])))
            return false;
    }
    return loads->due_count == 0;
}

enum refetch_writer loads_writer(const struct vcpu *vcpu, uint64_t spa, bool c)
{
    const struct rmp_entry *entry = rmp_entry_at(vcpu->env->rmp, spa);
    uint8_t lower = 0;

    if (vcpu->state.vmpl != 0 || vcpu->env->seen.pages == 0)
        return 0;
    if (!c)
        return REFETCH_HYPERVISOR;
    for (unsigned vmpl = 1; entry != NULL && vmpl < VMPL_COUNT; vmpl++)
        lower |= entry->perm[vmpl];
    return (lower & RMP_PERM_W) != 0 ? REFETCH_GUEST : 0;
}

static struct load_page *page_find(struct loads *loads, uint64_t spa)
{
    for (unsigned i = 0; i < LOADS_PAGES; i++) {
        if (loads->page[i] != NULL && loads->page[i]->used && loads->page[i]->spa == spa)
            return loads->page[i];
    }
    return NULL;
}

/* A page more than there is room for makes the oldest one forgotten. */
static struct load_page *page_make(struct loads *loads, uint64_t spa, bool shared)
{
    struct load_page **page = &loads->page[loads->next++ % LOADS_PAGES];

    if (*page == NULL)
        *page = g_new(struct load_page, 1);
    memset(*page, 0, sizeof(**page));
    (*page)->spa = spa;
    (*page)->used = true;
    (*page)->shared = shared;
    return *page;
}

static bool bit(const uint64_t *bits, uint32_t at)
{
    return (bits[at / WORD_BITS] >> (at % WORD_BITS) & 1) != 0;
}

/* Neighbouring bytes become one event. */
static void due_add(struct loads *loads, uint64_t spa, uint64_t block_gva, uint32_t at)
{
    struct load_due *last = loads->due_count > 0 ? &loads->due[loads->due_count - 1] : NULL;

    if (last != NULL && last->spa == spa && last->offset + last->length == at
        && last->block_gva == block_gva)
        last->length++;
    else if (loads->due_count < LOADS_DUE)
        loads->due[loads->due_count++] = (struct load_due){
            .spa = spa, .block_gva = block_gva, .offset = at, .length = 1 };
}

/* What has loaded some of these bytes of a page is no refetch after all. */
static void due_drop(struct loads *loads, uint64_t spa, uint32_t first, uint32_t len)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < loads->due_count; i++) {
        const struct load_due *due = &loads->due[i];
        if (due->spa != spa || due->offset >= first + len || due->offset + due->length <= first)
            loads->due[kept++] = *due;
    }
    loads->due_count = kept;
}

/*
 * A load that the refused instruction had made before; it counts once. Those of earlier blocks were
 * not the instruction's.
 */
static bool made_again(struct vcpu *vcpu, uint64_t spa, uint32_t len)
{
    struct loads *loads = vcpu->loads;
    const int64_t left = vcpu->countdown + vcpu->countdown_bias;

    if (loads->recent_block != vcpu->block_gva || loads->recent_left != left)
        memset(loads->recent, 0, sizeof(loads->recent));
    loads->recent_block = vcpu->block_gva;
    loads->recent_left = left;
    loads->recent[loads->recent_next++ % LOADS_RECENT] =
        (struct load_access){ .spa = spa, .len = len };
    for (unsigned i = 0; i < LOADS_RECENT; i++) {
        if (loads->again[i].spa == spa && loads->again[i].len == len) {
            loads->again[i].len = 0;
            return true;
        }
    }
    return false;
}

void loads_stopped(struct vcpu *vcpu, bool refused)
{
    struct loads *loads = vcpu->loads;

    if (refused && loads->recent_block == vcpu->block_gva)
        memcpy(loads->again, loads->recent, sizeof(loads->again));
    else
        memset(loads->again, 0, sizeof(loads->again));
    memset(loads->recent, 0, sizeof(loads->recent));
    loads->refused_gva =
        refused && vcpu->stop_type == MMU_WRITE ? vcpu->stop_gva : LOADS_NONE;
    loads->due_from = refused ? vcpu->state.insns_world : UINT64_MAX;
    if (!refused)
        loads_events(vcpu);
}

bool loads_load(struct vcpu *vcpu, uint64_t spa, uint32_t len)
{
    struct loads *loads = vcpu->loads;
    const uint64_t base = page_base(spa);
    struct load_page *page = page_find(loads, base);
    const bool shared = vcpu->env->memory->pages[spa >> PAGE_SHIFT].view == ASID_HV;

    if (page == NULL)
        page = page_make(loads, base, shared);
    if (made_again(vcpu, spa, len))
        return loads->due_count > 0;
    for (uint32_t i = 0; i < len; i++) {
        const uint32_t at = (uint32_t)(spa & PAGE_MASK) + i;
        const uint64_t mask = UINT64_C(1) << at % WORD_BITS;
        if (!bit(page->loaded, at)) {
            page->loaded[at / WORD_BITS] |= mask;
            page->block[at / GRANULE] = vcpu->block_gva;
        } else if (page->block[at / GRANULE] != vcpu->block_gva && !bit(page->told, at)) {
            page->told[at / WORD_BITS] |= mask;
            due_add(loads, base, vcpu->block_gva, at);
        }
    }
    return loads->due_count > 0;
}

void loads_store(struct vcpu *vcpu, uint64_t spa, uint32_t len)
{
    struct loads *loads = vcpu->loads;
    struct load_page *page = page_find(loads, page_base(spa));
    const uint32_t first = (uint32_t)(spa & PAGE_MASK);

    for (uint32_t at = first; page != NULL && at < first + len; at++) {
        const uint64_t mask = ~(UINT64_C(1) << at % WORD_BITS);
        page->loaded[at / WORD_BITS] &= mask;
        page->told[at / WORD_BITS] &= mask;
    }
    due_drop(loads, page_base(spa), first, len);
}

void loads_end(struct vcpu *vcpu, bool all)
{
    for (unsigned i = 0; i < LOADS_PAGES; i++) {
        struct load_page *page = vcpu->loads->page[i];
        if (page != NULL && (all || page->shared))
            page->used = false;
    }
}

/* How VMPL0 reaches the page: the lowest address that it has a translation for. */
static const struct tlb_entry *entry_of(const struct vcpu *vcpu, uint64_t spa)
{
    const struct tlb *tlb = &vcpu->state.tlb;
    const struct tlb_entry *found = NULL;

    for (uint32_t i = 0; i < UINT32_C(1) << tlb->slots_log2; i++) {
        const struct tlb_entry *entry = &tlb->slots[i];
        if (entry->valid && entry->spa == spa && (found == NULL || entry->gvn < found->gvn))
            found = entry;
    }
    return found;
}

void loads_events(struct vcpu *vcpu)
{
    struct loads *loads = vcpu->loads;
    struct event event;

    for (uint32_t i = 0; i < loads->due_count; i++) {
        const struct load_due *due = &loads->due[i];
        const struct tlb_entry *entry = entry_of(vcpu, due->spa);
        const struct load_page *page = page_find(loads, due->spa);
        vcpu_event_init(vcpu, &event, EVENT_REFETCH);
        event.rip = due->block_gva; /* the engine has gone on since */
        event.refetch = (struct event_refetch){
            .spa = due->spa, .gpa = entry != NULL ? entry->gpa : 0,
            .gva = entry != NULL ? entry->gvn << PAGE_SHIFT : 0, .offset = due->offset,
            .length = due->length,
            .writer = page != NULL && page->shared ? REFETCH_HYPERVISOR : REFETCH_GUEST };
        trace_emit(vcpu->env->trace, &event);
    }
    loads->due_count = 0;
}

/*
 * An instruction that stores to the page as well (XCHG) may stand before its store: then it has not
 * happened, nor has its load.
 */
void loads_left(struct vcpu *vcpu)
{
    struct loads *loads = vcpu->loads;
    const struct tlb_entry *entry =
        loads->refused_gva != LOADS_NONE ? tlb_lookup(&vcpu->state.tlb, loads->refused_gva) : NULL;

    if (entry != NULL)
        due_drop(loads, entry->spa, 0, PAGE_BYTES);
    loads_events(vcpu);
    loads_end(vcpu, false);
}
