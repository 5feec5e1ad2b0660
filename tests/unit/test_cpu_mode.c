/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real mode, protected mode without paging, and the way from there to 64-bit mode. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

enum {
    PLACE = 0xa0000, /* of the trampoline, as in cpu_mode_code.S */
    IVT = 0xa8000,
    HANDLER = 0xa9000,
    TRAMPOLINE_INSNS = 55,
};

#define CR0_REAL UINT64_C(0x60000010)
#define CODE(name)                                                                                 \
    extern const uint8_t code_##name[], code_##name##_end[]
#define PUT(f, gpa, name)                                                                          \
    fixture_write((f), (gpa), code_##name, (size_t)(code_##name##_end - code_##name))
CODE(trampoline);
CODE(real_int);
CODE(real_handler);
CODE(to_v86);
CODE(to_paging);

/* The state that systems give a processor that they start (APM 2 table 14-1, CS aside). */
static void real_mode(struct fixture *f, uint32_t gpa)
{
    const struct vmsa_segment data = { .attrib = 0x93, .limit = 0xffff };

    f->vmsa = (struct vmsa){
        .efer = 0x1000, .cr0 = CR0_REAL, .dr6 = 0xffff0ff0, .dr7 = 0x400, .rflags = 2,
        .g_pat = UINT64_C(0x0007040600070406), .xcr0 = 1, .mxcsr = 0x1f80, .x87_fcw = 0x40,
        .x87_ftw = 0x5555, .sev_features = 1,
        .cs = { .selector = (uint16_t)(gpa >> 4), .attrib = 0x9b, .limit = 0xffff, .base = gpa },
        .ds = data, .es = data, .ss = data, .fs = data, .gs = data,
        .gdtr = { .limit = 0xffff }, .idtr = { .limit = 0xffff },
        .ldtr = { .limit = 0xffff, .attrib = 0x82 }, .tr = { .limit = 0xffff, .attrib = 0x8b },
    };
}

/* Flat 32-bit segments at CPL 0, no paging. */
static void protected_mode(struct fixture *f, uint32_t gpa)
{
    const struct vmsa_segment data = { .selector = 0x18, .attrib = 0xc93, .limit = 0xffffffff };

    real_mode(f, 0);
    f->vmsa.cr0 = 0x11;
    f->vmsa.cs = (struct vmsa_segment){ .selector = 0x10, .attrib = 0xc9b, .limit = 0xffffffff };
    f->vmsa.ds = f->vmsa.es = f->vmsa.ss = f->vmsa.fs = f->vmsa.gs = data;
    f->vmsa.rip = gpa;
    f->vmsa.rsp = FIXTURE_STACK;
}

static uint32_t read32(struct fixture *f, uint64_t gpa)
{
    return (uint32_t)fixture_read64(f, gpa);
}

/* ------------------------------------------------------------------ the start of a processor */

static void assert_started(struct fixture *f)
{
    const struct vmsa *state = fixture_state(f);

    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmphex(read32(f, PLACE + 0x800) & 0xffff, ==, 0x1616);
    g_assert_cmphex(read32(f, PLACE + 0x804), ==, 0x32323232);
    g_assert_cmphex(read32(f, PLACE + 0x808), ==, 0x1000);
    g_assert_cmphex(fixture_read64(f, PLACE + 0x810), ==, 0x6464646464646464);
    g_assert_cmphex(fixture_read64(f, PLACE + 0x818), ==, 0x1616);
    g_assert_cmphex(read32(f, PLACE + 0x820), ==, 0x16161616);
    g_assert_cmphex(read32(f, PLACE + 0x824), ==, 0x32103210);
    g_assert_cmphex(fixture_read64(f, PLACE + 0x828), ==, 0x64646464);
    g_assert_cmphex(state->efer, ==, 0x1d01);
    g_assert_cmphex(state->cr0, ==, 0x80050033);
    g_assert_cmphex(state->cr4, ==, 0x6a0);
    g_assert_cmphex(state->cs.selector, ==, 8);
    g_assert_cmphex(state->cs.attrib, ==, 0xa9b);
    g_assert_cmphex(state->ss.attrib, ==, 0xc93);
    g_assert_cmphex(state->gs.base, ==, PLACE);
    g_assert_cmphex(state->rsp, ==, PLACE + 0xf00);
    g_assert_cmpuint(state->cpl, ==, 0);
    g_assert_cmpuint(f->insns, ==, TRAMPOLINE_INSNS);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FAULT), ==, 0);
}

