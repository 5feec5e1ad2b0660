/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second model of the RMP, to compare rmp/ with: written from the manual's text in another form.
 * Pages are plain records, an assigned 2 MiB page is one record of its region, counts are counted.
 */
#ifndef PROVA_TESTS_RMP_SECOND_MODEL_H
#define PROVA_TESTS_RMP_SECOND_MODEL_H

#include "rmp/access.h"

enum {
    REGIONS = 2,
    TAIL = 4, /* pages of a third region, which is covered in part */
    PAGES = REGIONS * 512 + TAIL,
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

/* The record that is authoritative at spa; NULL if spa is not covered. */
struct page *model_page(struct model *m, uint64_t spa, bool *large);
bool model_hv_owned(struct model *m, uint64_t spa, bool large_npt);
struct answer model_update(struct model *m, const struct rmp_caller *who, uint64_t rax,
                           const struct rmp_operand *n);
struct answer model_psmash(struct model *m, const struct rmp_caller *who, uint64_t rax);
struct answer model_pvalidate(struct model *m, const struct rmp_config *cfg,
                              const struct rmp_caller *who, const struct rmp_xlat *x,
                              uint32_t ecx, uint32_t edx);
struct answer model_adjust(struct model *m, const struct rmp_config *cfg,
                           const struct rmp_caller *who, const struct rmp_xlat *x,
                           uint64_t rcx, uint64_t rdx);
struct answer model_query(struct model *m, const struct rmp_config *cfg,
                          const struct rmp_caller *who, const struct rmp_xlat *x,
                          uint64_t *rcx, uint64_t *rdx);
struct answer model_access(struct model *m, const struct rmp_config *cfg,
                           const struct rmp_caller *who, const struct rmp_xlat *x,
                           const struct rmp_access *acc);
struct rmp_raw model_raw(const struct model *m, uint64_t spn);

#endif
