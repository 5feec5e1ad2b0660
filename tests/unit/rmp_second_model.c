/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/rmp_second_model.h"

#include <string.h>

static const struct answer UD = {.kind = RMP_OUT_UD};
static const struct answer GP = {.kind = RMP_OUT_GP};
static const struct answer VC = {.kind = RMP_OUT_VC, .code = 0x404};

static struct answer done(uint32_t eax)
{
    return (struct answer){.kind = RMP_OUT_DONE, .eax = eax};
}

static struct answer npf(uint64_t code)
{
    return (struct answer){.kind = RMP_OUT_NPF, .code = code};
}

struct page *model_page(struct model *m, uint64_t spa, bool *large)
{
    const uint64_t spn = spa / 4096;
    *large = false;
    if (spn >= PAGES) {
        return NULL;
    }
    *large = m->is_large[spn / 512];
    return *large ? &m->large[spn / 512] : &m->small[spn];
}

static uint32_t assigned_in_region(const struct model *m, uint64_t region, bool with_base)
{
    uint32_t count = 0;
    for (uint64_t i = region * 512; i < (region + 1) * 512 && i < PAGES; i++) {
        count += m->small[i].assigned && (with_base || i % 512 != 0);
    }
    return count;
}

bool model_hv_owned(struct model *m, uint64_t spa, bool large_npt)
{
    bool large;
    const struct page *page = model_page(m, large_npt ? spa & ~UINT64_C(0x1fffff) : spa, &large);
    if (page == NULL) {
        return true;
    }
    if (large || !large_npt) {
        return !page->assigned;
    }
    return assigned_in_region(m, spa >> 21, true) == 0;
}

struct answer model_update(struct model *m, const struct rmp_caller *who, uint64_t rax,
                           const struct rmp_operand *n)
{
    const uint64_t spn = rax / 4096;
    const uint64_t region = spn / 512;
    if (who->cpl != 0) {
        return GP;
    }
    if (who->asid != 0) {
        return done(2);
    }
    if ((n->size && spn % 512 != 0) || (!n->assigned && (n->immutable || n->asid != 0)) ||
        n->asid > 0x3ff || n->gpa >= UINT64_C(1) << 51 || spn >= PAGES ||
        (n->size && region >= REGIONS)) {
        return done(1);
    }
    const bool was_large = m->is_large[region];
    struct page old = was_large && spn % 512 == 0 ? m->large[region] : m->small[spn];
    bool busy = m->small[spn].in_use || m->small[spn].lock;
    for (uint64_t i = 0; n->size && i < 512; i++) {
        busy |= m->small[region * 512 + i].in_use || m->small[region * 512 + i].lock;
    }
    if (busy) {
        return done(3);
    }
    if (spn % 512 == 0 ? old.immutable : (!was_large && m->small[spn].immutable)) {
        return done(2);
    }
    if (!n->size && was_large) {
        return done(4);
    }
    if (n->size && !was_large) {
        if (assigned_in_region(m, region, false) != 0) {
            return done(4);
        }
        for (uint64_t i = 1; i < 512; i++) {
            if (m->small[region * 512 + i].immutable) {
                return done(2);
            }
        }
    }
    struct page page = {0};
    if (n->assigned) {
        const uint64_t gpa = n->gpa & ~UINT64_C(0xfff);
        const bool reset = n->asid != old.asid || gpa != old.gpa || n->size != was_large ||
                           !old.assigned || n->asid == 0;
        if (!reset) {
            page = old;
        } else {
            page.perm[0] = 0x1f;
        }
        page.assigned = true;
        page.immutable = n->immutable;
        page.gpa = gpa;
        page.asid = n->asid;
    }
    if (n->size) {
        memset(&m->small[region * 512], 0, 512 * sizeof(page));
        m->is_large[region] = n->assigned;
        m->large[region] = page;
    } else {
        m->small[spn] = page;
    }
    return done(0);
}

struct answer model_psmash(struct model *m, const struct rmp_caller *who, uint64_t rax)
{
    const uint64_t spn = rax / 4096;
    if (who->cpl != 0) {
        return GP;
    }
    if (who->asid != 0) {
        return done(2);
    }
    if (spn % 512 != 0 || spn / 512 >= REGIONS) {
        return done(1);
    }
    for (uint64_t i = 0; i < 512; i++) {
        if (m->small[spn + i].in_use || m->small[spn + i].lock) {
            return done(3);
        }
    }
    if (!m->is_large[spn / 512]) {
        return done(7);
    }
    for (uint64_t i = 0; i < 512; i++) {
        m->small[spn + i] = m->large[spn / 512];
        m->small[spn + i].gpa += i * 4096;
    }
    m->is_large[spn / 512] = false;
    return done(0);
}

