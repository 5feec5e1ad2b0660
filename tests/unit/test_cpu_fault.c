/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every kind of fault that an access can end in, with exact addresses and codes. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

#define NX (UINT64_C(1) << 63)
#define PAGE (FIXTURE_DATA + 0x5000)
#define OFFSET 0x128

/* mov rax, [rdi+0x28]; hlt */
static const uint8_t load_code[] = { 0x90, 0x48, 0x8b, 0x47, 0x28, 0xf4 };
/* mov [rdi+0x28], rax; hlt */
static const uint8_t store_code[] = { 0x90, 0x48, 0x89, 0x47, 0x28, 0xf4 };
/* jmp rdi */
static const uint8_t jump_code[] = { 0x90, 0xff, 0xe7 };

enum access_kind { LOAD, STORE, JUMP };

static void access_start(struct fixture *f, enum access_kind kind, uint64_t gva)
{
    static const struct { const uint8_t *code; size_t len; uint64_t displacement; } kinds[] = {
        [LOAD] = { load_code, sizeof(load_code), 0x28 },
        [STORE] = { store_code, sizeof(store_code), 0x28 },
        [JUMP] = { jump_code, sizeof(jump_code), 0 },
    };

    fixture_idt(f);
    fixture_code(f, kinds[kind].code, kinds[kind].code + kinds[kind].len);
    f->vmsa.rdi = gva - kinds[kind].displacement;
    fixture_start(f);
}

/* ------------------------------------------------------------------ #PF */

struct pf_case {
    const char *name;
    enum access_kind kind;
    uint64_t set, clear;   /* in the leaf entry */
    uint64_t cr0_clear, cr4_set;
    int64_t error;         /* -1: no fault */
};

static const struct pf_case pf_cases[] = {
    { "read-not-present", LOAD, 0, 1, 0, 0, 0 },
    { "write-not-present", STORE, 0, 1, 0, 0, 2 },
    { "fetch-not-present", JUMP, 0, 1, 0, 0, 0x10 },
    { "write-read-only", STORE, 0, 2, 0, 0, 3 },
    { "write-read-only-without-wp", STORE, 0, 2, 1u << 16, 0, -1 },
    { "fetch-nx", JUMP, NX, 0, 0, 0, 0x11 },
    { "read-nx", LOAD, NX, 0, 0, 0, -1 },
    { "fetch-smep", JUMP, 4, 0, 0, 1u << 20, 0x11 },
    { "read-smap", LOAD, 4, 0, 0, 1u << 21, 1 },
    { "write-smap", STORE, 4, 0, 0, 1u << 21, 3 },
    { "read-user-page", LOAD, 4, 0, 0, 0, -1 },
    { "write-no-effect-of-c", STORE, 0, 0, 0, 0, -1 },
};

static void test_pf(const void *data)
{
    const struct pf_case *c = data;
    struct fixture *f = fixture_new();
    const uint64_t gva = PAGE + OFFSET;

    fixture_pte_set(f, gva, (fixture_pte(f, gva) | c->set) & ~c->clear);
    f->vmsa.cr0 &= ~c->cr0_clear;
    f->vmsa.cr4 |= c->cr4_set;
    access_start(f, c->kind, gva);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    if (c->error == -1) {
        g_assert_cmphex(fixture_state(f)->rip, ==, FIXTURE_CODE + 6);
    } else {
        g_assert_cmpint(fixture_vector(f), ==, 14);
        g_assert_cmphex(fixture_error(f), ==, (uint64_t)c->error);
        g_assert_cmphex(f->vmsa.cr2, ==, gva);
        g_assert_cmphex(fixture_fault_rip(f), ==, c->kind == JUMP ? gva : FIXTURE_CODE + 1);
        const struct event *event = fixture_event(f, EVENT_FAULT, 0);
        g_assert_nonnull(event);
        g_assert_cmphex(event->fault.address, ==, gva);
        g_assert_cmphex(event->rip, ==, c->kind == JUMP ? gva : FIXTURE_CODE + 1);
        g_assert_cmpuint(event->time, ==, c->kind == JUMP ? 2 : 1);
    }
    fixture_free(f);
}

/* Bits 50:48 above the C-bit's reduction do not exist here; bit 51 is C. A reserved bit needs a
 * narrower processor. */
