/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves, aliases, tables and stale translations, as the accesses that meet them show them. */
#include "tests/unit/cpu_fixture.h"

#include <stddef.h>
#include <string.h>

#define PAGE (FIXTURE_DATA + 0x5000)
#define OTHER (FIXTURE_DATA + 0x9000)

/* mov rax, [rdi]; mov rax, [rsi]; hlt */
static const uint8_t load_two[] = { 0x48, 0x8b, 0x07, 0x48, 0x8b, 0x06, 0xf4 };
static const uint8_t store_one[] = { 0x48, 0x89, 0x07, 0xf4 };

static void loads(struct fixture *f, uint64_t first, uint64_t second)
{
    fixture_code(f, load_two, load_two + sizeof(load_two));
    f->vmsa.rdi = first;
    f->vmsa.rsi = second;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
}

/* ---- EVENT_MOVE ---- */

static void test_move(void)
{
    struct fixture *f = fixture_new();

    loads(f, PAGE, OTHER);
    g_assert_cmpuint(fixture_event_count(f, EVENT_MOVE), ==, 0);
    /* The hypervisor gives PAGE the frame of OTHER. */
    npt_map(&f->npt, PAGE, OTHER, PAGE_4K, NPT_RWX);
    rmp_slot_at(&f->rmp, OTHER)->gpn = PAGE >> PAGE_SHIFT;
    cpu_flush_spa(&f->env, PAGE, PAGE_BYTES);
    loads(f, PAGE, PAGE + 8);
    g_assert_cmpuint(fixture_event_count(f, EVENT_MOVE), ==, 1);
    const struct event *event = fixture_event(f, EVENT_MOVE, 0);
    g_assert_cmphex(event->move.gpa, ==, PAGE);
    g_assert_cmphex(event->move.spa, ==, OTHER);
    g_assert_cmphex(event->move.old_spa, ==, PAGE);
    g_assert_cmphex(event->move.gva, ==, PAGE);
    g_assert_cmphex(event->rip, ==, FIXTURE_CODE);
    fixture_free(f);
}

/* A table moves under the walk. */
static void test_move_of_a_table(void)
{
    struct fixture *f = fixture_new();
    uint8_t table[4096];

    loads(f, PAGE, OTHER);
    fixture_read(f, FIXTURE_TABLES, table, sizeof(table));
    fixture_write(f, OTHER, table, sizeof(table));
    npt_map(&f->npt, FIXTURE_TABLES, OTHER, PAGE_4K, NPT_RWX);
    rmp_slot_at(&f->rmp, OTHER)->gpn = FIXTURE_TABLES >> PAGE_SHIFT;
    loads(f, PAGE + 0x1000, PAGE + 0x2000);
    g_assert_cmpuint(fixture_event_count(f, EVENT_MOVE), ==, 1);
    g_assert_cmphex(fixture_event(f, EVENT_MOVE, 0)->move.gpa, ==, FIXTURE_TABLES);
    g_assert_cmphex(fixture_event(f, EVENT_MOVE, 0)->move.spa, ==, OTHER);
    fixture_free(f);
}

/* ---- EVENT_TABLE ---- */

static void test_tables_once(void)
{
    struct fixture *f = fixture_new();
    uint32_t levels = 0;

    loads(f, PAGE, OTHER);
    const uint32_t count = fixture_event_count(f, EVENT_TABLE);
    for (uint32_t i = 0; i < count; i++)
        levels |= 1u << fixture_event(f, EVENT_TABLE, i)->table.level;
    g_assert_cmphex(levels, ==, 0x1e);
    g_assert_cmphex(fixture_event(f, EVENT_TABLE, 0)->table.gpa, ==, FIXTURE_TABLES);
    g_assert_cmpuint(fixture_event(f, EVENT_TABLE, 0)->table.level, ==, 4);
    loads(f, PAGE + 0x1000, OTHER + 0x1000);
    g_assert_cmpuint(fixture_event_count(f, EVENT_TABLE), ==, count);
    fixture_free(f);
}