/* The part that PVALIDATE, RMPADJUST and RMPQUERY share, up to the C-bit; true if it ends here. */
static bool model_common(const struct rmp_config *cfg, const struct rmp_caller *who,
                         const struct rmp_xlat *x, bool is_pvalidate, struct answer *a)
{
    if (!who->snp_active) {
        *a = UD;
        return true;
    }
    if (who->cpl != 0) {
        *a = GP;
        return true;
    }
    if (is_pvalidate && who->vmpl != 0) {
        *a = cfg->pval_vmpl == RMP_PVAL_VMPL_GP ? GP : done(2);
        return true;
    }
    if (cfg->pval_npt == RMP_PVAL_NPT_WRITE && !x->npt_writable) {
        *a = npf(UINT64_C(0x100000003) | (x->c ? UINT64_C(1) << 34 : 0));
        return true;
    }
    if (!x->c) {
        *a = cfg->pval_c0 == RMP_PVAL_C0_PF   ? (struct answer){.kind = RMP_OUT_PF, .code = 9}
             : cfg->pval_c0 == RMP_PVAL_C0_GP ? GP
                                              : done(1);
        return true;
    }
    return false;
}

#define INSN_NPF UINT64_C(0x580000001)

static bool bound(const struct page *page, bool large, const struct rmp_caller *who, uint64_t gpa)
{
    return page != NULL && page->assigned && page->asid == who->asid && !page->immutable &&
           page->gpa == (large ? gpa & ~UINT64_C(0x1fffff) : gpa & ~UINT64_C(0xfff));
}

struct answer model_pvalidate(struct model *m, const struct rmp_config *cfg,
                              const struct rmp_caller *who, const struct rmp_xlat *x,
                              uint32_t ecx, uint32_t edx)
{
    struct answer a;
    if (model_common(cfg, who, x, true, &a)) {
        return a;
    }
    if (ecx > 1 || edx > 1 || (ecx == 1 && (x->gpa & 0x1ff000) != 0)) {
        return done(1);
    }
    bool large;
    struct page *page = model_page(m, x->spa, &large);
    if (!bound(page, large, who, x->gpa) || page->in_use || page->lock) {
        return npf(INSN_NPF);
    }
    if (ecx == 0 && large) {
        return npf(INSN_NPF | UINT64_C(1) << 35);
    }
    if (ecx == 1 && !large) {
        return done(6);
    }
    if (large != (x->npt_size == PAGE_2M)) {
        return npf(INSN_NPF);
    }
    a = done(0);
    a.cf = page->validated == (edx == 1);
    page->validated = edx == 1;
    return a;
}

struct answer model_adjust(struct model *m, const struct rmp_config *cfg,
                           const struct rmp_caller *who, const struct rmp_xlat *x,
                           uint64_t rcx, uint64_t rdx)
{
    struct answer a;
    if (model_common(cfg, who, x, false, &a)) {
        return a;
    }
    const uint64_t target = rdx & 0xff, mask = rdx >> 8 & 0xff, vmsa = rdx >> 16 & 1;
    if (rcx > 1 || rdx > 0x1ffff || mask > 0x1f || target > 3 || (rcx == 1 && vmsa) ||
        (rcx == 1 && (x->gpa & 0x1ff000) != 0)) {
        return done(1);
    }
    if (target <= who->vmpl) {
        return done(2);
    }
    bool large;
    struct page *page = model_page(m, x->spa, &large);
    if (!bound(page, large, who, x->gpa) || page->in_use || page->lock) {
        return npf(INSN_NPF);
    }
    const bool large_npt = x->npt_size == PAGE_2M;
    if (large == (rcx == 1) && large != large_npt) {
        return npf(INSN_NPF);
    }
    if (!page->validated) {
        return VC;
    }
    if (large && rcx == 0) {
        return npf(INSN_NPF | UINT64_C(1) << 35);
    }
    if (!large && rcx == 1) {
        return done(6);
    }
    if ((mask & page->perm[who->vmpl]) != mask) {
        return done(2);
    }
    page->perm[target] = (uint8_t)mask;
    if (who->vmpl == 0) {
        page->vmsa = vmsa;
    }
    return done(0);
}

