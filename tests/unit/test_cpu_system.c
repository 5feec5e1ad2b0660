/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systems do on their way between CPL 3 and CPL 0, to their own code, and for debuggers. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

enum {
    KERNEL = FIXTURE_CODE + 0x400,
    USER_CODE = FIXTURE_DATA,
    USER_DATA = FIXTURE_DATA + 0x1000,
    TEXT = FIXTURE_DATA + 0x4000,      /* code that is patched ... */
    TEXT_POKE = FIXTURE_DATA + 0x8000, /* ... through this address */
    TF = 1 << 8,
    BS = 1 << 14,
};

static void user_page(struct fixture *f, uint64_t gva)
{
    fixture_pte_set(f, gva, fixture_pte(f, gva) | 4);
}

/* The selectors of SYSCALL and SYSRET: 0x08 and 0x10; 0x20 and 0x18 with RPL 3. */
static void user_start(struct fixture *f, const uint8_t *user, size_t user_len,
                       const uint8_t *kernel, size_t kernel_len)
{
    /* push 0x1b; push rsi; push 0x202; push 0x23; push rdi; iretq */
    static const uint8_t to_user[] = { 0x6a, 0x1b, 0x56, 0x68, 0x02, 0x02, 0, 0, 0x6a, 0x23, 0x57,
                                       0x48, 0xcf };

    fixture_idt(f);
    user_page(f, USER_CODE);
    user_page(f, USER_DATA);
    fixture_write(f, USER_CODE, user, user_len);
    fixture_write(f, KERNEL, kernel, kernel_len);
    f->vmsa.star = UINT64_C(0x0010000800000000);
    f->vmsa.lstar = KERNEL;
    f->vmsa.sfmask = 0x300;
    f->vmsa.rdi = USER_CODE;
    f->vmsa.rsi = USER_DATA + 0x800;
    fixture_code(f, to_user, to_user + sizeof(to_user));
    fixture_start(f);
}

/* APM 3 IRETQ, SYSCALL, SYSRET. */
static void test_syscall_sysret(void)
{
    /* mov ebx, 7; syscall; inc ebx; hlt (#GP at CPL 3) */
    static const uint8_t user[] = { 0xbb, 7, 0, 0, 0, 0x0f, 0x05, 0xff, 0xc3, 0xf4 };
    /* mov eax, cs; pushfq; pop rdx; add ebx, ebx; sysretq */
    static const uint8_t kernel[] = { 0x8c, 0xc8, 0x9c, 0x5a, 0x01, 0xdb, 0x48, 0x0f, 0x07 };
    struct fixture *f = fixture_new();

    f->vmsa.rsp = FIXTURE_STACK;
    user_start(f, user, sizeof(user), kernel, sizeof(kernel));
    g_assert_cmpint(fixture_vector(f), ==, 13);
    const struct vmsa *state = fixture_state(f);
    g_assert_cmpuint(state->rbx, ==, 15);
    g_assert_cmphex(state->rax, ==, 8);
    g_assert_cmphex(state->rdx & 0x200, ==, 0);
    g_assert_cmphex(state->rcx, ==, USER_CODE + 7);
    g_assert_cmphex(state->r11 & 0x202, ==, 0x202);
    g_assert_cmphex(fixture_fault_rip(f), ==, USER_CODE + 9);
    g_assert_cmphex(fixture_read64(f, state->rsp + 16) & 0xffff, ==, 0x23);
    g_assert_cmphex(fixture_read64(f, state->rsp + 32), ==, USER_DATA + 0x800);
    g_assert_cmphex(fixture_read64(f, state->rsp + 40) & 0xffff, ==, 0x1b);
    g_assert_cmpuint(f->insns, ==, 6 + 2 + 5 + 1 + 1);
    fixture_free(f);
}

/* #PF at CPL 3, whose handler's stack is not there: #DF on its IST stack, CR2 of the second. */
static void test_nested_fault(void)
{
    static const uint8_t user[] = { 0x90, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x30, 0x30, 0x00 };
    const uint64_t rsp0 = USER_DATA + 0x3010, ist1 = FIXTURE_STACK - 0x1000;
    const uint8_t with_ist = 1;
    struct fixture *f = fixture_new();

    fixture_idt(f);
    fixture_write(f, FIXTURE_IDT + 8 * 16 + 4, &with_ist, 1);
    fixture_write(f, FIXTURE_TSS + 0x24, &ist1, sizeof(ist1));
    /* Two quadwords of the frame fit into the page; the third one, at its end, does not. */
    fixture_pte_set(f, USER_DATA + 0x2000, 0);
    user_page(f, USER_CODE);
    fixture_write(f, USER_CODE, user, sizeof(user));
    f->vmsa.cs = (struct vmsa_segment){ 0x23, 0xafb, 0xffffffff, 0 };
    f->vmsa.ss = (struct vmsa_segment){ 0x1b, 0xcf3, 0xffffffff, 0 };
    f->vmsa.cpl = 3;
    f->vmsa.rip = USER_CODE;
    fixture_write(f, FIXTURE_TSS + 4, &rsp0, sizeof(rsp0));
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 8);
    g_assert_cmphex(fixture_state(f)->cr2, ==, USER_DATA + 0x2ff8);
    g_assert_cmphex(f->vmsa.rsp, ==, ist1 - 48);
    g_assert_cmphex(fixture_fault_rip(f), ==, USER_CODE + 1);
    fixture_free(f);
}