static void test_trampoline(void)
{
    struct fixture *f = fixture_new();

    real_mode(f, PLACE);
    PUT(f, PLACE, trampoline);
    fixture_start(f);
    assert_started(f);
    fixture_free(f);
}

/* An automatic exit in every mode: all of it goes through the VMSA, whatever else is on the way. */
static void test_trampoline_preempted(void)
{
    struct fixture *f = fixture_new();

    real_mode(f, PLACE);
    PUT(f, PLACE, trampoline);
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    for (;;) {
        vcpu_run(f->vcpu, 1, &f->exit);
        f->insns += f->exit.insns;
        if (f->exit.reason != VCPU_EXIT_BUDGET)
            break;
        vcpu_preempt(f->vcpu, &f->exit);
        g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    }
    assert_started(f);
    fixture_free(f);
}

/* The same engine runs 64-bit code before and behind it: nothing of it stays. */
static void test_trampoline_after_long_mode(void)
{
    struct fixture *f = fixture_new();
    const struct vmsa long_mode = f->vmsa;

    for (unsigned round = 0; round < 2; round++) {
        f->vmsa = long_mode;
        FIXTURE_CODE_OF(f, sum);
        fixture_start(f);
        g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
        g_assert_cmpuint(fixture_state(f)->rax, ==, 5050);
        f->insns = 0;
        real_mode(f, PLACE);
        PUT(f, PLACE, trampoline);
        fixture_start(f);
        assert_started(f);
    }
    fixture_free(f);
}

/* ------------------------------------------------------------------ real mode */

static void vector_set(struct fixture *f, unsigned vector, uint32_t gpa)
{
    const uint32_t entry = (gpa & 0xf) | gpa >> 4 << 16;

    fixture_write(f, IVT + vector * 4, &entry, sizeof(entry));
}

static void real_start(struct fixture *f, const void *code, size_t len)
{
    real_mode(f, PLACE);
    f->vmsa.idtr.base = IVT;
    f->vmsa.idtr.limit = 0x3ff;
    f->vmsa.ss.base = PLACE;
    f->vmsa.ss.selector = PLACE >> 4;
    f->vmsa.rsp = UINT64_C(0xabcd0800);
    f->vmsa.rflags = 0x202;
    fixture_write(f, PLACE, code, len);
    fixture_start(f);
}

/* APM 2 8.6: INT n and IRET through the vector table. */
static void test_real_int(void)
{
    struct fixture *f = fixture_new();

    vector_set(f, 0x21, HANDLER);
    PUT(f, HANDLER, real_handler);
    real_start(f, code_real_int, (size_t)(code_real_int_end - code_real_int));
    const struct vmsa *state = fixture_state(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(state->rdi, ==, 2);
    g_assert_cmphex(state->rip, ==, 5);
    g_assert_cmphex(state->rsp, ==, 0xabcd0800);
    g_assert_cmphex(state->rflags & 0x200, ==, 0x200);
    g_assert_cmphex(state->rbx & 0xffff, ==, 4); /* IP behind the second one; BP+0 is in SS */
    g_assert_cmphex(state->cs.base, ==, PLACE);
    g_assert_cmpuint(f->insns, ==, 11);
    fixture_free(f);
}

struct real_case {
    const char *name;
    uint8_t code[8];
    uint8_t len;
    uint8_t vector;
    uint16_t ip;
};

static const struct real_case real_cases[] = {
    { "ud", { 0x90, 0x0f, 0x0b }, 3, 6, 1 },
    { "de", { 0x31, 0xc9, 0xf7, 0xf1 }, 4, 0, 2 },
    { "bp", { 0x90, 0xcc }, 2, 3, 2 },
    { "cpuid-is-vc", { 0x0f, 0xa2 }, 2, 29, 0 },
    { "in-is-vc", { 0xe4, 0x60 }, 2, 29, 0 },
    { "vex-is-ud", { 0x90, 0xc5, 0xf8, 0x77 }, 4, 6, 1 },
    { "lldt-is-ud", { 0x0f, 0x00, 0xd0 }, 3, 6, 0 },
    { "cr0-reserved-is-gp", { 0x66, 0xb8, 0, 0, 0, 0x80, 0x0f, 0x22 }, 9, 13, 6 },
};

/* APM 2 8.6: FLAGS, CS, IP and no error code; IF and TF are cleared. */
static void test_real_exception(const void *data)
{
    const struct real_case *c = data;
    struct fixture *f = fixture_new();
    uint8_t code[9] = { 0 };

    memcpy(code, c->code, sizeof(c->code));
    code[8] = 0xc0; /* of MOV CR0, EAX */
    vector_set(f, c->vector, HANDLER);
    fixture_write(f, HANDLER, "\xf4", 1);
    real_start(f, code, c->len);
    const struct vmsa *state = fixture_state(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmphex(state->cs.selector, ==, HANDLER >> 4);
    g_assert_cmphex(state->cs.base, ==, HANDLER);
    g_assert_cmphex(state->rip, ==, 1);
    g_assert_cmphex(state->rsp, ==, 0xabcd0800 - 6);
    g_assert_cmphex(state->rflags & 0x300, ==, 0);
    const uint64_t frame = fixture_read64(f, PLACE + 0x800 - 6);
    g_assert_cmphex(frame & 0xffff, ==, c->ip);
    g_assert_cmphex(frame >> 16 & 0xffff, ==, PLACE >> 4);
    g_assert_cmphex(frame >> 32 & 0x200, ==, 0x200);
    g_assert_cmpuint(fixture_event(f, EVENT_FAULT, 0)->fault.vector, ==, c->vector);
    fixture_free(f);
}

/* With an empty table, as systems load it on their way up, any exception is the end. */
static void test_no_table(void)
{
    static const uint8_t real[] = { 0x0f, 0xa2 };
    struct fixture *f = fixture_new();

    real_mode(f, PLACE);
    f->vmsa.idtr.limit = 0;
    fixture_write(f, PLACE, real, sizeof(real));
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_SHUTDOWN);
    protected_mode(f, PLACE);
    f->vmsa.idtr.limit = 0;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_SHUTDOWN);
    fixture_free(f);
}

