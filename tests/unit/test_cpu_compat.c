/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compatibility mode: 16- and 32-bit code under a 64-bit system. */
#include "tests/unit/cpu_fixture.h"

enum {
    USER_CODE = FIXTURE_DATA,
    USER_DATA = FIXTURE_DATA + 0x1000,
};

#define CODE(name)                                                                                 \
    extern const uint8_t code_##name[], code_##name##_end[]
#define PUT(f, gpa, name)                                                                          \
    fixture_write((f), (gpa), code_##name, (size_t)(code_##name##_end - code_##name))
CODE(compat_user);
CODE(both_modes);

static uint32_t read32(struct fixture *f, uint64_t gpa)
{
    return (uint32_t)fixture_read64(f, gpa);
}

static void user_page(struct fixture *f, uint64_t gva)
{
    fixture_pte_set(f, gva, fixture_pte(f, gva) | 4);
}

/* Tables with 32-bit segments for users, and gates that INT 0x80 may use from CPL 3. */
static void compat_setup(struct fixture *f)
{
    const uint64_t code32 = UINT64_C(0x00cffb000000ffff), data = UINT64_C(0x00cff3000000ffff);
    const uint64_t tss = UINT64_C(0x0000890000000067) | (uint64_t)FIXTURE_TSS << 16;
    const uint64_t moved[3] = { code32, data, tss };
    uint8_t attrib = 0xee;

    fixture_idt(f);
    fixture_write(f, FIXTURE_GDT + 0x28, moved, sizeof(moved));
    f->vmsa.gdtr.limit = 0x47;
    f->vmsa.tr.selector = 0x38;
    fixture_write(f, FIXTURE_IDT + 0x80 * 16 + 5, &attrib, 1);
    user_page(f, USER_CODE);
    user_page(f, USER_DATA);
    FIXTURE_CODE_OF(f, to_compat);
    f->vmsa.rdi = USER_CODE;
    f->vmsa.rsi = USER_DATA + 0x800;
}

static void test_compat_user(void)
{
    struct fixture *f = fixture_new();

    compat_setup(f);
    PUT(f, USER_CODE, compat_user);
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x80);
    const struct vmsa *state = fixture_state(f);
    g_assert_cmphex(fixture_fault_rip(f), ==, USER_CODE + 15);
    g_assert_cmphex(read32(f, USER_DATA + 0x804), ==, 0x55660033);
    g_assert_cmphex(read32(f, (uint32_t)state->rsp + 8), ==, 0x2b); /* CS */
    g_assert_cmphex(fixture_read64(f, state->rsp + 24), ==, USER_DATA + 0x800); /* RSP */
    g_assert_cmpuint(state->cpl, ==, 0);
    g_assert_cmphex(state->cs.attrib, ==, 0xa9b);
    g_assert_cmpuint(f->insns, ==, 6 + 9 + 1);
    fixture_free(f);
}

struct compat_case {
    const char *name;
    uint8_t code[8];
    uint8_t len;
    uint8_t vector;
    uint64_t error;
    uint32_t cr2; /* with #PF */
    uint8_t rip;  /* from USER_CODE */
};

/* EAX is USER_DATA + 0x1010, a page that users must not touch; FS has the base 0x30. */
static const struct compat_case compat_cases[] = {
    { "pf-read", { 0x90, 0x8b, 0x18 }, 3, 14, 5, USER_DATA + 0x1010, 1 },
    { "pf-write-wraps", { 0x89, 0x98, 0xf0, 0xff, 0xff, 0xff }, 6, 14, 7, USER_DATA + 0x1000, 0 },
    { "pf-fs", { 0x64, 0x8b, 0x18 }, 3, 14, 5, USER_DATA + 0x1040, 0 },
    { "pf-stos", { 0x97, 0xaa }, 2, 14, 7, USER_DATA + 0x1010, 1 },
    { "pf-push", { 0x94, 0x50 }, 2, 14, 7, USER_DATA + 0x100c, 1 },
    { "pf-bp16", { 0x66, 0x67, 0x8b, 0x1e, 0x10, 0x20 }, 6, 14, 5, 0x2010, 0 },
    { "pf-moffs", { 0xa1, 0x34, 0x12, 0x60, 0x00 }, 5, 14, 5, 0x601234, 0 },
    { "pf-jump", { 0xff, 0xe0 }, 2, 14, 0x15, USER_DATA + 0x1010, 0 },
    { "pf-high-is-32-bit", { 0x8b, 0x80, 0, 0, 0, 0xf0 }, 6, 14, 4, 0, 0 },
    { "gp-cli", { 0x90, 0xfa }, 2, 13, 0, 0, 1 },
    { "gp-segment", { 0xb8, 0x50, 0, 0, 0, 0x8e, 0xd8 }, 7, 13, 0x50, 0, 5 },
    { "ud-sysenter", { 0x0f, 0x34 }, 2, 6, 0, 0, 0 },
    { "ud-sysexit", { 0x0f, 0x35 }, 2, 6, 0, 0, 0 },
    { "ud-vex", { 0xc5, 0xf8, 0x77 }, 3, 6, 0, 0, 0 },
    { "vc-cpuid", { 0x0f, 0xa2 }, 2, 29, 0x72, 0, 0 },
    { "hlt-is-gp", { 0xf4 }, 1, 13, 0, 0, 0 },
};

