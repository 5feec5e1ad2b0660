/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs are one run; budgets move nothing but where the slices end. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

enum { ROUNDS = 3000 };

struct outcome {
    struct vmsa state;
    uint8_t hash[16];
    uint64_t insns, cycles;
    uint8_t data[8192];
};

/* The mixture code with tracked pages, a user-visible clock and random numbers in it. Slices of
 * random length if seed is not 0. */
static void outcome_make(struct outcome *out, uint32_t seed)
{
    struct fixture *f = fixture_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);

    memset(out, 0, sizeof(*out));
    memory_scrub_begin(&f->memory, FIXTURE_DATA);
    memory_scrub_begin(&f->memory, FIXTURE_DATA + 0x1000);
    FIXTURE_CODE_OF(f, mixture);
    f->vmsa.rdi = FIXTURE_DATA;
    f->vmsa.rcx = ROUNDS;
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    do {
        const uint64_t budget =
            seed != 0 ? (uint64_t)g_rand_int_range(random, 1, 900) : UINT64_C(1) << 30;
        vcpu_run(f->vcpu, budget, &f->exit);
        out->insns += f->exit.insns;
        g_assert_cmpint(f->exit.reason, !=, VCPU_EXIT_ENGINE);
    } while (f->exit.reason != VCPU_EXIT_AUTO);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    out->state = *fixture_state(f);
    trace_hash(f->env.trace, out->hash);
    out->cycles = f->clock.cycles;
    fixture_read(f, FIXTURE_DATA, out->data, sizeof(out->data));
    g_assert_cmpuint(f->clock.insns, ==, out->insns);
    fixture_free(f);
}

static void test_two_runs(void)
{
    g_autofree struct outcome *a = g_new(struct outcome, 1), *b = g_new(struct outcome, 1);

    outcome_make(a, 0);
    outcome_make(b, 0);
    g_assert_cmpmem(a, sizeof(*a), b, sizeof(*b));
    outcome_make(a, 7);
    outcome_make(b, 7);
    g_assert_cmpmem(a, sizeof(*a), b, sizeof(*b));
}

static void test_random_budgets(void)
{
    g_autofree struct outcome *whole = g_new(struct outcome, 1), *cut = g_new(struct outcome, 1);

    outcome_make(whole, 0);
    for (uint32_t seed = 1; seed <= 12; seed++) {
        outcome_make(cut, seed);
        g_assert_cmpuint(cut->insns, ==, whole->insns);
        g_assert_cmpuint(cut->cycles, ==, whole->cycles);
        g_assert_cmpmem(&cut->state, sizeof(cut->state), &whole->state, sizeof(whole->state));
        g_assert_cmpmem(cut->data, sizeof(cut->data), whole->data, sizeof(whole->data));
    }
}

/* What the count should be, from the code: 3000 rounds by hand. */
static void test_exact_count(void)
{
    g_autofree struct outcome *out = g_new(struct outcome, 1);
    uint64_t want = 0;

    for (uint64_t rcx = ROUNDS; rcx > 0; rcx--) {
        want += 9;                               /* up to the first branch, RDTSC included */
        want += rcx % 8 == 0 ? 4 + 65 + 2 : 0;   /* REP: 64 iterations and the last look */
        want += 2;
        want += rcx % 32 == 0 ? 4 : 0;
        want += 2;
    }
    outcome_make(out, 0);
    g_assert_cmpuint(out->insns, ==, want + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/determinism/two-runs", test_two_runs);
    g_test_add_func("/cpu/determinism/random-budgets", test_random_budgets);
    g_test_add_func("/cpu/determinism/exact-count", test_exact_count);
    return g_test_run();
}
