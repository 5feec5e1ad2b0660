/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of PVALIDATE, RMPADJUST and RMPQUERY share. */
#ifndef PROVA_TESTS_RMP_INSN_FIXTURE_H
#define PROVA_TESTS_RMP_INSN_FIXTURE_H

#include "tests/unit/rmp_fixture.h"

#define NPF_INSN (NPF_P | NPF_FINAL | NPF_ENC | NPF_RMP)
#define VMSA_BIT (UINT64_C(1) << 16)

enum insn { PVALIDATE, RMPADJUST, RMPQUERY };

static inline uint64_t adjust_rdx(uint8_t target, uint8_t mask)
{
    return target | (uint64_t)mask << 8;
}

/* Runs an instruction with operands that are right for a Guest-Valid page of the given size. */
static inline struct rmp_outcome run(struct rig *rig, enum insn insn,
                                     const struct rmp_caller *caller,
                                     const struct rmp_xlat *xlat, enum page_size size)
{
    uint64_t rcx = 0;
    uint64_t rdx = 3;
    switch (insn) {
    case PVALIDATE:
        return rmp_pvalidate(&rig->rmp, &rig->config, caller, xlat, (uint32_t)size, 1);
    case RMPADJUST:
        return rmp_adjust(&rig->rmp, &rig->config, caller, xlat, (uint64_t)size, adjust_rdx(3, 0));
    case RMPQUERY:
        return rmp_query(&rig->rmp, &rig->config, caller, xlat, &rcx, &rdx);
    }
    g_assert_not_reached();
}

static inline struct rmp_outcome adjust(struct rig *rig, uint8_t vmpl, uint64_t spa, uint64_t rdx)
{
    const struct rmp_caller caller = rig_vmpl(rig, vmpl);
    const struct rmp_xlat xlat = rig_xlat(spa, PAGE_4K);
    return rmp_adjust(&rig->rmp, &rig->config, &caller, &xlat, 0, rdx);
}

static inline void assert_done(struct rmp_outcome out, uint32_t eax)
{
    g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
    g_assert_cmpuint(out.eax, ==, eax);
    if (eax != RMP_RC_SUCCESS) {
        g_assert_false(out.cf); /* section 17 row 4 */
        g_assert_false(out.changed);
    }
}

static inline void assert_npf(struct rmp_outcome out, uint64_t exitinfo1)
{
    g_assert_cmpint(out.kind, ==, RMP_OUT_NPF);
    g_assert_cmphex(out.exitinfo1, ==, exitinfo1);
    g_assert_false(out.changed);
}

#endif
