/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RMPUPDATE, PSMASH, RMPREAD: results, order of the checks, keep rule, transitions (APM 3). */
#include "tests/unit/rmp_fixture.h"

#include "rmp/insn.h"

enum { SLOT = 3, BASE = PAGES_PER_2M };

static const struct rmp_operand HYPERVISOR_4K = {0};
static const struct rmp_operand HYPERVISOR_2M = {.size = PAGE_2M};

/* A Guest-Valid page with every guest-made field set. */
static void rig_fill(struct rig *rig, uint64_t spa, enum page_size size)
{
    rig_validate(rig, spa, size);
    struct rmp_entry *entry = rmp_slot_at(&rig->rmp, spa);
    entry->vmsa = 1;
    memcpy(entry->perm, (uint8_t[]){0x1f, 0x0f, 0x07, 0x03}, VMPL_COUNT);
}

static void assert_reset(const struct rmp_entry *entry)
{
    g_assert_cmpuint(entry->validated, ==, 0);
    g_assert_cmpuint(entry->vmsa, ==, 0);
    g_assert_cmpmem(entry->perm, VMPL_COUNT, ((uint8_t[]){RMP_PERM_ALL, 0, 0, 0}), VMPL_COUNT);
}

static void assert_refused(struct rig *rig, uint64_t spa, struct rmp_operand op, uint32_t eax)
{
    const struct rig before = *rig;
    g_assert_cmpuint(rig_update(rig, spa, op), ==, eax);
    rig_assert_same(rig, &before);
}

static void test_update_caller(void)
{
    struct rig rig;
    rig_init(&rig);
    const struct rmp_operand op = rig_operand(RIG_SPA, PAGE_4K);
    struct rmp_caller caller = {.asid = 1, .cpl = 3};
    struct rmp_entry *slot = &rig.entries[SLOT];
    g_assert_cmpint(rmp_update(&rig.rmp, &caller, RIG_SPA, &op).kind, ==, RMP_OUT_GP);
    caller.cpl = 0; /* FAIL_PERMISSION for a guest wins over FAIL_INPUT */
    const struct rmp_outcome out = rmp_update(&rig.rmp, &caller, RIG_SPA_UNCOVERED, &op);
    g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
    g_assert_cmpuint(out.eax, ==, RMP_RC_FAIL_PERMISSION);
    g_assert_cmpuint(slot->assigned, ==, 0);
}

static void test_update_input(void)
{
    struct rig rig;
    rig_init(&rig);
    /* In use and immutable at once: FAIL_INPUT still wins. */
    rig.entries[SLOT].in_use = 1;
    rig.entries[SLOT].immutable = 1;
    const uint64_t spa = RIG_SPA;
    assert_refused(&rig, spa, (struct rmp_operand){.size = PAGE_2M}, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.immutable = 1}, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.asid = 1}, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.assigned = 2}, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.assigned = 1, .immutable = 2},
                   RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.assigned = 1, .asid = 0x400},
                   RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.assigned = 1, .gpa = UINT64_C(1) << 51},
                   RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.size_reserved = 1}, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, spa, (struct rmp_operand){.reserved = 1}, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, RIG_SPA_UNCOVERED, HYPERVISOR_4K, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, UINT64_MAX, HYPERVISOR_4K, RMP_RC_FAIL_INPUT);
    assert_refused(&rig, 2 * PAGE_BYTES_2M, HYPERVISOR_2M, RMP_RC_FAIL_INPUT);
}

static void test_update_low_bits(void)
{
    struct rig rig;
    rig_init(&rig);
    struct rmp_operand op = rig_operand(RIG_SPA, PAGE_4K);
    op.gpa |= 0xabc;
    g_assert_cmpuint(rig_update(&rig, RIG_SPA | 0x123, op), ==, RMP_RC_SUCCESS);
    g_assert_cmphex(rig.entries[SLOT].gpn, ==, (RIG_SPA + RIG_GPA_SHIFT) >> PAGE_SHIFT);
}