struct answer model_query(struct model *m, const struct rmp_config *cfg,
                          const struct rmp_caller *who, const struct rmp_xlat *x,
                          uint64_t *rcx, uint64_t *rdx)
{
    struct answer a;
    if (model_common(cfg, who, x, false, &a)) {
        return a;
    }
    const uint64_t target = *rdx & 0xff;
    if (*rdx > 0x1ffff || target > 3) {
        return done(1);
    }
    if (target < who->vmpl) {
        return done(2);
    }
    bool large;
    const struct page *page = model_page(m, x->spa, &large);
    if (!bound(page, large, who, x->gpa) || large != (x->npt_size == PAGE_2M)) {
        return npf(INSN_NPF);
    }
    if (!page->validated) {
        return VC;
    }
    *rcx = large;
    *rdx = target + 256 * page->perm[target] + 65536 * page->vmsa;
    return done(0);
}

struct answer model_access(struct model *m, const struct rmp_config *cfg,
                           const struct rmp_caller *who, const struct rmp_xlat *x,
                           const struct rmp_access *acc)
{
    const bool fetch = acc->type == RMP_ACCESS_FETCH;
    const bool sss = acc->type == RMP_ACCESS_SSS_READ || acc->type == RMP_ACCESS_SSS_WRITE;
    const bool write = acc->type == RMP_ACCESS_WRITE || acc->type == RMP_ACCESS_SSS_WRITE;
    const bool private = x->c || fetch || acc->table;
    const bool user = who->cpl == 3;
    const uint64_t bits = 1 + 2 * write + 4 * user + 16 * fetch + 64 * sss +
                          (acc->table ? UINT64_C(1) << 33 : UINT64_C(1) << 32) +
                          (private ? UINT64_C(1) << 34 : 0) + (UINT64_C(1) << 31);
    const bool large_npt = x->npt_size == PAGE_2M;
    if (!who->snp_active || !private) {
        if (who->snp_active && sss) {
            return (struct answer){.kind = RMP_OUT_PF, .code = 0x49u + 2 * write + 4 * user};
        }
        const bool bad = (write || acc->table) && !model_hv_owned(m, x->spa, large_npt);
        return bad ? npf(bits) : done(0);
    }
    bool large;
    const struct page *page = model_page(m, x->spa, &large);
    if (!bound(page, large, who, x->gpa) || large != large_npt) {
        return npf(bits);
    }
    if (!page->validated) {
        return VC;
    }
    const uint8_t p = page->perm[who->vmpl];
    bool ok = fetch ? (user ? p & 4 : p & 8) != 0 : (p & 1) != 0;
    ok = ok && (!write || (p & 2)) && (!sss || (p & 16));
    if (!ok) {
        return npf(bits | UINT64_C(1) << 36 | (sss && (p & 16) ? UINT64_C(1) << 37 : 0));
    }
    if (write && page->in_use && cfg->inuse_write == RMP_INUSE_WRITE_NPF_RETRY) {
        return npf(bits);
    }
    return done(0);
}

/* The raw entry that the model stands for, by the drawing in the manual. */
struct rmp_raw model_raw(const struct model *m, uint64_t spn)
{
    const uint64_t region = spn / 512;
    const bool large = m->is_large[region];
    if (large && spn % 512 != 0) {
        return (struct rmp_raw){.lo = 1, .hi = (uint64_t)m->small[spn].in_use << 32};
    }
    const struct page *p = large ? &m->large[region] : &m->small[spn];
    const uint64_t count =
        spn % 512 == 0 && !large ? assigned_in_region(m, region, false) : 0;
    return (struct rmp_raw){
        .lo = (uint64_t)p->assigned | (uint64_t)large << 1 | (uint64_t)p->immutable << 2 |
              count << 3 | p->gpa | (uint64_t)p->asid << 51 | (uint64_t)p->vmsa << 61 |
              (uint64_t)p->validated << 62 | (uint64_t)p->lock << 63,
        .hi = p->perm[0] | (uint64_t)p->perm[1] << 8 | (uint64_t)p->perm[2] << 16 |
              (uint64_t)p->perm[3] << 24 | (uint64_t)p->in_use << 32,
    };
}