static void test_pf_reserved(void)
{
    struct fixture *f = fixture_new();

    f->env.phys_bits = 40;
    fixture_pte_set(f, PAGE, fixture_pte(f, PAGE) | UINT64_C(1) << 45);
    access_start(f, LOAD, PAGE + 8);
    g_assert_cmpint(fixture_vector(f), ==, 14);
    g_assert_cmphex(fixture_error(f), ==, 9);
    fixture_free(f);
}

/* The upper page of an access that crosses is what CR2 names. */
static void test_pf_crossing(void)
{
    struct fixture *f = fixture_new();

    fixture_pte_set(f, PAGE + 0x1000, 0);
    access_start(f, STORE, PAGE + 0xffc);
    g_assert_cmpint(fixture_vector(f), ==, 14);
    g_assert_cmphex(f->vmsa.cr2, ==, PAGE + 0x1000);
    g_assert_cmphex(fixture_read64(f, PAGE + 0xff8), ==, 0);
    fixture_free(f);
}

static void test_non_canonical(const void *data)
{
    const enum access_kind kind = (enum access_kind)GPOINTER_TO_INT(data);
    struct fixture *f = fixture_new();

    access_start(f, kind, UINT64_C(0x7a00000000000800));
    g_assert_cmpint(fixture_vector(f), ==, 13);
    g_assert_cmphex(fixture_error(f), ==, 0);
    fixture_free(f);
}

/* ------------------------------------------------------------------ nested faults */

#define NPF_FINAL_C (NPF_FINAL | NPF_ENC)

struct npf_case {
    const char *name;
    enum access_kind kind;
    int npt_flags;        /* -1: unmapped */
    bool shared;          /* through the C=0 alias */
    uint64_t info1;
    void (*change)(struct fixture *f, struct rmp_entry *entry);
};

static void change_unassign(struct fixture *f, struct rmp_entry *entry)
{
    (void)f;
    memset(entry, 0, sizeof(*entry));
}

static void change_asid(struct fixture *f, struct rmp_entry *entry)
{
    (void)f;
    entry->asid = 2;
}

static void change_gpa(struct fixture *f, struct rmp_entry *entry)
{
    (void)f;
    entry->gpn++;
}

static void change_immutable(struct fixture *f, struct rmp_entry *entry)
{
    (void)f;
    entry->immutable = 1;
}

static void change_vmpl_read_only(struct fixture *f, struct rmp_entry *entry)
{
    (void)f;
    entry->perm[0] = RMP_PERM_R;
}

static void change_vmpl_none(struct fixture *f, struct rmp_entry *entry)
{
    (void)f;
    entry->perm[0] = 0;
}

/* EXITINFO1 as APM 2 15.25.6 and table 15-39 give it. */
static const struct npf_case npf_cases[] = {
    { "read-unmapped", LOAD, -1, false, NPF_FINAL_C, NULL },
    { "write-unmapped", STORE, -1, false, NPF_FINAL_C | NPF_W, NULL },
    { "fetch-unmapped", JUMP, -1, false, NPF_FINAL_C | NPF_ID, NULL },
    { "write-read-only", STORE, NPT_R | NPT_X, false, NPF_FINAL_C | NPF_W | NPF_P, NULL },
    { "fetch-no-execute", JUMP, NPT_R | NPT_W, false, NPF_FINAL_C | NPF_ID | NPF_P, NULL },
    { "read-unmapped-shared", LOAD, -1, true, NPF_FINAL, NULL },
    { "read-unassigned", LOAD, NPT_RWX, false, NPF_FINAL_C | NPF_P | NPF_RMP, change_unassign },
    { "read-other-asid", LOAD, NPT_RWX, false, NPF_FINAL_C | NPF_P | NPF_RMP, change_asid },
    { "read-other-gpa", LOAD, NPT_RWX, false, NPF_FINAL_C | NPF_P | NPF_RMP, change_gpa },
    { "read-immutable", LOAD, NPT_RWX, false, NPF_FINAL_C | NPF_P | NPF_RMP, change_immutable },
    { "write-vmpl-read-only", STORE, NPT_RWX, false,
      NPF_FINAL_C | NPF_P | NPF_W | NPF_RMP | NPF_VMPL, change_vmpl_read_only },
    { "fetch-vmpl-no-execute", JUMP, NPT_RWX, false,
      NPF_FINAL_C | NPF_P | NPF_ID | NPF_RMP | NPF_VMPL, change_vmpl_read_only },
    { "read-vmpl-none", LOAD, NPT_RWX, false, NPF_FINAL_C | NPF_P | NPF_RMP | NPF_VMPL,
      change_vmpl_none },
    { "shared-write-to-assigned", STORE, NPT_RWX, true, NPF_FINAL | NPF_P | NPF_W | NPF_RMP, NULL },
};