static void test_update_in_use(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_fill(&rig, RIG_SPA, PAGE_4K);
    rig.entries[SLOT].in_use = 1;
    rig.entries[SLOT].immutable = 1; /* 3 wins over 2 */
    assert_refused(&rig, RIG_SPA, HYPERVISOR_4K, RMP_RC_FAIL_INUSE);
    rig.entries[SLOT].in_use = 0;
    rig.entries[SLOT].lock = 1;
    assert_refused(&rig, RIG_SPA, HYPERVISOR_4K, RMP_RC_FAIL_INUSE);
    /* Any page of a 2 MiB range; also wins over the overlap. */
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M + PAGE_BYTES, PAGE_4K);
    rig.entries[BASE + 511].in_use = 1;
    assert_refused(&rig, RIG_SPA_2M, rig_operand(RIG_SPA_2M, PAGE_2M), RMP_RC_FAIL_INUSE);
    /* The neighbour's lock is no concern of a 4 KiB page. */
    rig_assign(&rig, RIG_SPA_2M + 510 * PAGE_BYTES, PAGE_4K);
}

static void test_update_immutable(void)
{
    struct rig rig;
    rig_init(&rig);
    struct rmp_operand op = rig_operand(RIG_SPA, PAGE_4K);
    op.immutable = 1;
    g_assert_cmpuint(rig_update(&rig, RIG_SPA, op), ==, RMP_RC_SUCCESS);
    assert_refused(&rig, RIG_SPA, op, RMP_RC_FAIL_PERMISSION);
    assert_refused(&rig, RIG_SPA, HYPERVISOR_4K, RMP_RC_FAIL_PERMISSION);
    /* 2 wins over 4. */
    rig.entries[BASE].immutable = 1;
    rig_assign(&rig, RIG_SPA_2M + PAGE_BYTES, PAGE_4K);
    assert_refused(&rig, RIG_SPA_2M, HYPERVISOR_2M, RMP_RC_FAIL_PERMISSION);
    /* An HV-Fixed page in the middle is not swallowed; an assigned one there is the overlap. */
    rig_init(&rig);
    rig.entries[BASE + 9].immutable = 1;
    assert_refused(&rig, RIG_SPA_2M, rig_operand(RIG_SPA_2M, PAGE_2M), RMP_RC_FAIL_PERMISSION);
    rig_init(&rig);
    op = rig_operand(RIG_SPA_2M + PAGE_BYTES, PAGE_4K);
    op.immutable = 1;
    g_assert_cmpuint(rig_update(&rig, RIG_SPA_2M + PAGE_BYTES, op), ==, RMP_RC_SUCCESS);
    assert_refused(&rig, RIG_SPA_2M, rig_operand(RIG_SPA_2M, PAGE_2M), RMP_RC_FAIL_OVERLAP);
}

static void test_update_overlap(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    const uint64_t inner = RIG_SPA_2M + 77 * PAGE_BYTES;
    assert_refused(&rig, RIG_SPA_2M, HYPERVISOR_4K, RMP_RC_FAIL_OVERLAP);
    assert_refused(&rig, inner, HYPERVISOR_4K, RMP_RC_FAIL_OVERLAP);
    assert_refused(&rig, inner, rig_operand(inner, PAGE_4K), RMP_RC_FAIL_OVERLAP);
    g_assert_cmpuint(rig_update(&rig, RIG_SPA_2M, HYPERVISOR_2M), ==, RMP_RC_SUCCESS);

    rig_assign(&rig, inner, PAGE_4K);
    assert_refused(&rig, RIG_SPA_2M, rig_operand(RIG_SPA_2M, PAGE_2M), RMP_RC_FAIL_OVERLAP);
    assert_refused(&rig, RIG_SPA_2M, HYPERVISOR_2M, RMP_RC_FAIL_OVERLAP);
    g_assert_cmpuint(rig_update(&rig, inner, HYPERVISOR_4K), ==, RMP_RC_SUCCESS);
    /* The base alone does not overlap: it is the entry that is replaced. */
    rig_fill(&rig, RIG_SPA_2M, PAGE_4K);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    assert_reset(&rig.entries[BASE]);
}

static void test_update_2m_slots(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    const struct rmp_entry inner = {.assigned = 1};
    for (int i = 1; i < PAGES_PER_2M; i++) {
        g_assert_cmpmem(&rig.entries[BASE + i], sizeof(inner), &inner, sizeof(inner));
    }
    g_assert_cmpuint(rig.entries[BASE].subpage_count, ==, 0);
    g_assert_cmpuint(rig.entries[BASE - 1].assigned, ==, 0);
    g_assert_cmpuint(rig.entries[BASE + PAGES_PER_2M].assigned, ==, 0);
    g_assert_cmpuint(rig_update(&rig, RIG_SPA_2M, HYPERVISOR_2M), ==, RMP_RC_SUCCESS);
    const struct rmp_entry zero = {0};
    for (int i = 0; i < PAGES_PER_2M; i++) {
        g_assert_cmpmem(&rig.entries[BASE + i], sizeof(zero), &zero, sizeof(zero));
    }
}

