/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a guest virtual address to system memory: the guest's page tables, the nested page table,
 * and the RMP, in the architectural order (APM 2 5.3, 15.25, 15.36.10). Each access to a guest
 * table is itself a private access with all checks.
 */
#include "cpu/insn.h"
#include "cpu/seen.h"

#define CR0_WP (UINT64_C(1) << 16)
#define CR0_PG (UINT64_C(1) << 31)
#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_PGE (UINT64_C(1) << 7)
#define CR4_SMEP (UINT64_C(1) << 20)
#define CR4_SMAP (UINT64_C(1) << 21)
#define EFER_LMA (UINT64_C(1) << 10)
#define EFER_NXE (UINT64_C(1) << 11)
#define SEV_VTOM (UINT64_C(1) << 1)

/*
 *   63  62:52    51:12      11:9  8  7      6  5  4:3  2    1    0
 *  |NX|ignored|address, C-bit|ign|G |PS/PAT|D |A |    |U/S |R/W |P |
 */
#define PTE_P (UINT64_C(1) << 0)
#define PTE_W (UINT64_C(1) << 1)
#define PTE_U (UINT64_C(1) << 2)
#define PTE_A (UINT64_C(1) << 5)
#define PTE_D (UINT64_C(1) << 6)
#define PTE_PS (UINT64_C(1) << 7)
#define PTE_G (UINT64_C(1) << 8)
#define PTE_NX (UINT64_C(1) << 63)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)

/* Sum of a walk through the guest's tables. */
struct guest_walk {
    uint64_t gpa;   /* of the byte */
    bool writable, user, nx, c, dirty, global, large, mapped;
    unsigned levels; /* page size: 0 4 KiB, 1 2 MiB, 2 1 GiB */
};

struct walker {
    struct vcpu *vcpu;
    const struct access *access;
    struct fault *fault;
};

struct access access_current(struct vcpu *vcpu, uint64_t gva, enum mmu_type type,
                             enum mmu_privilege privilege)
{
    struct access access = { .gva = gva, .type = type };

    switch (privilege) {
    case MMU_CURRENT:
        access.user = vcpu_cpl(vcpu) == 3;
        access.ac = (vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & (1u << 18)) != 0;
        break;
    case MMU_SUPERVISOR: break;
    case MMU_USER: access.user = true; break;
    }
    return access;
}

static struct rmp_caller walker_caller(const struct walker *w)
{
    return (struct rmp_caller){ .asid = w->vcpu->state.asid, .vmpl = w->vcpu->state.vmpl,
                                .cpl = w->access->user ? 3 : 0, .snp_active = true };
}

static enum walk_result walker_fault(struct walker *w, struct fault fault)
{
    fault.gva = w->access->gva;
    fault.type = w->access->type;
    *w->fault = fault;
    return WALK_FAULT;
}

static enum walk_result walker_nested_fault(struct walker *w, uint64_t exitinfo1, uint64_t gpa,
                                            uint64_t spa, bool table)
{
    struct fault fault = fault_exit(SVM_EXIT_NPF, exitinfo1, gpa);

    fault.gpa = gpa;
    fault.spa = spa;
    fault.table = table;
    fault.gva_exact = false;
    return walker_fault(w, fault);
}

/* #VC for an access: 0x404 not validated (with CR2), 0x400 MMIO (APM 2 15.35.5, 15.36.10). */
static enum walk_result walker_vc(struct walker *w, uint32_t code, uint64_t gpa, uint64_t spa)
{
    struct fault fault = fault_vc(code);

    fault.gva_exact = false;
    fault.sets_cr2 = code == VC_PAGE_NOT_VALIDATED;
    fault.gpa = gpa;
    fault.spa = spa;
    return walker_fault(w, fault);
}

/* Nested walk and RMP check of one access; the system page is brought into the right view. */
static enum walk_result nested_access(struct walker *w, uint64_t gpa,
                                      const struct rmp_access *access, bool c,
                                      struct npt_walk *out)
{
    struct cpu_env *env = w->vcpu->env;
    const struct rmp_caller caller = walker_caller(w);
    const struct npt_walk walk = npt_walk(w->vcpu->vmcb->npt, gpa, access, w->access->user, c);

