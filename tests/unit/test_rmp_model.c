/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random operations on rmp/ and on the second model: all results and the whole table must agree. */
#include <glib.h>
#include <string.h>

#include "tests/unit/rmp_second_model.h"

enum {
    OPS = 1500000,
    WHOLE_TABLE_EVERY = 4096,
};

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
    struct page *page = model_page(&rig->model, spa, &large);
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
                  model_hv_owned(&rig->model, xlat.spa, xlat.npt_size == PAGE_2M));
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
