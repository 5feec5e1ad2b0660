/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small RMP for the tests of rmp/: two whole 2 MiB regions and 16 pages of a third. Guest pages
 * are bound to gpa = spa + GPA_SHIFT, so that a test which mixes the two up fails.
 */
#ifndef PROVA_TESTS_RMP_FIXTURE_H
#define PROVA_TESTS_RMP_FIXTURE_H

#include <glib.h>
#include <string.h>

#include "rmp/access.h"

enum {
    RIG_PAGES = 2 * PAGES_PER_2M + 16,
    RIG_ASID = 5,
};

#define RIG_GPA_SHIFT UINT64_C(0x40000000)
#define RIG_SPA UINT64_C(0x3000)     /* a 4 KiB page that is not 2 MiB-aligned */
#define RIG_SPA_2M UINT64_C(0x200000)
#define RIG_SPA_UNCOVERED ((uint64_t)RIG_PAGES * PAGE_BYTES)

struct rig {
    struct rmp_entry entries[RIG_PAGES];
    struct rmp rmp;
    struct rmp_config config;
    struct rmp_caller host;
    struct rmp_caller guest; /* VMPL 0, CPL 0 */
};

static inline void rig_init(struct rig *rig)
{
    rig->rmp = (struct rmp){.entries = rig->entries, .covered_pages = RIG_PAGES};
    rmp_init(&rig->rmp);
    rig->config = RMP_CONFIG_DEFAULT;
    rig->host = (struct rmp_caller){.asid = ASID_HV};
    rig->guest = (struct rmp_caller){.asid = RIG_ASID, .snp_active = true};
}

static inline struct rmp_caller rig_vmpl(const struct rig *rig, uint8_t vmpl)
{
    struct rmp_caller caller = rig->guest;
    caller.vmpl = vmpl;
    return caller;
}

/* The translation of a private page bound as the fixture binds it. */
static inline struct rmp_xlat rig_xlat(uint64_t spa, enum page_size npt_size)
{
    return (struct rmp_xlat){
        .gva = 0xffff800000000000 + spa,
        .gpa = spa + RIG_GPA_SHIFT,
        .spa = spa,
        .npt_size = npt_size,
        .npt_writable = true,
        .c = true,
    };
}

static inline struct rmp_operand rig_operand(uint64_t spa, enum page_size size)
{
    return (struct rmp_operand){
        .gpa = spa + RIG_GPA_SHIFT,
        .assigned = 1,
        .size = size & 1,
        .asid = RIG_ASID,
    };
}

static inline uint32_t rig_update(struct rig *rig, uint64_t spa, struct rmp_operand operand)
{
    const struct rmp_outcome out = rmp_update(&rig->rmp, &rig->host, spa, &operand);
    g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
    g_assert_true(out.changed == (out.eax == RMP_RC_SUCCESS));
    return out.eax;
}

/* Assigns a page to the guest: Guest-Invalid. */
static inline void rig_assign(struct rig *rig, uint64_t spa, enum page_size size)
{
    g_assert_cmpuint(rig_update(rig, spa, rig_operand(spa, size)), ==, RMP_RC_SUCCESS);
}

/* Assigns and validates a page, by the instructions: Guest-Valid. */
static inline void rig_validate(struct rig *rig, uint64_t spa, enum page_size size)
{
    rig_assign(rig, spa, size);
    const struct rmp_xlat xlat = rig_xlat(spa, size);
    const struct rmp_outcome out =
        rmp_pvalidate(&rig->rmp, &rig->config, &rig->guest, &xlat, (uint32_t)size, 1);
    g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
    g_assert_cmpuint(out.eax, ==, RMP_RC_SUCCESS);
    g_assert_false(out.cf);
}

/* An instruction that failed must have written nothing: compare with a copy taken before. */
static inline void rig_assert_same(const struct rig *rig, const struct rig *before)
{
    g_assert_cmpmem(rig->entries, sizeof(rig->entries), before->entries, sizeof(before->entries));
}

#endif