static void test_npf(const void *data)
{
    const struct npf_case *c = data;
    struct fixture *f = fixture_new();
    const uint64_t gva = PAGE + OFFSET + (c->shared ? FIXTURE_SHARED : 0);

    if (c->npt_flags < 0)
        npt_unmap(&f->npt, PAGE, PAGE_4K);
    else
        npt_map(&f->npt, PAGE, PAGE, PAGE_4K, (uint8_t)c->npt_flags);
    if (c->change != NULL)
        c->change(f, rmp_slot_at(&f->rmp, PAGE));
    access_start(f, c->kind, gva);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_AUTO);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(f->exit.info1, ==, c->info1);
    g_assert_cmphex(f->exit.info2, ==, PAGE + OFFSET);
    g_assert_cmphex(fixture_state(f)->guest_exitinfo1, ==, c->info1);
    g_assert_cmphex(f->vmsa.guest_exitinfo2, ==, PAGE + OFFSET);
    g_assert_cmphex(f->vmsa.rip, ==, c->kind == JUMP ? gva : FIXTURE_CODE + 1);
    const struct event *event = fixture_event(f, EVENT_FAULT, 0);
    g_assert_cmpuint(event->fault.class, ==, FAULT_NPF);
    g_assert_cmphex(event->fault.address, ==, PAGE + OFFSET);
    fixture_free(f);
}

/* The hypervisor repairs the mapping and the guest goes on as if nothing had been. */
static void test_npf_restart(void)
{
    struct fixture *f = fixture_new();

    npt_unmap(&f->npt, PAGE, PAGE_4K);
    access_start(f, STORE, PAGE);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    npt_map(&f->npt, PAGE, PAGE, PAGE_4K, NPT_RWX);
    f->vmsa.rax = 0;
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(f->insns, ==, 3);
    fixture_free(f);
}

/* A guest table that the nested table does not map: TABLE instead of FINAL, the entry's own GPA. */
static void test_npf_table(void)
{
    struct fixture *f = fixture_new();
    const uint64_t table = FIXTURE_TABLES + 0x4000 + 0x1000; /* maps 200000-3fffff */
    const uint64_t entry = table + (PAGE >> 12 & 511) * 8;

    access_start(f, LOAD, PAGE + OFFSET);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    npt_unmap(&f->npt, table, PAGE_4K);
    cpu_flush_all(&f->env);
    f->vmsa.rip = FIXTURE_CODE;
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(f->exit.info1, ==, NPF_TABLE | NPF_ENC);
    /* The fetch of the code, whose pages the same table maps, is what needs it first. */
    g_assert_cmphex(f->exit.info2, ==, table + (FIXTURE_CODE >> 12 & 511) * 8);
    g_assert_cmphex(f->exit.info2, !=, entry);
    fixture_free(f);
}

static void test_mmio(void)
{
    struct fixture *f = fixture_new();

    npt_map(&f->npt, PAGE, PAGE, PAGE_4K, NPT_RWX | NPT_RSVD);
    access_start(f, LOAD, PAGE + OFFSET);
    g_assert_cmpint(fixture_vector(f), ==, 29);
    g_assert_cmphex(fixture_error(f), ==, 0x400);
    fixture_free(f);
}

/* APM 2 15.36.10: not validated is the guest's to know, with CR2. */
static void test_not_validated(const void *data)
{
    const enum access_kind kind = (enum access_kind)GPOINTER_TO_INT(data);
    struct fixture *f = fixture_new();

    access_start(f, kind, FIXTURE_UNVALIDATED + OFFSET);
    g_assert_cmpint(fixture_vector(f), ==, 29);
    g_assert_cmphex(fixture_error(f), ==, 0x404);
    g_assert_cmphex(f->vmsa.cr2, ==, FIXTURE_UNVALIDATED + OFFSET);
    g_assert_cmphex(fixture_fault_rip(f), ==,
                    kind == JUMP ? FIXTURE_UNVALIDATED + OFFSET : FIXTURE_CODE + 1);
    fixture_free(f);
}

/* ------------------------------------------------------------------ CPL 3 */