static void test_tables_of_a_guest(void)
{
    struct fixture *f = fixture_new();

    for (uint64_t spa = 0; spa < FIXTURE_PRIVATE_END; spa += PAGE_BYTES)
        rmp_slot_at(&f->rmp, spa)->perm[1] = RMP_PERM_ALL;
    f->vmsa.vmpl = 1;
    loads(f, PAGE, OTHER);
    g_assert_cmpuint(fixture_event_count(f, EVENT_TABLE), ==, 0);
    fixture_free(f);
}

/* ---- EVENT_ALIAS ---- */

static void test_two_addresses(void)
{
    struct fixture *f = fixture_new();

    fixture_pte_set(f, OTHER, fixture_pte(f, PAGE));
    loads(f, PAGE, OTHER + 8);
    g_assert_cmpuint(fixture_event_count(f, EVENT_ALIAS), ==, 1);
    const struct event_alias *alias = &fixture_event(f, EVENT_ALIAS, 0)->alias;
    g_assert_cmpuint(alias->what, ==, ALIAS_TWO_ADDRESSES);
    g_assert_cmphex(alias->gpa, ==, PAGE);
    g_assert_cmphex(alias->spa, ==, PAGE);
    g_assert_cmphex(alias->gva, ==, OTHER);
    g_assert_cmphex(alias->other_gva, ==, PAGE);
    g_assert_cmpuint(alias->c, ==, 1);
    g_assert_cmpuint(alias->other_c, ==, 1);
    fixture_free(f);
}

/* A window that was unmapped is no second address. */
static void test_address_after_another(void)
{
    struct fixture *f = fixture_new();

    loads(f, PAGE, PAGE);
    fixture_pte_set(f, OTHER, fixture_pte(f, PAGE));
    fixture_pte_set(f, PAGE, 0);
    loads(f, OTHER, OTHER);
    g_assert_cmpuint(fixture_event_count(f, EVENT_ALIAS), ==, 0);
    fixture_free(f);
}

/* A VMSA may be mapped for a store beside where it lies. */
static void test_two_addresses_of_a_vmsa(void)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, PAGE)->vmsa = 1;
    fixture_pte_set(f, OTHER, fixture_pte(f, PAGE));
    loads(f, PAGE, OTHER + 8);
    g_assert_cmpuint(fixture_event_count(f, EVENT_ALIAS), ==, 0);
    fixture_free(f);
}

static void test_unencrypted(void)
{
    struct fixture *f = fixture_new();

    loads(f, FIXTURE_SHARED + PAGE, FIXTURE_SHARED + FIXTURE_HV);
    g_assert_cmpuint(fixture_event_count(f, EVENT_ALIAS), ==, 1);
    const struct event_alias *alias = &fixture_event(f, EVENT_ALIAS, 0)->alias;
    g_assert_cmpuint(alias->what, ==, ALIAS_UNENCRYPTED);
    g_assert_cmphex(alias->gpa, ==, PAGE);
    g_assert_cmphex(alias->gva, ==, FIXTURE_SHARED + PAGE);
    /* A store does not happen; that it was tried is seen all the same. */
    fixture_code(f, store_one, store_one + sizeof(store_one));
    f->vmsa.rdi = FIXTURE_SHARED + OTHER + 16;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmpuint(fixture_event_count(f, EVENT_ALIAS), ==, 2);
    g_assert_cmphex(fixture_event(f, EVENT_ALIAS, 1)->alias.gpa, ==, OTHER);
    fixture_free(f);
}

/* A shared address that the hypervisor leads to a private page of another address: its doing. */
static void test_unencrypted_elsewhere(void)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, PAGE)->gpn = (OTHER >> PAGE_SHIFT) & 0x7fffffffff;
    loads(f, FIXTURE_SHARED + PAGE, FIXTURE_SHARED + FIXTURE_HV);
    g_assert_cmpuint(fixture_event_count(f, EVENT_ALIAS), ==, 0);
    fixture_free(f);
}