static void test_update_unassign(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_fill(&rig, RIG_SPA, PAGE_4K);
    const struct rmp_operand op = {.gpa = 0x5000}; /* the GPA of a freed page is not kept */
    g_assert_cmpuint(rig_update(&rig, RIG_SPA, op), ==, RMP_RC_SUCCESS);
    const struct rmp_entry zero = {0};
    g_assert_cmpmem(&rig.entries[SLOT], sizeof(zero), &zero, sizeof(zero));
}

/* Section 4.4 "reset": what keeps and what does not. */
static void test_update_keep(void)
{
    static const struct {
        const char *what;
        bool gpa, asid, asid0, imm, keep;
    } cases[] = {
        {.what = "the same again", .keep = true},
        {.what = "immutable set", .imm = true, .keep = true},
        {.what = "other GPA", .gpa = true},
        {.what = "other ASID", .asid = true},
        {.what = "ASID 0", .asid0 = true},
        {.what = "other GPA and immutable", .gpa = true, .imm = true},
    };
    for (enum page_size size = PAGE_4K; size <= PAGE_2M; size++) {
        const uint64_t spa = size == PAGE_2M ? RIG_SPA_2M : RIG_SPA;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_test_message("%s", cases[i].what);
            struct rig rig;
            rig_init(&rig);
            rig_fill(&rig, spa, size);
            struct rmp_operand op = rig_operand(spa, size);
            op.gpa += cases[i].gpa ? PAGE_BYTES_2M : 0;
            op.asid = cases[i].asid0 ? 0 : op.asid + cases[i].asid;
            op.immutable = cases[i].imm;
            const struct rmp_outcome out = rmp_update(&rig.rmp, &rig.host, spa, &op);
            g_assert_cmpuint(out.eax, ==, RMP_RC_SUCCESS);
            const struct rmp_entry *entry = rmp_slot_at(&rig.rmp, spa);
            if (cases[i].keep) {
                g_assert_cmpuint(entry->validated, ==, 1);
                g_assert_cmpuint(entry->vmsa, ==, 1);
                g_assert_cmpmem(entry->perm, VMPL_COUNT, out.before.perm, VMPL_COUNT);
                g_assert_cmphex(entry->perm[3], ==, 0x03);
            } else {
                assert_reset(entry);
            }
            g_assert_cmpuint(entry->immutable, ==, cases[i].imm);
            g_assert_cmpuint(entry->asid, ==, op.asid);
            g_assert_cmphex((uint64_t)entry->gpn << PAGE_SHIFT, ==, op.gpa);
            g_assert_cmpmem(&out.after, sizeof(out.after), entry, sizeof(*entry));
            g_assert_cmpuint(out.before.validated, ==, 1);
        }
    }
}

static void test_update_asid0_resets(void)
{
    struct rig rig;
    rig_init(&rig);
    const struct rmp_operand op = {.assigned = 1, .gpa = 0x7000};
    rig.entries[SLOT] =
        (struct rmp_entry){.assigned = 1, .gpn = 7, .vmsa = 1, .perm = {1, 2, 3, 4}};
    g_assert_cmpuint(rig_update(&rig, RIG_SPA, op), ==, RMP_RC_SUCCESS);
    assert_reset(&rig.entries[SLOT]);
}

static void test_update_subpage_count(void)
{
    struct rig rig;
    rig_init(&rig);
    const struct rmp_entry *base = &rig.entries[BASE];
    for (uint32_t i = 511; i > 0; i--) {
        rig_assign(&rig, RIG_SPA_2M + i * PAGE_BYTES, PAGE_4K);
        g_assert_cmpuint(base->subpage_count, ==, 512 - i);
        rig_assign(&rig, RIG_SPA_2M + i * PAGE_BYTES, PAGE_4K); /* again: not counted twice */
        g_assert_cmpuint(base->subpage_count, ==, 512 - i);
    }
    rig_assign(&rig, RIG_SPA_2M, PAGE_4K); /* the base itself is not counted, and keeps it */
    g_assert_cmpuint(base->subpage_count, ==, 511);
    g_assert_cmpuint(rig_update(&rig, RIG_SPA_2M, HYPERVISOR_4K), ==, 0);
    g_assert_cmpuint(base->subpage_count, ==, 511);
    for (uint32_t i = 1; i < 512; i++) {
        g_assert_cmpuint(rig_update(&rig, RIG_SPA_2M + i * PAGE_BYTES, HYPERVISOR_4K), ==, 0);
        g_assert_cmpuint(base->subpage_count, ==, 511 - i);
    }
    g_assert_cmpuint(rig.entries[0].subpage_count, ==, 0);
    /* A region that is covered in part has a base and a count too. */
    rig_assign(&rig, 2 * PAGE_BYTES_2M + 15 * PAGE_BYTES, PAGE_4K);
    g_assert_cmpuint(rig.entries[2 * PAGES_PER_2M].subpage_count, ==, 1);
}