    *out = walk;
    if (walk.kind == NPT_WALK_FAULT)
        return walker_nested_fault(w, walk.exitinfo1, gpa, 0, access->table);
    if (walk.kind == NPT_WALK_MMIO)
        return walker_vc(w, SVM_EXIT_NPF, gpa, 0);
    const struct rmp_xlat xlat = { .gva = w->access->gva, .gpa = gpa, .spa = walk.spa,
                                   .npt_size = walk.map.size,
                                   .npt_writable = (walk.map.flags & NPT_W) != 0, .c = c };
    const struct rmp_outcome outcome =
        rmp_access_check(env->rmp, &env->rmp_config, &caller, &xlat, access);
    if (outcome.kind == RMP_OUT_NPF)
        return walker_nested_fault(w, outcome.exitinfo1, gpa, walk.spa, access->table);
    if (outcome.kind != RMP_OUT_DONE)
        return walker_vc(w, outcome.error_code, gpa, walk.spa);
    if (!memory_holds(env->memory, page_base(walk.spa), PAGE_BYTES))
        return walker_nested_fault(w, npf_base_bits(access, w->access->user, c) & ~NPF_P, gpa,
                                   walk.spa, access->table);
    const uint16_t view = (uint16_t)(c ? w->vcpu->state.asid : 0);
    if (env->memory->pages[walk.spa >> PAGE_SHIFT].view != view) {
        if (w->access->pure)
            return WALK_EFFECT;
        if (!w->access->look
            && (access->table || !mmu_view_waits(w->vcpu, w->access, walk.spa, c)))
            fill_view(w->vcpu, walk.spa, view);
    }
    return WALK_OK;
}

/* The write of an accessed or dirty bit is a private store (APM 2 15.36.10). */
static enum walk_result table_update(struct walker *w, uint64_t gpa, uint64_t bits)
{
    static const struct rmp_access write = { .type = RMP_ACCESS_WRITE, .table = true };
    struct cpu_env *env = w->vcpu->env;
    struct npt_walk walk;

    if (w->access->pure)
        return WALK_EFFECT;
    if (w->access->look)
        return WALK_OK;
    const enum walk_result result = nested_access(w, gpa, &write, true, &walk);
    if (result != WALK_OK)
        return result;
    struct memory_page *page = &env->memory->pages[walk.spa >> PAGE_SHIFT];
    uint64_t *entry = (uint64_t *)(void *)(env->memory->dram + (walk.spa & ~UINT64_C(7)));
    *entry |= bits;
    if (page->code)
        fill_code_drop(env, walk.spa);
    if (w->vcpu->state.vmpl == 0) {
        mmu_first_store(w->vcpu, 0, gpa, walk.spa);
        mmu_noted_store(w->vcpu, 0, walk.spa, sizeof(*entry));
    }
    return WALK_OK;
}

static enum walk_result table_read(struct walker *w, uint64_t gpa, unsigned level, uint64_t *entry)
{
    static const struct rmp_access read = { .type = RMP_ACCESS_READ, .table = true };
    struct npt_walk walk;
    const enum walk_result result = nested_access(w, gpa, &read, true, &walk);

    if (result != WALK_OK)
        return result;
    if (w->access->look) {
        memory_peek(w->vcpu->env->memory, walk.spa & ~UINT64_C(7), w->vcpu->state.asid, entry,
                    sizeof(*entry));
        return WALK_OK;
    }
    if (seen_table_is_news(w->vcpu, gpa, walk.spa, level)) {
        if (w->access->pure)
            return WALK_EFFECT;
        seen_table(w->vcpu, gpa, walk.spa, w->access->gva, level);
    }
    *entry = *(const uint64_t *)(const void *)(w->vcpu->env->memory->dram
                                               + (walk.spa & ~UINT64_C(7)));
    return WALK_OK;
}

/* APM 2 8.4.2; bits gives P and RSVD. */
static enum walk_result page_fault(struct walker *w, uint32_t bits)
{
    const struct access *access = w->access;
    const struct vcpu_control *control = &w->vcpu->control;
    const bool reports_fetch = (control->efer & EFER_NXE) != 0 || (control->cr4 & CR4_SMEP) != 0;
    struct fault fault = fault_exception(CPU_VECTOR_PF, true, bits);