static void user_start(struct fixture *f, const uint8_t *code, size_t len, uint64_t rdi)
{
    for (uint64_t gva = FIXTURE_CODE; gva < FIXTURE_CODE + 0x2000; gva += PAGE_BYTES)
        fixture_pte_set(f, gva, fixture_pte(f, gva) | 4);
    fixture_idt(f);
    fixture_code(f, code, code + len);
    for (uint64_t spa = 0; spa < FIXTURE_PRIVATE_END; spa += PAGE_BYTES)
        rmp_slot_at(&f->rmp, spa)->perm[0] = RMP_PERM_ALL;
    f->vmsa.cpl = 3;
    f->vmsa.cs = (struct vmsa_segment){ 0x23, 0xafb, 0xffffffff, 0 };
    f->vmsa.ss = (struct vmsa_segment){ 0x1b, 0xcf3, 0xffffffff, 0 };
    f->vmsa.rdi = rdi;
    f->vmsa.cr4 |= 3u << 20; /* SMEP, SMAP */
    fixture_start(f);
}

/* APM 2 5.6: a user access to a supervisor page, PF_U. */
static void test_user_pf(void)
{
    struct fixture *f = fixture_new();

    user_start(f, load_code, sizeof(load_code), PAGE);
    g_assert_cmpint(fixture_vector(f), ==, 14);
    g_assert_cmphex(fixture_error(f), ==, 5);
    g_assert_cmphex(f->vmsa.cr2, ==, PAGE + 0x28);
    g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE + 1);
    fixture_free(f);
}

/* Descriptor tables are read as supervisor whatever the CPL; then HLT is #GP at CPL 3. */
static void test_user_loads_segment(void)
{
    struct fixture *f = fixture_new();
    /* mov eax, 0x1b; mov ds, eax; then the same table by an ordinary load: mov rax, [rdi] */
    static const uint8_t code[] = { 0xb8, 0x1b, 0x00, 0x00, 0x00, 0x8e, 0xd8, 0x48, 0x8b, 0x07,
                                    0xf4 };

    user_start(f, code, sizeof(code), FIXTURE_GDT);
    g_assert_cmpint(fixture_vector(f), ==, 14);
    g_assert_cmphex(f->vmsa.cr2, ==, FIXTURE_GDT);
    g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE + 7);
    g_assert_cmphex(f->vmsa.ds.selector, ==, 0x1b);
    fixture_free(f);
}

/* An instruction of CPL 3 that is the kernel's alone. */
static void test_user_privileged(void)
{
    struct fixture *f = fixture_new();
    static const uint8_t code[] = { 0x0f, 0x32 };

    user_start(f, code, sizeof(code), 0);
    g_assert_cmpint(fixture_vector(f), ==, 13);
    fixture_free(f);
}

/* RMP permission XU is for CPL 3, XS for the rest (APM 2 table 15-36). */
static void test_execute_user(void)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, PAGE)->perm[0] = RMP_PERM_R | RMP_PERM_W | RMP_PERM_XU;
    access_start(f, JUMP, PAGE + OFFSET);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(f->exit.info1, ==, NPF_FINAL_C | NPF_P | NPF_ID | NPF_RMP | NPF_VMPL);
    fixture_free(f);
}

/* Hostile tables: loops, entries beyond memory. Each ends in a fault or runs, none hangs. */
static void test_weird_tables(void)
{
    static const uint64_t tables[] = { FIXTURE_TABLES, 0, FIXTURE_HV, 0xfffffffff000,
                                       FIXTURE_MEMORY, FIXTURE_VMSA, FIXTURE_UNVALIDATED };

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        struct fixture *f = fixture_new();
        fixture_write(f, FIXTURE_TABLES + 0x1000, &(uint64_t){ tables[i] | 7 }, 8);
        fixture_idt(f);
        fixture_code(f, load_code, load_code + sizeof(load_code));
        fixture_start(f);
        g_assert_cmpint(f->exit.reason, !=, VCPU_EXIT_ENGINE);
        fixture_free(f);
    }
}

/* A nested mapping to where there is no memory. */
static void test_no_memory(void)
{
    struct fixture *f = fixture_new();

    npt_map(&f->npt, PAGE, UINT64_C(1) << 40, PAGE_4K, NPT_RWX);
    access_start(f, LOAD, FIXTURE_SHARED + PAGE + OFFSET);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    fixture_free(f);
}