struct segment_case {
    const char *name;
    uint8_t code[8];
    uint8_t len;
    uint64_t gpa; /* of the access, in the unvalidated page */
    bool write;
};

/* DS starts 0x100 below the page, ES 0x200, SS 0x300; SI, DI, BP, SP = 0x400, BX = 0xfff0. */
static const struct segment_case segment_cases[] = {
    { "ds-si", { 0x8b, 0x04 }, 2, 0x300, false },
    { "ds-bx+si-wraps", { 0x8b, 0x00 }, 2, 0x2f0, false },
    { "ss-bp", { 0x89, 0x46, 0x08 }, 3, 0x108, true },
    { "es-stosw", { 0xab }, 1, 0x200, true },
    { "ds-lodsb", { 0xac }, 1, 0x300, false },
    { "push", { 0x50 }, 1, 0xfe, true },
    { "push-dword", { 0x66, 0x50 }, 2, 0xfc, true },
    { "pop", { 0x58 }, 1, 0x100, false },
    { "es-override", { 0x26, 0x8b, 0x05 }, 3, 0x200, false },
    { "addr32", { 0x67, 0x8b, 0x46, 0x10 }, 4, 0x310, false },
    { "moffs", { 0xa1, 0x50, 0x01 }, 3, 0x50, false },
    { "xlat", { 0xbb, 0x00, 0x04, 0xd7 }, 4, 0x300, false },
    { "pusha", { 0x60 }, 1, 0xf0, true },
    { "les", { 0xc4, 0x04 }, 2, 0x300, false },
    { "call-near", { 0xe8, 0, 0 }, 3, 0xfe, true },
    { "iret", { 0xcf }, 1, 0x100, false },
};

/* Segment base plus a 16-bit offset; without paging all memory is private (APM 2 15.34.5). */
static void test_real_address(const void *data)
{
    const struct segment_case *c = data;
    struct fixture *f = fixture_new();

    real_mode(f, PLACE);
    f->vmsa.idtr.base = IVT;
    f->vmsa.ds.base = FIXTURE_UNVALIDATED - 0x100;
    f->vmsa.es.base = FIXTURE_UNVALIDATED - 0x200;
    f->vmsa.ss.base = FIXTURE_UNVALIDATED - 0x300;
    f->vmsa.rsi = f->vmsa.rdi = f->vmsa.rbp = f->vmsa.rsp = 0x400;
    f->vmsa.rbx = 0xfff0;
    fixture_write(f, PLACE, c->code, c->len);
    rmp_slot_at(&f->rmp, FIXTURE_UNVALIDATED)->validated = 0;
    /* The stack may be in that page too: the table is empty, and what is left is the shutdown. */
    f->vmsa.idtr.limit = 0;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_SHUTDOWN);
    g_assert_cmphex(fixture_state(f)->cr2, ==, FIXTURE_UNVALIDATED + c->gpa);
    fixture_free(f);
}