/* ------------------------------------------------------------------ single-step */

struct step_case {
    const char *name;
    uint8_t code[8];
    uint8_t len; /* of the instruction that runs with TF set */
};

/* The engine's own, and those that cpu/ carries out. */
static const struct step_case step_cases[] = {
    { "nop", { 0x90 }, 1 },
    { "jmp", { 0xeb, 0x00 }, 2 },
    { "push", { 0x50 }, 1 },
    { "rdtsc", { 0x0f, 0x31 }, 2 },
    { "rdmsr", { 0x0f, 0x32 }, 2 },
    { "mov-cr3", { 0x0f, 0x22, 0xda }, 3 },
    { "mov-dr0", { 0x0f, 0x23, 0xc0 }, 3 },
    { "wbinvd", { 0x0f, 0x09 }, 2 },
    { "rdrand", { 0x0f, 0xc7, 0xf0 }, 3 },
    { "invlpg", { 0x0f, 0x01, 0x3f }, 3 },
};

/* APM 2 13.1.4: #DB behind the instruction, DR6.BS; TF is in the frame, not in the handler. */
static void test_single_step(const void *data)
{
    const struct step_case *c = data;
    struct fixture *f = fixture_new();
    /* push 0x102; popfq; then the instruction */
    uint8_t code[32] = { 0x68, 0x02, 0x01, 0, 0, 0x9d };

    memcpy(code + 6, c->code, sizeof(c->code));
    memset(code + 6 + c->len, 0xf4, 4);
    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rcx = 0xc0000080;
    f->vmsa.rdx = f->vmsa.cr3;
    f->vmsa.rdi = FIXTURE_DATA;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 1);
    g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE + 6 + c->len);
    g_assert_cmphex(f->vmsa.dr6 & BS, ==, BS);
    g_assert_cmphex(fixture_read64(f, f->vmsa.rsp + 16) & TF, ==, TF);
    g_assert_cmphex(f->vmsa.rflags & TF, ==, 0);
    g_assert_cmpuint(f->insns, ==, 4);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FAULT), ==, 1);
    fixture_free(f);
}

/* INT n clears TF before it could trap. */
static void test_single_step_int(void)
{
    static const uint8_t code[] = { 0x68, 0x02, 0x01, 0, 0, 0x9d, 0xcd, 0x42 };
    struct fixture *f = fixture_new();

    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x42);
    g_assert_cmphex(fixture_state(f)->dr6 & BS, ==, 0);
    g_assert_cmphex(fixture_read64(f, f->vmsa.rsp + 16) & TF, ==, TF);
    fixture_free(f);
}

/* ------------------------------------------------------------------ code that is patched */

/*
 * Kernels patch their code through a mapping that is there for that alone, and put INT3 in its
 * first byte while the rest changes: what is executed next is what was stored, at once.
 */
static void test_text_poke(void)
{
    /*
     * call r8; mov [r9], 0xcc (byte); mov [r9+1], edx; mov [r9], 0xb8 (byte); mov [rsi], 0 (qword);
     * invlpg [r9]; mov ebx, eax; call r8; hlt
     */
    static const uint8_t code[] = { 0x41, 0xff, 0xd0, 0x41, 0xc6, 0x01, 0xcc, 0x41, 0x89, 0x51,
                                    0x01, 0x41, 0xc6, 0x01, 0xb8, 0x48, 0xc7, 0x06, 0, 0, 0, 0,
                                    0x41, 0x0f, 0x01, 0x39, 0x89, 0xc3, 0x41, 0xff, 0xd0, 0xf4 };
    /* mov eax, 0x11111111; ret */
    static const uint8_t text[] = { 0xb8, 0x11, 0x11, 0x11, 0x11, 0xc3 };
    struct fixture *f = fixture_new();

    fixture_idt(f);
    fixture_pte_set(f, TEXT_POKE, fixture_pte(f, TEXT));
    fixture_pte_set(f, TEXT, fixture_pte(f, TEXT) & ~UINT64_C(2)); /* text is read-only */
    fixture_write(f, TEXT, text, sizeof(text));
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.r8 = TEXT;
    f->vmsa.r9 = TEXT_POKE;
    f->vmsa.rdx = 0x22222222;
    f->vmsa.rsi = FIXTURE_DATA; /* stands for the entry of the mapping */
    fixture_start(f);
    g_assert_cmphex(fixture_state(f)->rbx, ==, 0x11111111);
    g_assert_cmphex(f->vmsa.rax, ==, 0x22222222);
    fixture_free(f);
}