    fault.error_code |= access->type == MMU_WRITE ? PF_W : 0;
    fault.error_code |= access->user ? PF_U : 0;
    fault.error_code |= access->type == MMU_FETCH && reports_fetch ? PF_ID : 0;
    fault.sets_cr2 = true;
    fault.gva_exact = false;
    return walker_fault(w, fault);
}

/*
 * Reserved bits (APM 2 5.3): what lies above the physical address but is not the C-bit, NX without
 * EFER.NXE, PS in a PML4E, low address bits of a large page. With vTOM the C-bit is reserved too
 * (15.36.8).
 */
static bool entry_reserved(const struct walker *w, uint64_t entry, unsigned level)
{
    const struct cpu_env *env = w->vcpu->env;
    const bool vtom = (w->vcpu->state.sev_features & SEV_VTOM) != 0;
    uint64_t reserved = PTE_ADDRESS & ~((UINT64_C(1) << env->phys_bits) - 1);

    if (!vtom)
        reserved &= ~(UINT64_C(1) << env->cbit);
    else
        reserved |= UINT64_C(1) << env->cbit;
    if ((w->vcpu->control.efer & EFER_NXE) == 0)
        reserved |= PTE_NX;
    if (level == 3)
        reserved |= PTE_PS;
    if (level > 0 && level < 3 && (entry & PTE_PS) != 0)
        reserved |= level == 2 ? UINT64_C(0x3fffe000) : UINT64_C(0x1fe000);
    return (entry & reserved) != 0;
}

static bool entry_is_leaf(uint64_t entry, unsigned level)
{
    return level == 0 || (level < 3 && (entry & PTE_PS) != 0);
}

/* APM 2 5.6: what the tables and CR0.WP, SMEP and SMAP say about this access. */
static bool guest_permits(const struct walker *w, const struct guest_walk *guest)
{
    const struct vcpu_control *control = &w->vcpu->control;
    const struct access *access = w->access;

    if (access->user && !guest->user)
        return false;
    if (access->type == MMU_WRITE && !guest->writable
        && (access->user || (control->cr0 & CR0_WP) != 0))
        return false;
    if (access->type == MMU_FETCH)
        return !guest->nx && (access->user || !guest->user || (control->cr4 & CR4_SMEP) == 0);
    return access->user || !guest->user || (control->cr4 & CR4_SMAP) == 0 || access->ac;
}

/* Compares VMPL0's entry with the one before; false if that is news and the walk must be pure. */
static bool entry_noted(struct walker *w, uint64_t entry, uint64_t entry_gpa)
{
    const uint64_t gva = w->access->gva;

    if (w->vcpu->state.vmpl != 0 || w->access->look || pte_known(w->vcpu, gva, entry))
        return true;
    if (w->access->pure)
        return false;
    pte_seen(w->vcpu, gva, entry, entry_gpa);
    return true;
}

/* Four levels of tables, each level's entry marked accessed once the whole walk has succeeded. */
static enum walk_result long_mode_walk(struct walker *w, struct guest_walk *guest)
{
    const uint64_t gva = w->access->gva;
    const uint64_t c_bit = UINT64_C(1) << w->vcpu->env->cbit;
    const uint64_t address = PTE_ADDRESS & ~c_bit;
    uint64_t table = w->vcpu->control.cr3 & address;
    uint64_t entry_gpa[4] = { 0 }, entry[4] = { 0 };
    unsigned level = 3;