/* A nested page fault says what was accessed, and how. */
static void test_real_nested_fault(void)
{
    static const uint8_t code[] = { 0x90, 0x89, 0x44, 0x10 }; /* mov [si+0x10], ax */
    struct fixture *f = fixture_new();

    real_mode(f, PLACE);
    f->vmsa.ds.base = FIXTURE_HV;
    f->vmsa.rsi = 0x20;
    fixture_write(f, PLACE, code, sizeof(code));
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(f->exit.info2, ==, FIXTURE_HV + 0x30);
    g_assert_cmphex(f->exit.info1 & (NPF_RMP | NPF_ENC | NPF_W), ==, NPF_RMP | NPF_ENC | NPF_W);
    g_assert_cmphex(fixture_state(f)->rip, ==, 1);
    fixture_free(f);
}

/* ------------------------------------------------------------------ protected mode */

static void test_protected(void)
{
    /* mov eax, [esi*4+0x10]; push eax; pop ebx; rdmsr of EFER; hlt */
    static const uint8_t code[] = { 0x8b, 0x04, 0xb5, 0x10, 0, 0, 0, 0x50, 0x5b, 0xb9, 0x80, 0,
                                    0, 0xc0, 0x0f, 0x32, 0xf4 };
    const uint32_t word = 0x89abcdef;
    struct fixture *f = fixture_new();

    protected_mode(f, FIXTURE_CODE);
    f->vmsa.ds.base = FIXTURE_DATA;
    f->vmsa.rsi = 4;
    fixture_write(f, FIXTURE_CODE, code, sizeof(code));
    fixture_write(f, FIXTURE_DATA + 0x20, &word, sizeof(word));
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmphex(fixture_state(f)->rbx, ==, word);
    g_assert_cmphex(fixture_state(f)->rax, ==, 0x1000);
    g_assert_cmpuint(f->insns, ==, 6);
    fixture_free(f);
}

static void assert_unsupported(struct fixture *f, const char *text)
{
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_ENGINE);
    g_assert_nonnull(strstr(f->exit.message, text));
    fixture_free(f);
}

static void test_protected_exception(void)
{
    static const uint8_t code[] = { 0x0f, 0x0b };
    struct fixture *f = fixture_new();

    protected_mode(f, FIXTURE_CODE);
    fixture_write(f, FIXTURE_CODE, code, sizeof(code));
    fixture_start(f);
    assert_unsupported(f, "outside long mode");
}

static void test_v86(void)
{
    struct fixture *f = fixture_new();

    protected_mode(f, FIXTURE_CODE);
    PUT(f, FIXTURE_CODE, to_v86);
    fixture_start(f);
    assert_unsupported(f, "virtual-8086");
}

static void test_legacy_paging(void)
{
    struct fixture *f = fixture_new();

    protected_mode(f, FIXTURE_CODE);
    PUT(f, FIXTURE_CODE, to_paging);
    fixture_start(f);
    assert_unsupported(f, "paging");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/mode/apm2-14.6/trampoline", test_trampoline);
    g_test_add_func("/cpu/mode/apm2-14.6/trampoline-preempted", test_trampoline_preempted);
    g_test_add_func("/cpu/mode/apm2-14.6/trampoline-after-long-mode",
                    test_trampoline_after_long_mode);
    g_test_add_func("/cpu/mode/apm2-8.6/int-and-iret", test_real_int);
    for (size_t i = 0; i < G_N_ELEMENTS(real_cases); i++) {
        g_autofree char *path = g_strdup_printf("/cpu/mode/apm2-8.6/%s", real_cases[i].name);
        g_test_add_data_func(path, &real_cases[i], test_real_exception);
    }
    g_test_add_func("/cpu/mode/apm2-8.2.9/no-table-is-shutdown", test_no_table);
    for (size_t i = 0; i < G_N_ELEMENTS(segment_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/cpu/mode/apm2-4.5.1/address/%s", segment_cases[i].name);
        g_test_add_data_func(path, &segment_cases[i], test_real_address);
    }
    g_test_add_func("/cpu/mode/apm2-15.34.5/nested-fault-is-private", test_real_nested_fault);
    g_test_add_func("/cpu/mode/protected/runs", test_protected);
    g_test_add_func("/cpu/mode/protected/exception-says-so", test_protected_exception);
    g_test_add_func("/cpu/mode/virtual-8086-says-so", test_v86);
    g_test_add_func("/cpu/mode/legacy-paging-says-so", test_legacy_paging);
    return g_test_run();
}