static void test_garbage_code(void)
{
    for (uint32_t seed = 1; seed <= (g_test_slow() ? 5000u : 40u); seed++) {
        struct fixture *f = fixture_new();
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        uint8_t code[512];
        for (size_t i = 0; i < sizeof(code); i++)
            code[i] = (uint8_t)g_rand_int(random);
        fixture_idt(f);
        fixture_code(f, code, code + sizeof(code));
        f->vmsa.rsp = FIXTURE_STACK;
        f->vmsa.rdi = FIXTURE_DATA;
        g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
        for (unsigned exits = 0; exits < 8; exits++) {
            vcpu_run(f->vcpu, 20000, &f->exit);
            if (f->exit.reason == VCPU_EXIT_ENGINE)
                g_test_message("seed %u: %s", seed, f->exit.message);
            g_assert_cmpint(f->exit.reason, !=, VCPU_EXIT_ENGINE);
            if (f->exit.reason == VCPU_EXIT_AUTO && fixture_reenter(f) != VCPU_ENTERED)
                break;
        }
        fixture_free(f);
    }
}

/*
 * The page of all handlers was taken away: #VC upon #VC, none of which gets an instruction done,
 * until the stack is at its end. A slice among them ends as if its budget were used up.
 */
static void test_handlers_gone(void)
{
    static const uint8_t code[] = { 0x0f, 0x0b };
    struct fixture *f = fixture_new();
    uint64_t gate = 0, slices = 0;

    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    fixture_read(f, FIXTURE_IDT, &gate, sizeof(gate));
    rmp_slot_at(&f->rmp, (gate & 0xffff) | (gate >> 48) << 16)->validated = 0;
    fixture_pte_set(f, FIXTURE_STACK - 0x3000, 0);
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    do {
        fixture_run(f);
        slices++;
        g_assert_cmpuint(f->exit.insns, ==, 0);
    } while (f->exit.reason == VCPU_EXIT_BUDGET && slices < 100);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_AUTO);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_SHUTDOWN);
    g_assert_cmpuint(slices, >, 1);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(pf_cases); i++) {
        g_autofree char *path = g_strdup_printf("/cpu/fault/apm2-8.4.2/pf-%s", pf_cases[i].name);
        g_test_add_data_func(path, &pf_cases[i], test_pf);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(npf_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/cpu/fault/apm2-15.36.10/npf-%s", npf_cases[i].name);
        g_test_add_data_func(path, &npf_cases[i], test_npf);
    }
    g_test_add_func("/cpu/fault/apm2-5.3/pf-reserved", test_pf_reserved);
    g_test_add_func("/cpu/fault/pf-of-a-crossing-store", test_pf_crossing);
    g_test_add_data_func("/cpu/fault/apm2-5.3.1/load-non-canonical-gp", GINT_TO_POINTER(LOAD),
                         test_non_canonical);
    g_test_add_data_func("/cpu/fault/apm2-5.3.1/store-non-canonical-gp", GINT_TO_POINTER(STORE),
                         test_non_canonical);
    g_test_add_data_func("/cpu/fault/apm2-5.3.1/jump-non-canonical-gp", GINT_TO_POINTER(JUMP),
                         test_non_canonical);
    g_test_add_func("/cpu/fault/npf-restarts", test_npf_restart);
    g_test_add_func("/cpu/fault/npf-on-a-table", test_npf_table);
    g_test_add_func("/cpu/fault/reserved-nested-entry-is-mmio-vc", test_mmio);
    g_test_add_data_func("/cpu/fault/apm2-15.36.10/load-not-validated-vc", GINT_TO_POINTER(LOAD),
                         test_not_validated);
    g_test_add_data_func("/cpu/fault/apm2-15.36.10/store-not-validated-vc", GINT_TO_POINTER(STORE),
                         test_not_validated);
    g_test_add_data_func("/cpu/fault/apm2-15.36.10/jump-not-validated-vc", GINT_TO_POINTER(JUMP),
                         test_not_validated);
    g_test_add_func("/cpu/fault/cpl3/apm2-5.6/supervisor-page-pf", test_user_pf);
    g_test_add_func("/cpu/fault/cpl3/segment-load-is-supervisor", test_user_loads_segment);
    g_test_add_func("/cpu/fault/cpl3/rdmsr-gp", test_user_privileged);
    g_test_add_func("/cpu/fault/apm2-15.36.7/execute-user-is-not-supervisor", test_execute_user);
    g_test_add_func("/cpu/fault/weird-tables", test_weird_tables);
    g_test_add_func("/cpu/fault/no-memory-behind-the-nested-table", test_no_memory);
    g_test_add_func("/cpu/fault/garbage-code", test_garbage_code);
    g_test_add_func("/cpu/fault/handlers-gone", test_handlers_gone);
    return g_test_run();
}