    *guest = (struct guest_walk){ .writable = true, .user = true };
    for (;; level--) {
        entry_gpa[level] = table + ((gva >> (12 + 9 * level)) & 0x1ff) * 8;
        const enum walk_result result = table_read(w, entry_gpa[level], level, &entry[level]);
        if (result != WALK_OK)
            return result;
        if ((entry[level] & PTE_P) == 0) {
            if (!entry_noted(w, 0, entry_gpa[level]))
                return WALK_EFFECT;
            return page_fault(w, 0);
        }
        if (entry_reserved(w, entry[level], level))
            return page_fault(w, PF_P | PF_RSVD);
        guest->writable = guest->writable && (entry[level] & PTE_W) != 0;
        guest->user = guest->user && (entry[level] & PTE_U) != 0;
        guest->nx = guest->nx || (entry[level] & PTE_NX) != 0;
        table = entry[level] & address;
        if (entry_is_leaf(entry[level], level))
            break;
    }
    const uint64_t offset_mask = (UINT64_C(1) << (12 + 9 * level)) - 1;
    guest->gpa = (entry[level] & address & ~offset_mask) | (gva & offset_mask);
    guest->levels = level;
    guest->mapped = true;
    guest->large = level > 0;
    guest->c = (entry[level] & c_bit) != 0;
    guest->global = (entry[level] & PTE_G) != 0 && (w->vcpu->control.cr4 & CR4_PGE) != 0;
    guest->dirty = (entry[level] & PTE_D) != 0;
    if (!entry_noted(w, entry[level], entry_gpa[level]))
        return WALK_EFFECT;
    if (!guest_permits(w, guest))
        return page_fault(w, PF_P);
    for (unsigned at = 4; at-- > level;) {
        const bool dirty = at == level && w->access->type == MMU_WRITE;
        const uint64_t bits = PTE_A | (dirty ? PTE_D : 0);
        if ((entry[at] & bits) == bits)
            continue;
        const enum walk_result result = table_update(w, entry_gpa[at], bits);
        if (result != WALK_OK)
            return result;
        guest->dirty = guest->dirty || dirty;
    }
    return WALK_OK;
}

static enum walk_result guest_walk(struct walker *w, struct guest_walk *guest)
{
    struct vcpu *vcpu = w->vcpu;
    const struct vcpu_control *control = &vcpu->control;

    if ((control->cr0 & CR0_PG) == 0) {
        /* Without paging everything is private (APM 2 15.34.5). */
        *guest = (struct guest_walk){ .gpa = (uint32_t)w->access->gva, .writable = true,
                                      .user = true, .c = true, .dirty = true, .mapped = true };
        return WALK_OK;
    }
    if ((control->efer & EFER_LMA) == 0)
        return walker_fault(w, fault_engine(vcpu, "paging outside long mode is not supported "
                                            "(CR0 0x%" G_GINT64_MODIFIER "x, CR4 0x%"
                                            G_GINT64_MODIFIER "x)", control->cr0,
                                            control->cr4));
    /* A non-canonical address is #GP(0) (APM 2 5.3.1). */
    if ((uint64_t)((int64_t)(w->access->gva << 16) >> 16) != w->access->gva)
        return walker_fault(w, fault_exception(CPU_VECTOR_GP, true, 0));
    const enum walk_result result = long_mode_walk(w, guest);
    if ((vcpu->state.sev_features & SEV_VTOM) != 0)
        guest->c = guest->gpa < vcpu->state.virtual_tom;
    return result;
}

/* Permissions that an entry of the model TLB carries: tables, nested table and RMP together. */
static uint8_t entry_perms(const struct walker *w, const struct guest_walk *guest,
                           const struct rmp_xlat *xlat, uint8_t npt_flags)
{
    const struct rmp_caller caller = walker_caller(w);
    const struct cpu_env *env = w->vcpu->env;
    const uint8_t rmp = rmp_access_perms(env->rmp, &caller, xlat);
    const bool fetch = w->access->type == MMU_FETCH;
    uint8_t perms = 0;

    /* A fetch from a page whose C-bit is clear is private all the same: such an entry is for
     * fetches alone (APM 2 15.34.5). */
    if (guest->c == xlat->c && (npt_flags & NPT_R) != 0 && (rmp & RMP_PERM_R) != 0) {
        perms |= TLB_R;
        const bool writable =
            guest->writable || (!w->access->user && (w->vcpu->control.cr0 & CR0_WP) == 0);
        const bool stored =
            w->vcpu->state.vmpl != 0 || !xlat->c || w->access->type == MMU_WRITE
            || env->memory->pages[xlat->spa >> PAGE_SHIFT].stored;
        if (writable && guest->dirty && stored && (npt_flags & NPT_W) != 0
            && (rmp & RMP_PERM_W) != 0)
            perms |= TLB_W;
    }
    if (!guest->nx && (npt_flags & NPT_X) != 0 && (xlat->c || fetch)) {
        perms |= (rmp & RMP_PERM_XU) != 0 ? TLB_XU : 0;
        perms |= (rmp & RMP_PERM_XS) != 0 ? TLB_XS : 0;
    }
    if (w->access->type == MMU_WRITE)
        perms |= TLB_R | TLB_W; /* this very access was found good */
    return perms;
}