/* The INT3 itself, hit in between. */
static void test_text_poke_int3(void)
{
    /* call r8; mov [r9], 0xcc (byte); call r8; hlt */
    static const uint8_t code[] = { 0x41, 0xff, 0xd0, 0x41, 0xc6, 0x01, 0xcc, 0x41, 0xff, 0xd0,
                                    0xf4 };
    static const uint8_t text[] = { 0xb8, 0x11, 0x11, 0x11, 0x11, 0xc3 };
    struct fixture *f = fixture_new();

    fixture_idt(f);
    fixture_pte_set(f, TEXT_POKE, fixture_pte(f, TEXT));
    fixture_write(f, TEXT, text, sizeof(text));
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.r8 = TEXT;
    f->vmsa.r9 = TEXT_POKE;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 3);
    g_assert_cmphex(fixture_fault_rip(f), ==, TEXT + 1);
    g_assert_cmphex(f->vmsa.rax, ==, 0x11111111);
    fixture_free(f);
}

/* ------------------------------------------------------------------ x87 and SSE */

/* APM 2 table B-4: x87 and SSE state goes through the VMSA, and comes back as FXSAVE shows it. */
static void test_fpu_state(void)
{
    /* fninit; fld1; fldpi; fldz; movq xmm3, rax; hlt; fxsave64 [rdi]; hlt */
    static const uint8_t code[] = { 0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0xd9, 0xee, 0x66, 0x48,
                                    0x0f, 0x6e, 0xd8, 0xf4, 0x48, 0x0f, 0xae, 0x07, 0xf4 };
    static const uint8_t pi[10] = { 0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40 };
    static const uint8_t one[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f };
    uint8_t image[512];
    struct fixture *f = fixture_new();

    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.mxcsr = 0x1fa0;
    f->vmsa.rax = UINT64_C(0x0123456789abcdef);
    f->vmsa.rdi = FIXTURE_DATA;
    fixture_start(f);
    const struct vmsa *state = fixture_state(f);
    g_assert_cmphex(state->x87_fcw, ==, 0x37f);
    g_assert_cmphex(state->x87_fsw & 0x3800, ==, 5 << 11); /* TOP */
    g_assert_cmphex(state->x87_ftw, ==, 0x07ff); /* 7 and 6 valid, 5 zero, the others empty */
    g_assert_cmpmem(state->x87[1], 10, pi, 10);
    g_assert_cmpmem(state->x87[2], 10, one, 10);
    g_assert_cmpmem(state->xmm[3], 8, &state->rax, 8);
    /* The hypervisor cannot do it; the guest's monitor can: another value for ST1. */
    f->vmsa.x87[1][9] = 0xc0;
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    fixture_read(f, FIXTURE_DATA, image, sizeof(image));
    g_assert_cmphex(image[4], ==, 0xe0); /* abridged tags: 7, 6 and 5 are in use */
    g_assert_cmphex(image[2 + 1] >> 3 & 7, ==, 5);
    g_assert_cmphex(image[24] | image[25] << 8, ==, 0x1fa0);
    g_assert_cmpmem(image + 32 + 16, 9, pi, 9);
    g_assert_cmphex(image[32 + 16 + 9], ==, 0xc0);
    g_assert_cmpmem(image + 32 + 2 * 16, 10, one, 10);
    g_assert_cmpmem(image + 160 + 3 * 16, 8, &f->vmsa.rax, 8);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/system/apm3-syscall-sysret", test_syscall_sysret);
    g_test_add_func("/cpu/system/apm2-8.2.9/nested-fault-has-exact-cr2", test_nested_fault);
    for (size_t i = 0; i < G_N_ELEMENTS(step_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/cpu/system/apm2-13.1.4/single-step/%s", step_cases[i].name);
        g_test_add_data_func(path, &step_cases[i], test_single_step);
    }
    g_test_add_func("/cpu/system/apm2-13.1.4/int-clears-tf", test_single_step_int);
    g_test_add_func("/cpu/system/text-poke", test_text_poke);
    g_test_add_func("/cpu/system/text-poke-int3", test_text_poke_int3);
    g_test_add_func("/cpu/system/table-b-4/x87-and-sse", test_fpu_state);
    return g_test_run();
}