/* Section 2.4: what the hypervisor can do to each state, by RMPUPDATE. */
static void test_transitions(void)
{
    struct rig rig;
    rig_init(&rig);
    struct rmp_operand guest = rig_operand(RIG_SPA, PAGE_4K);
    struct rmp_operand frozen = guest;
    frozen.immutable = 1;
    const struct rmp_operand firmware = {.assigned = 1, .immutable = 1};
    const struct {
        enum rmp_state from;
        struct rmp_operand op;
        uint32_t eax;
        enum rmp_state to;
    } rows[] = {
        {RMP_STATE_HYPERVISOR, guest, 0, RMP_STATE_GUEST_INVALID},
        {RMP_STATE_HYPERVISOR, frozen, 0, RMP_STATE_PRE_GUEST},
        {RMP_STATE_HYPERVISOR, firmware, 0, RMP_STATE_FIRMWARE},
        {RMP_STATE_HYPERVISOR, HYPERVISOR_4K, 0, RMP_STATE_HYPERVISOR},
        {RMP_STATE_GUEST_INVALID, HYPERVISOR_4K, 0, RMP_STATE_HYPERVISOR},
        {RMP_STATE_GUEST_INVALID, frozen, 0, RMP_STATE_PRE_GUEST},
        {RMP_STATE_GUEST_INVALID, firmware, 0, RMP_STATE_FIRMWARE},
        {RMP_STATE_GUEST_VALID, HYPERVISOR_4K, 0, RMP_STATE_HYPERVISOR},
        {RMP_STATE_GUEST_VALID, frozen, 0, RMP_STATE_PRE_SWAP},
        {RMP_STATE_GUEST_VALID, guest, 0, RMP_STATE_GUEST_VALID},
        {RMP_STATE_GUEST_VALID, firmware, 0, RMP_STATE_FIRMWARE},
        {RMP_STATE_RECLAIM, HYPERVISOR_4K, 0, RMP_STATE_HYPERVISOR},
        {RMP_STATE_RECLAIM, guest, 0, RMP_STATE_GUEST_INVALID},
        {RMP_STATE_HV_FIXED, guest, 2, RMP_STATE_HV_FIXED},
        {RMP_STATE_FIRMWARE, HYPERVISOR_4K, 2, RMP_STATE_FIRMWARE},
        {RMP_STATE_CONTEXT, HYPERVISOR_4K, 2, RMP_STATE_CONTEXT},
        {RMP_STATE_METADATA, HYPERVISOR_4K, 2, RMP_STATE_METADATA},
        {RMP_STATE_PRE_GUEST, HYPERVISOR_4K, 2, RMP_STATE_PRE_GUEST},
        {RMP_STATE_PRE_SWAP, guest, 2, RMP_STATE_PRE_SWAP},
    };
    const uint64_t gpn = guest.gpa >> PAGE_SHIFT;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rmp_entry *entry = &rig.entries[SLOT];
        const enum rmp_state s = rows[i].from;
        const bool owned = s >= RMP_STATE_PRE_GUEST;
        memset(entry, 0, sizeof(*entry));
        entry->assigned = s != RMP_STATE_HYPERVISOR && s != RMP_STATE_HV_FIXED;
        entry->asid = owned ? RIG_ASID : 0;
        entry->gpn = owned || s == RMP_STATE_METADATA ? gpn : 0;
        entry->immutable = s != RMP_STATE_HYPERVISOR && s != RMP_STATE_RECLAIM &&
                           s != RMP_STATE_GUEST_INVALID && s != RMP_STATE_GUEST_VALID;
        entry->validated = s == RMP_STATE_PRE_SWAP || s == RMP_STATE_GUEST_VALID;
        entry->vmsa = s == RMP_STATE_CONTEXT;
        g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA), ==, s);
        g_assert_cmpuint(rig_update(&rig, RIG_SPA, rows[i].op), ==, rows[i].eax);
        g_assert_cmpstr(rmp_state_name(rmp_state_of(&rig.rmp, RIG_SPA)), ==,
                        rmp_state_name(rows[i].to));
    }
    /* The guest's part: Guest-Invalid <-> Guest-Valid, and nothing on immutable pages. */
    memset(rig.entries, 0, sizeof(rig.entries));
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA), ==, RMP_STATE_GUEST_VALID);
    rmp_pvalidate(&rig.rmp, &rig.config, &rig.guest, &xlat, 0, 0);
    g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA), ==, RMP_STATE_GUEST_INVALID);
    g_assert_cmpuint(rig_update(&rig, RIG_SPA, frozen), ==, 0);
    g_assert_cmpint(rmp_pvalidate(&rig.rmp, &rig.config, &rig.guest, &xlat, 0, 1).kind, ==,
                    RMP_OUT_NPF);
    g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA), ==, RMP_STATE_PRE_GUEST);
}