enum walk_result walk_translate(struct vcpu *vcpu, const struct access *access,
                                struct tlb_entry *out, struct fault *fault)
{
    static const enum rmp_access_type type_of[] = {
        [MMU_READ] = RMP_ACCESS_READ, [MMU_WRITE] = RMP_ACCESS_WRITE, [MMU_FETCH] = RMP_ACCESS_FETCH
    };
    struct walker w = { .vcpu = vcpu, .access = access, .fault = fault };
    const struct rmp_access final = { .type = type_of[access->type] };
    struct guest_walk guest;
    struct npt_walk nested;
    enum walk_result result = guest_walk(&w, &guest);

    if (result != WALK_OK)
        return result;
    const bool c = guest.c || access->type == MMU_FETCH;
    if (!c && access->pure)
        return WALK_EFFECT;
    result = nested_access(&w, guest.gpa, &final, c, &nested);
    if (result != WALK_OK)
        return result;
    const struct rmp_xlat xlat = { .gva = access->gva, .gpa = guest.gpa, .spa = nested.spa,
                                   .npt_size = nested.map.size,
                                   .npt_writable = (nested.map.flags & NPT_W) != 0, .c = c };
    const bool only_supervisor_writes = !guest.writable && access->type == MMU_WRITE;
    *out = (struct tlb_entry){
        .gvn = access->gva >> PAGE_SHIFT,
        .gpa = page_base(guest.gpa),
        .spa = page_base(nested.spa),
        .valid = 1,
        .c = c,
        /* With CR0.WP clear a read-only user page is writable for the supervisor alone. */
        .user = guest.user && !only_supervisor_writes,
        .global = guest.global,
        .large = guest.large,
        .nested_large = nested.map.size == PAGE_2M,
        .generation = vcpu->env->memory->pages[nested.spa >> PAGE_SHIFT].rmp_generation,
        .perms = entry_perms(&w, &guest, &xlat, nested.map.flags),
    };
    return WALK_OK;
}

bool walk_mapped(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa, bool *c)
{
    const struct access access = { .gva = gva, .type = MMU_READ, .ac = true, .pure = true };
    struct fault fault;
    struct walker w = { .vcpu = vcpu, .access = &access, .fault = &fault };
    struct guest_walk guest = { .mapped = false };

    guest_walk(&w, &guest); /* the leaf counts, whatever the walk would have to change */
    *gpa = guest.gpa;
    *c = guest.c;
    return guest.mapped;
}

/* APM 3 PVALIDATE: "performs the same segmentation and paging checks as a 1-byte read". */
enum walk_result walk_operand(struct vcpu *vcpu, const struct access *access, struct rmp_xlat *out,
                              struct fault *fault)
{
    static const struct rmp_access read = { .type = RMP_ACCESS_READ };
    struct walker w = { .vcpu = vcpu, .access = access, .fault = fault };
    struct guest_walk guest;
    const enum walk_result result = guest_walk(&w, &guest);

    if (result != WALK_OK)
        return result;
    const struct npt_walk walk =
        npt_walk(vcpu->vmcb->npt, guest.gpa, &read, access->user, guest.c);
    if (walk.kind == NPT_WALK_FAULT)
        return walker_nested_fault(&w, walk.exitinfo1, guest.gpa, 0, false);
    if (walk.kind == NPT_WALK_MMIO)
        return walker_vc(&w, SVM_EXIT_NPF, guest.gpa, 0);
    *out = (struct rmp_xlat){ .gva = access->gva, .gpa = guest.gpa, .spa = walk.spa,
                              .npt_size = walk.map.size,
                              .npt_writable = (walk.map.flags & NPT_W) != 0, .c = guest.c };
    return WALK_OK;
}
