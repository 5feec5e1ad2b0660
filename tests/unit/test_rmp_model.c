/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random operations on rmp/ and on a second model, written here from the manual's text in another
 * form: pages are plain records, an assigned 2 MiB page is one record of its region, counts are
 * counted. Every result and the whole table must agree.
 */
#include <glib.h>
#include <string.h>

#include "rmp/access.h"

enum {
    REGIONS = 2,
    TAIL = 4, /* pages of a third region, which is covered in part */
    PAGES = REGIONS * 512 + TAIL,
    OPS = 1500000,
    WHOLE_TABLE_EVERY = 4096,
};

struct page {
    bool assigned, immutable, vmsa, validated, in_use, lock;
    uint32_t asid;
    uint64_t gpa;
    uint8_t perm[4];
};

struct model {
    bool is_large[REGIONS + 1];
    struct page large[REGIONS + 1];
    struct page small[PAGES];
};

struct answer {
    enum rmp_outcome_kind kind;
    uint32_t eax;
    bool cf;
    uint64_t code; /* error code or EXITINFO1 */
};

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

static struct page *page_find(struct model *m, uint64_t spa, bool *large)
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

static bool hv_owned(struct model *m, uint64_t spa, bool large_npt)
{
    bool large;
    const struct page *page = page_find(m, large_npt ? spa & ~UINT64_C(0x1fffff) : spa, &large);
    if (page == NULL) {
        return true;
    }
    if (large || !large_npt) {
        return !page->assigned;
    }
    return assigned_in_region(m, spa >> 21, true) == 0;
}

