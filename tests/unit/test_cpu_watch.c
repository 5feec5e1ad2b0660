/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watched pages (cpu/env.h): every instruction's access with C=0 is announced, one by one. */
#include <string.h>

#include "tests/unit/cpu_fixture.h"

#define AT(offset) (FIXTURE_HV + (offset))

static struct fixture *start(bool watch)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, shared_reads);
    f->env.visible = VISIBLE_SHARED_READ | VISIBLE_SHARED_WRITE;
    if (watch)
        f->env.watch_gpa[f->env.watch_count++] = FIXTURE_HV;
    f->vmsa.rsi = FIXTURE_SHARED + FIXTURE_HV;
    f->vmsa.rdi = FIXTURE_SHARED + FIXTURE_HV + 0x800;
    fixture_start(f);
    return f;
}

struct expected {
    enum vcpu_visible visible;
    uint64_t offset, bytes;
    bool again;
};

/* Two reads of one value in one block, the second byte read by another, REP MOVS of two words. */
static const struct expected accesses[] = {
    {VISIBLE_SHARED_READ, 0, 8, false},      {VISIBLE_SHARED_READ, 0x10, 1, true},
    {VISIBLE_SHARED_READ, 0, 8, true},       {VISIBLE_SHARED_READ, 0, 8, true},
    {VISIBLE_SHARED_WRITE, 0x800, 8, false}, {VISIBLE_SHARED_READ, 8, 8, true},
    /* Every announcement begins a slice, and this is the first write of its slice. */
    {VISIBLE_SHARED_WRITE, 0x808, 8, false},
};

static void test_each(void)
{
    struct fixture *f = start(true);
    uint64_t insns = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(accesses); i++) {
        const struct expected *expected = &accesses[i];
        g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
        g_assert_cmpint(f->exit.visible, ==, expected->visible);
        g_assert_cmphex(f->exit.gpa, ==, AT(expected->offset));
        g_assert_cmpuint(f->exit.bytes, ==, expected->bytes);
        g_assert_cmpint(f->exit.again, ==, expected->again);
        f->memory.dram[AT(0)] = (uint8_t)(i + 1); /* changes between any two reads */
        insns += f->exit.insns;
        fixture_run(f);
    }
    insns += f->exit.insns;
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 1);
    g_assert_cmpuint(fixture_state(f)->rbx, ==, 3);
    g_assert_cmpuint(f->memory.dram[AT(0x800)], ==, 5);

    /* It counts as without. */
    struct fixture *plain = start(false);
    uint64_t plain_insns = plain->exit.insns;
    unsigned announced = 0;
    while (plain->exit.reason == VCPU_EXIT_VISIBLE) {
        g_assert_false(plain->exit.again);
        announced++;
        fixture_run(plain);
        plain_insns += plain->exit.insns;
    }
    g_assert_cmpuint(announced, <, G_N_ELEMENTS(accesses));
    g_assert_cmpuint(insns, ==, plain_insns);
    fixture_free(plain);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/watch/each-access", test_each);
    return g_test_run();
}