/* ---- EVENT_STALE ---- */

/* A guest at VMPL1 that stores, halts, loads, stores twice, halts. */
static const uint8_t guest[] = { 0x48, 0x89, 0x07, 0xf4, 0x48, 0x8b, 0x07, 0x48,
                                 0x89, 0x07, 0x48, 0x89, 0x07, 0xf4 };
/* VMPL0: RMPADJUST by rax, rcx, rdx; hlt */
static const uint8_t adjust[] = { 0xf3, 0x0f, 0x01, 0xfe, 0xf4 };

static void guest_run(struct vcpu *vcpu, struct vmcb *vmcb, struct cpu_clock *clock)
{
    struct vcpu_exit exit;

    g_assert_cmpint(vcpu_enter(vcpu, vmcb, clock, 1), ==, VCPU_ENTERED);
    vcpu_run(vcpu, 1000, &exit);
    g_assert_cmphex(exit.code, ==, SVM_EXIT_HLT);
}

static void test_stale(void)
{
    struct fixture *f = fixture_new();
    struct vcpu *second = vcpu_new(&f->env, FIXTURE_VMSA2, NULL);
    struct vmcb vmcb = f->vmcb;
    struct cpu_clock clock = { 0 };
    struct vmsa state = f->vmsa;

    for (uint64_t spa = 0; spa < FIXTURE_PRIVATE_END; spa += PAGE_BYTES)
        rmp_slot_at(&f->rmp, spa)->perm[1] = RMP_PERM_ALL;
    fixture_write(f, FIXTURE_CODE + 0x1000, guest, sizeof(guest));
    state.vmpl = 1;
    state.rip = FIXTURE_CODE + 0x1000;
    state.rdi = PAGE;
    fixture_write(f, FIXTURE_VMSA2, &state, sizeof(state));
    guest_run(second, &vmcb, &clock);
    fixture_code(f, adjust, adjust + sizeof(adjust));
    f->vmsa.rax = PAGE;
    f->vmsa.rcx = 0;
    f->vmsa.rdx = 1 | RMP_PERM_R << 8;
    fixture_start(f);
    g_assert_cmphex(fixture_state(f)->rax, ==, 0);
    g_assert_cmpuint(fixture_event_count(f, EVENT_STALE), ==, 0);
    guest_run(second, &vmcb, &clock);
    g_assert_cmpuint(fixture_event_count(f, EVENT_STALE), ==, 1); /* not the load */
    const struct event *event = fixture_event(f, EVENT_STALE, 0);
    g_assert_cmpuint(event->vmpl, ==, 1);
    g_assert_cmphex(event->rip, ==, FIXTURE_CODE + 0x1000 + 7);
    g_assert_cmphex(event->stale.spa, ==, PAGE);
    g_assert_cmphex(event->stale.gva, ==, PAGE);
    g_assert_cmpuint(event->stale.access, ==, STALE_WRITE);
    g_assert_cmpuint(event->stale.had & RMP_PERM_W, ==, RMP_PERM_W);
    g_assert_cmpuint(event->stale.has, ==, RMP_PERM_R);
    fixture_free(f);
}

/* After a flush the translation is new, and the store faults. */
static void test_flushed_is_not_stale(void)
{
    struct fixture *f = fixture_new();

    loads(f, PAGE, OTHER);
    rmp_slot_at(&f->rmp, PAGE)->validated = 0;
    cpu_flush_spa(&f->env, PAGE, PAGE_BYTES);
    fixture_idt(f);
    fixture_code(f, load_two, load_two + sizeof(load_two));
    f->vmsa.rdi = PAGE;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 29);
    g_assert_cmpuint(fixture_event_count(f, EVENT_STALE), ==, 0);
    fixture_free(f);
}