static void test_psmash(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_fill(&rig, RIG_SPA_2M, PAGE_2M);
    rig.entries[BASE].immutable = 1;
    const struct rmp_outcome out = rmp_psmash(&rig.rmp, &rig.host, RIG_SPA_2M + 0x10);
    g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
    g_assert_cmpuint(out.eax, ==, RMP_RC_SUCCESS);
    g_assert_true(out.changed);
    g_assert_cmpuint(out.before.size, ==, PAGE_2M);
    g_assert_cmpuint(out.after.size, ==, PAGE_4K);
    for (uint32_t i = 0; i < PAGES_PER_2M; i++) {
        const struct rmp_entry expected = {
            .assigned = 1,
            .immutable = 1,
            .subpage_count = i == 0 ? 511 : 0,
            .gpn = ((RIG_SPA_2M + RIG_GPA_SHIFT) >> PAGE_SHIFT) + i,
            .asid = RIG_ASID,
            .vmsa = 1,
            .validated = 1,
            .perm = {0x1f, 0x0f, 0x07, 0x03},
        };
        g_assert_cmpmem(&rig.entries[BASE + i], sizeof(expected), &expected, sizeof(expected));
    }
    g_assert_cmpuint(rig.entries[BASE + PAGES_PER_2M].assigned, ==, 0);
    g_assert_cmpuint(rmp_psmash(&rig.rmp, &rig.host, RIG_SPA_2M).eax, ==,
                     RMP_RC_FAIL_NOT_QUALIFIED);
}

static void test_psmash_refused(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    struct rig before = rig;
    struct rmp_caller caller = {.asid = 1, .cpl = 1};
    g_assert_cmpint(rmp_psmash(&rig.rmp, &caller, RIG_SPA_2M).kind, ==, RMP_OUT_GP);
    caller.cpl = 0;
    const struct {
        const struct rmp_caller *caller;
        uint64_t spa;
        uint32_t eax;
    } rows[] = {
        {&caller, RIG_SPA_2M + PAGE_BYTES, RMP_RC_FAIL_PERMISSION}, /* wins over input */
        {&rig.host, RIG_SPA_2M + PAGE_BYTES, RMP_RC_FAIL_INPUT},
        {&rig.host, 2 * PAGE_BYTES_2M, RMP_RC_FAIL_INPUT}, /* covered in part */
        {&rig.host, UINT64_C(1) << 50, RMP_RC_FAIL_INPUT},
        {&rig.host, 0, RMP_RC_FAIL_NOT_QUALIFIED}, /* hypervisor-owned */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct rmp_outcome out = rmp_psmash(&rig.rmp, rows[i].caller, rows[i].spa);
        g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
        g_assert_cmpuint(out.eax, ==, rows[i].eax);
        g_assert_false(out.changed);
    }
    rig_assert_same(&rig, &before);
    rig.entries[0].in_use = 1; /* 3 wins over 7 */
    g_assert_cmpuint(rmp_psmash(&rig.rmp, &rig.host, 0).eax, ==, RMP_RC_FAIL_INUSE);
    rig.entries[BASE].lock = 1;
    g_assert_cmpuint(rmp_psmash(&rig.rmp, &rig.host, RIG_SPA_2M).eax, ==, RMP_RC_FAIL_INUSE);
}