static struct answer model_update(struct model *m, const struct rmp_caller *who, uint64_t rax,
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

static struct answer model_psmash(struct model *m, const struct rmp_caller *who, uint64_t rax)
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

static struct answer model_pvalidate(struct model *m, const struct rmp_config *cfg,
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
    struct page *page = page_find(m, x->spa, &large);
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

static struct answer model_adjust(struct model *m, const struct rmp_config *cfg,
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
    struct page *page = page_find(m, x->spa, &large);
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

static struct answer model_query(struct model *m, const struct rmp_config *cfg,
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
    const struct page *page = page_find(m, x->spa, &large);
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

static struct answer model_access(struct model *m, const struct rmp_config *cfg,
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
        const bool bad = (write || acc->table) && !hv_owned(m, x->spa, large_npt);
        return bad ? npf(bits) : done(0);
    }
    bool large;
    const struct page *page = page_find(m, x->spa, &large);
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
static struct rmp_raw model_raw(const struct model *m, uint64_t spn)
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

struct rig {
    struct rmp_entry entries[PAGES];
    struct rmp rmp;
    struct model model;
    uint32_t count[8][8]; /* operation, outcome: that the run reaches what it should */
};

static void assert_entry(const struct rig *rig, uint64_t spn)
{
    const struct rmp_raw expected = model_raw(&rig->model, spn);
    const struct rmp_raw got = rmp_raw_of(&rig->entries[spn]);
    g_assert_cmphex(got.lo, ==, expected.lo);
    g_assert_cmphex(got.hi, ==, expected.hi);
}

/* xorshift: the operations must be the same on every host and GLib. */
static uint32_t pick(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)((*seed >> 33) % below);
}

static bool rarely(uint64_t *seed)
{
    return pick(seed, 24) == 0;
}

static uint64_t pick_spa(uint64_t *seed)
{
    static const uint64_t spns[] = {0,   0,   1,   2,   511,  512,      512,
                                    513, 700, 1024, 1025, 1027, PAGES, UINT64_C(1) << 39};
    return spns[pick(seed, G_N_ELEMENTS(spns) - (rarely(seed) ? 0 : 2))] * 4096;
}

static struct rmp_xlat pick_xlat(uint64_t *seed)
{
    const uint64_t spa = pick_spa(seed);
    return (struct rmp_xlat){
        .gva = 0x1000,
        .gpa = spa + (rarely(seed) ? PAGE_BYTES_2M : 0) + (rarely(seed) ? 4096 : 0),
        .spa = spa,
        .npt_size = pick(seed, 2) ? PAGE_2M : PAGE_4K,
        .npt_writable = !rarely(seed),
        .c = !rarely(seed),
    };
}

static struct rmp_caller pick_guest(uint64_t *seed)
{
    return (struct rmp_caller){
        .asid = 1 + rarely(seed),
        .vmpl = (uint8_t)(pick(seed, 2) ? 0 : pick(seed, 4)),
        .cpl = (uint8_t)(rarely(seed) ? 1 + pick(seed, 3) : 0),
        .snp_active = !rarely(seed),
    };
}

static struct rmp_caller pick_host(uint64_t *seed)
{
    return (struct rmp_caller){.asid = rarely(seed), .cpl = rarely(seed) ? 3 : 0};
}

static struct rmp_operand pick_operand(uint64_t *seed, uint64_t spa)
{
    const bool assigned = pick(seed, 4) != 0;
    return (struct rmp_operand){
        .gpa = (spa + (rarely(seed) ? PAGE_BYTES_2M : 0) +
                (rarely(seed) ? UINT64_C(1) << 51 : 0)) | (rarely(seed) ? 0x77 : 0),
        .assigned = assigned,
        .size = pick(seed, 8) < (spa % PAGE_BYTES_2M == 0 ? 4 : 1),
        .immutable = rarely(seed),
        .asid = assigned && !rarely(seed) ? 1 + rarely(seed) : rarely(seed),
    };
}

static uint64_t pick_rdx(uint64_t *seed)
{
    return (rarely(seed) ? pick(seed, 256) : pick(seed, 4)) |
           (uint64_t)(rarely(seed) ? pick(seed, 256) : pick(seed, 32)) << 8 |
           (uint64_t)(pick(seed, 8) == 0) << 16 | (uint64_t)rarely(seed) << (17 + pick(seed, 47));
}

/* What firmware and the processor do: reclaim, hold and release; the same in both models. */
static void mutate(struct rig *rig, uint64_t *seed, uint64_t spa)
{
    bool large;
    struct page *page = page_find(&rig->model, spa, &large);
    struct rmp_entry *entry = rmp_entry_at(&rig->rmp, spa);
    if (page == NULL) {
        g_assert_null(entry);
        return;
    }
    const uint64_t region = spa / PAGE_BYTES_2M;
    if (region < REGIONS && pick(seed, 8) == 0) { /* or 2 MiB pages would hardly come about */
        rig->model.is_large[region] = false;
        memset(&rig->model.small[region * 512], 0, 512 * sizeof(*page));
        memset(&rig->entries[region * 512], 0, 512 * sizeof(*entry));
        return;
    }
    switch (pick(seed, 4)) {
    case 0:
    case 1:
        page->immutable = false;
        entry->immutable = 0;
        break;
    case 2:
        if (!large) {
            page->in_use = !page->in_use && rarely(seed);
            entry->in_use = page->in_use;
        }
        break;
    case 3:
        if (!large) {
            page->lock = !page->lock && rarely(seed);
            entry->lock = page->lock;
            page->immutable = rarely(seed); /* HV-Fixed among them */
            entry->immutable = page->immutable;
        }
        break;
    }
}

static void step(struct rig *rig, uint64_t *seed)
{
    const struct rmp_config config = {
        .pval_vmpl = rarely(seed) ? RMP_PVAL_VMPL_PERMISSION : RMP_PVAL_VMPL_GP,
        .pval_c0 = (enum rmp_pval_c0)pick(seed, 3),
        .pval_npt = rarely(seed) ? RMP_PVAL_NPT_WRITE : RMP_PVAL_NPT_READ,
        .inuse_write = pick(seed, 2) ? RMP_INUSE_WRITE_ALLOW : RMP_INUSE_WRITE_NPF_RETRY,
    };
    const struct rmp_xlat xlat = pick_xlat(seed);
    const struct rmp_caller guest = pick_guest(seed);
    const struct rmp_caller host = pick_host(seed);
    const struct rmp_operand operand = pick_operand(seed, xlat.spa);
    const struct rmp_access access = {.type = (enum rmp_access_type)pick(seed, 5),
                                      .table = rarely(seed)};
    const uint32_t ecx = rarely(seed) ? pick(seed, 8) : xlat.npt_size;
    const uint32_t edx = rarely(seed) ? 2 : pick(seed, 2);
    const uint64_t rdx = pick_rdx(seed);
    uint64_t rcx_got = 0, rdx_got = rdx, rcx_expected = 0, rdx_expected = rdx;
    struct rmp_outcome got;
    struct answer expected;
    const uint32_t op = pick(seed, 7);
    switch (op) {
    case 0:
        expected = model_update(&rig->model, &host, xlat.spa, &operand);
        got = rmp_update(&rig->rmp, &host, xlat.spa, &operand);
        break;
    case 1:
        expected = model_psmash(&rig->model, &host, xlat.spa);
        got = rmp_psmash(&rig->rmp, &host, xlat.spa);
        break;
    case 2:
        expected = model_pvalidate(&rig->model, &config, &guest, &xlat, ecx, edx);
        got = rmp_pvalidate(&rig->rmp, &config, &guest, &xlat, ecx, edx);
        break;
    case 3:
        expected = model_adjust(&rig->model, &config, &guest, &xlat, ecx, rdx);
        got = rmp_adjust(&rig->rmp, &config, &guest, &xlat, ecx, rdx);
        break;
    case 4:
        expected = model_query(&rig->model, &config, &guest, &xlat, &rcx_expected, &rdx_expected);
        got = rmp_query(&rig->rmp, &config, &guest, &xlat, &rcx_got, &rdx_got);
        break;
    case 5:
        expected = model_access(&rig->model, &config, &guest, &xlat, &access);
        got = rmp_access_check(&rig->rmp, &config, &guest, &xlat, &access);
        break;
    default:
        mutate(rig, seed, xlat.spa);
        return;
    }
    g_assert_cmpint(got.kind, ==, expected.kind);
    g_assert_cmpuint(got.eax, ==, expected.eax);
    g_assert_true(got.cf == expected.cf);
    g_assert_cmphex(got.kind == RMP_OUT_NPF ? got.exitinfo1 : got.error_code, ==, expected.code);
    g_assert_cmphex(rcx_got, ==, rcx_expected);
    g_assert_cmphex(rdx_got, ==, rdx_expected);
    g_assert_true(got.changed == (op < 4 && got.kind == RMP_OUT_DONE && got.eax == 0));
    g_assert_true(rmp_hypervisor_owned(&rig->rmp, xlat.spa, xlat.npt_size) ==
                  hv_owned(&rig->model, xlat.spa, xlat.npt_size == PAGE_2M));
    if (xlat.spa / 4096 < PAGES) {
        assert_entry(rig, xlat.spa / 4096);
        assert_entry(rig, xlat.spa / 4096 & ~UINT64_C(511));
    }
    rig->count[op][got.kind == RMP_OUT_DONE ? (got.eax == 0 ? 0 : 1) : 1 + (int)got.kind]++;
}

static void test_random(void)
{
    static struct rig rig;
    memset(&rig, 0, sizeof(rig));
    rig.rmp = (struct rmp){.entries = rig.entries, .covered_pages = PAGES};
    rmp_init(&rig.rmp);
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < OPS; i++) {
        step(&rig, &seed);
        if (i % WHOLE_TABLE_EVERY == 0) {
            for (uint64_t spn = 0; spn < PAGES; spn++) {
                assert_entry(&rig, spn);
            }
        }
    }
    /* The comparison says something only where the run went: successes and each kind of refusal. */
    for (uint32_t op = 0; op < 6; op++) {
        g_test_message("op %u: success %u, refused %u, #UD %u, #GP %u, #PF %u, #VC %u, NPF %u", op,
                       rig.count[op][0], rig.count[op][1], rig.count[op][2], rig.count[op][3],
                       rig.count[op][4], rig.count[op][5], rig.count[op][6]);
        g_assert_cmpuint(rig.count[op][0], >, 500);
        if (op < 5) {
            g_assert_cmpuint(rig.count[op][1], >, 500);
            g_assert_cmpuint(rig.count[op][3], >, 500);
        }
        if (op >= 2) {
            g_assert_cmpuint(rig.count[op][6], >, 500);
        }
        if (op >= 3) {
            g_assert_cmpuint(rig.count[op][5], >, 500);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/model/2-4/random-equals-second-model", test_random);
    return g_test_run();
}