/* APM 2 8.9: 64-bit gates, the frame of five quadwords on the inner stack; addresses of 32 bits. */
static void test_compat_exception(const void *data)
{
    const struct compat_case *c = data;
    struct fixture *f = fixture_new();

    compat_setup(f);
    fixture_write(f, USER_CODE, c->code, c->len);
    f->vmsa.rax = USER_DATA + 0x1010;
    f->vmsa.rbx = UINT64_C(0xffffffff00000001);
    f->vmsa.fs = (struct vmsa_segment){ .selector = 0x33, .attrib = 0xcf3, .base = 0x30,
                                        .limit = 0xffffffff };
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, c->vector);
    const uint32_t cr2 = c->cr2 != 0 ? c->cr2 : (uint32_t)(0xf0000000 + USER_DATA + 0x1010);
    if (c->vector == 14) {
        g_assert_cmphex(f->vmsa.cr2, ==, cr2);
        g_assert_cmphex(fixture_event(f, EVENT_FAULT, 0)->fault.address, ==, cr2);
    }
    if (c->vector != 6)
        g_assert_cmphex(fixture_error(f), ==, c->error);
    const bool fetch = (c->error & 0x10) != 0 && c->vector == 14;
    g_assert_cmphex(fixture_fault_rip(f), ==, fetch ? c->cr2 : (uint32_t)USER_CODE + c->rip);
    g_assert_cmpuint(fixture_event(f, EVENT_FAULT, 0)->fault.cpl, ==, 3);
    fixture_free(f);
}

/* VMRUN into compatibility mode at CPL 3, and an exit in it. */
static void test_compat_enter(void)
{
    /* 1: inc eax; dec ecx; jnz 1b; int 0x80 */
    static const uint8_t code[] = { 0x40, 0x49, 0x75, 0xfc, 0xcd, 0x80 };
    struct fixture *f = fixture_new();
    const struct vmsa_segment data = { 0x33, 0xcf3, 0xffffffff, 0 };

    compat_setup(f);
    fixture_write(f, USER_CODE, code, sizeof(code));
    f->vmsa.cs = (struct vmsa_segment){ 0x2b, 0xcfb, 0xffffffff, 0 };
    f->vmsa.ss = f->vmsa.ds = f->vmsa.es = data;
    f->vmsa.cpl = 3;
    f->vmsa.rip = USER_CODE;
    f->vmsa.rsp = USER_DATA + 0x800;
    f->vmsa.rcx = 100;
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    do {
        vcpu_run(f->vcpu, 10, &f->exit);
        f->insns += f->exit.insns;
        if (f->exit.reason == VCPU_EXIT_BUDGET) {
            vcpu_preempt(f->vcpu, &f->exit);
            g_assert_cmphex(fixture_state(f)->cs.attrib, ==, f->insns < 301 ? 0xcfb : 0xa9b);
            g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
            f->exit.code = 0;
        }
    } while (f->exit.code == 0);
    g_assert_cmpint(fixture_vector(f), ==, 0x80);
    g_assert_cmpuint(f->vmsa.rax, ==, 100);
    g_assert_cmpuint(f->insns, ==, 302);
    fixture_free(f);
}

/* SYSCALL of 32-bit code goes to CSTAR (APM 3 SYSCALL), and SYSRET of 32 bits back. */
static void test_compat_syscall(void)
{
    static const uint8_t user[] = { 0x0f, 0x05, 0x40, 0xcd, 0x80 }; /* syscall; inc eax; int 0x80 */
    /* mov eax, 0x41; sysretl */
    static const uint8_t kernel[] = { 0xb8, 0x41, 0, 0, 0, 0x0f, 0x07 };
    struct fixture *f = fixture_new();

    compat_setup(f);
    fixture_write(f, USER_CODE, user, sizeof(user));
    fixture_write(f, FIXTURE_CODE + 0x100, kernel, sizeof(kernel));
    f->vmsa.star = UINT64_C(0x0028000800000000);
    f->vmsa.cstar = FIXTURE_CODE + 0x100;
    f->vmsa.sfmask = 0x200;
    f->vmsa.lstar = 0x1000;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x80);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 0x42);
    g_assert_cmphex(f->vmsa.rcx, ==, USER_CODE + 2);
    g_assert_cmphex(fixture_fault_rip(f), ==, USER_CODE + 5);
    g_assert_cmphex(read32(f, (uint32_t)f->vmsa.rsp + 8), ==, 0x2b);
    fixture_free(f);
}

static uint64_t both_modes_run(uint64_t *insns)
{
    struct fixture *f = fixture_new();

    compat_setup(f);
    const struct vmsa to_compat = f->vmsa;
    PUT(f, USER_CODE, both_modes);
    f->vmsa.rip = USER_CODE;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x80);
    const uint64_t first = f->vmsa.rax;
    f->vmsa = to_compat;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x80);
    const uint64_t second = fixture_state(f)->rax;
    g_assert_cmphex(first >> 32, !=, 0);
    g_assert_cmphex(second >> 32, ==, 0);
    *insns = f->insns;
    fixture_free(f);
    return first << 32 | second;
}

/* The same address has other instructions in another mode: RDRAND is found in both. */
static void test_both_modes(void)
{
    uint64_t insns = 0;
    const uint64_t once = both_modes_run(&insns), twice = both_modes_run(&insns);

    g_assert_cmphex(once, ==, twice);
    g_assert_cmpuint(insns, ==, 2 + 1 + 6 + 3 + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/compat/user-and-int-80", test_compat_user);
    g_test_add_func("/cpu/compat/enter-and-exit", test_compat_enter);
    g_test_add_func("/cpu/compat/apm3-syscall-sysret", test_compat_syscall);
    for (size_t i = 0; i < G_N_ELEMENTS(compat_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/cpu/compat/apm2-8.9/%s", compat_cases[i].name);
        g_test_add_data_func(path, &compat_cases[i], test_compat_exception);
    }
    g_test_add_func("/cpu/compat/same-bytes-in-two-modes", test_both_modes);
    return g_test_run();
}