static void test_rmpread(void)
{
    struct rig rig;
    rig_init(&rig);
    struct rmp_operand frozen = rig_operand(RIG_SPA, PAGE_4K);
    frozen.immutable = 1;
    g_assert_cmpuint(rig_update(&rig, RIG_SPA, frozen), ==, 0);
    struct rmp_operand got;
    g_assert_cmpuint(rmp_read(&rig.rmp, &rig.host, RIG_SPA + 5, &got).eax, ==, 0);
    frozen.region_2m_status = 1;
    g_assert_cmpmem(&got, sizeof(got), &frozen, sizeof(frozen));
    g_assert_cmpuint(rmp_read(&rig.rmp, &rig.host, RIG_SPA_2M, &got).eax, ==, 0);
    g_assert_cmpmem(&got, sizeof(got), &HYPERVISOR_4K, sizeof(HYPERVISOR_4K));

    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    rmp_read(&rig.rmp, &rig.host, RIG_SPA_2M, &got);
    struct rmp_operand large = rig_operand(RIG_SPA_2M, PAGE_2M);
    large.region_2m_status = 1;
    g_assert_cmpmem(&got, sizeof(got), &large, sizeof(large));
    rmp_read(&rig.rmp, &rig.host, RIG_SPA_2M + PAGE_BYTES, &got);
    const struct rmp_operand inner = {.assigned = 1, .region_2m_status = 1};
    g_assert_cmpmem(&got, sizeof(got), &inner, sizeof(inner));

    struct rmp_caller caller = {.asid = 1, .cpl = 3};
    g_assert_cmpint(rmp_read(&rig.rmp, &caller, RIG_SPA, &got).kind, ==, RMP_OUT_GP);
    caller.cpl = 0;
    g_assert_cmpuint(rmp_read(&rig.rmp, &caller, RIG_SPA_UNCOVERED, &got).eax, ==,
                     RMP_RC_FAIL_PERMISSION);
    g_assert_cmpuint(rmp_read(&rig.rmp, &rig.host, RIG_SPA_UNCOVERED, &got).eax, ==,
                     RMP_RC_FAIL_INPUT);
    g_assert_cmpmem(&got, sizeof(got), &inner, sizeof(inner)); /* untouched on failure */
}

static void test_rc_names(void)
{
    static const struct {
        uint32_t rc;
        const char *name;
    } rows[] = {{0, "SUCCESS"},        {1, "FAIL_INPUT"},        {2, "FAIL_PERMISSION"},
                {3, "FAIL_INUSE"},     {4, "FAIL_OVERLAP"},      {6, "FAIL_SIZEMISMATCH"},
                {7, "FAIL_NOT_QUALIFIED"}, {99, "?"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpstr(rmp_rc_name((enum rmp_rc)rows[i].rc), ==, rows[i].name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/rmpupdate/4.4/caller", test_update_caller);
    g_test_add_func("/rmp/rmpupdate/4.4/fail-input-first", test_update_input);
    g_test_add_func("/rmp/rmpupdate/4.4/low-address-bits-ignored", test_update_low_bits);
    g_test_add_func("/rmp/rmpupdate/4.4/in-use", test_update_in_use);
    g_test_add_func("/rmp/rmpupdate/4.4/immutable", test_update_immutable);
    g_test_add_func("/rmp/rmpupdate/4.4/overlap", test_update_overlap);
    g_test_add_func("/rmp/rmpupdate/4.4/2m-slots", test_update_2m_slots);
    g_test_add_func("/rmp/rmpupdate/4.4/unassign-zeroes", test_update_unassign);
    g_test_add_func("/rmp/rmpupdate/4.4/keep-rule", test_update_keep);
    g_test_add_func("/rmp/rmpupdate/4.4/asid-0-always-resets", test_update_asid0_resets);
    g_test_add_func("/rmp/rmpupdate/2.2/subpage-count", test_update_subpage_count);
    g_test_add_func("/rmp/rmpupdate/2.4/transitions", test_transitions);
    g_test_add_func("/rmp/psmash/4.5/copies-everything", test_psmash);
    g_test_add_func("/rmp/psmash/4.5/refusals-in-order", test_psmash_refused);
    g_test_add_func("/rmp/rmpread/2.2/operand", test_rmpread);
    g_test_add_func("/rmp/insn/4/return-code-names", test_rc_names);
    return g_test_run();
}