/* PVALIDATE takes the page away from VMPL0 itself, whose translation stays. */
static void test_stale_after_pvalidate(void)
{
    /* mov rbx, [rax]; pvalidate; mov rbx, [rdi]; mov rbx, [rdi]; hlt */
    static const uint8_t code[] = { 0x48, 0x8b, 0x18, 0xf2, 0x0f, 0x01, 0xff,
                                    0x48, 0x8b, 0x1f, 0x48, 0x8b, 0x1f, 0xf4 };
    struct fixture *f = fixture_new();

    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rax = f->vmsa.rdi = PAGE;
    f->vmsa.rcx = f->vmsa.rdx = 0;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(fixture_event_count(f, EVENT_STALE), ==, 1);
    const struct event *event = fixture_event(f, EVENT_STALE, 0);
    g_assert_cmphex(event->rip, ==, FIXTURE_CODE + 7);
    g_assert_cmpuint(event->stale.access, ==, STALE_READ);
    g_assert_cmpuint(event->stale.has, ==, 0);
    fixture_free(f);
}

/*
 * VMPL0 has a translation that is older than a change of what VMPL1 has, which took nothing from
 * VMPL0; then VMRUN makes the page one that nobody may store to. The engine would not have asked.
 */
static void test_stale_after_vmrun(void)
{
    /* mov [rdi], al; rmpadjust rdi: VMPL1 gets less; mov [rdi], al; jmp; mov [rdi], al; hlt */
    static const uint8_t code[] = { 0x88, 0x07, 0xf3, 0x0f, 0x01, 0xfe, 0x88, 0x07,
                                    0xeb, 0x00, 0x88, 0x07, 0xf4 };
    struct fixture *f = fixture_new();
    struct vcpu *second = vcpu_new(&f->env, FIXTURE_VMSA2, NULL);
    struct vmcb vmcb = f->vmcb;
    struct cpu_clock clock = { 0 };
    struct vmsa state = f->vmsa;

    rmp_slot_at(&f->rmp, FIXTURE_VMSA2)->perm[1] = RMP_PERM_XS;
    state.efer |= UINT64_C(1) << 12;
    fixture_write(f, FIXTURE_VMSA2, &state, sizeof(state));
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rax = f->vmsa.rdi = FIXTURE_VMSA2 + offsetof(struct vmsa, rip) - 8;
    f->vmsa.rax &= ~(uint64_t)PAGE_MASK;
    f->vmsa.rcx = 0;
    f->vmsa.rdx = 1 | 1 << 16; /* VMPL1, none, and it stays a VMSA */
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    vcpu_run(f->vcpu, 4, &f->exit);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_BUDGET);
    g_assert_cmpuint(rmp_slot_at(&f->rmp, FIXTURE_VMSA2)->perm[1], ==, 0);
    g_assert_cmpint(vcpu_enter(second, &vmcb, &clock, 1), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(fixture_event_count(f, EVENT_STALE), ==, 1);
    g_assert_cmphex(fixture_event(f, EVENT_STALE, 0)->rip, ==, FIXTURE_CODE + 10);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/seen/move", test_move);
    g_test_add_func("/cpu/seen/move-of-a-table", test_move_of_a_table);
    g_test_add_func("/cpu/seen/tables-once", test_tables_once);
    g_test_add_func("/cpu/seen/tables-of-a-guest", test_tables_of_a_guest);
    g_test_add_func("/cpu/seen/two-addresses", test_two_addresses);
    g_test_add_func("/cpu/seen/address-after-another", test_address_after_another);
    g_test_add_func("/cpu/seen/two-addresses-of-a-vmsa", test_two_addresses_of_a_vmsa);
    g_test_add_func("/cpu/seen/unencrypted", test_unencrypted);
    g_test_add_func("/cpu/seen/unencrypted-elsewhere", test_unencrypted_elsewhere);
    g_test_add_func("/cpu/seen/stale", test_stale);
    g_test_add_func("/cpu/seen/flushed-is-not-stale", test_flushed_is_not_stale);
    g_test_add_func("/cpu/seen/stale-after-pvalidate", test_stale_after_pvalidate);
    g_test_add_func("/cpu/seen/stale-after-vmrun", test_stale_after_vmrun);
    return g_test_run();
}
