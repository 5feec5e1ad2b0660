/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On a whole vCPU: exact fault addresses, bulk stores against the engine's own, descriptions. */
#include <glib.h>
#include <string.h>

#include "cpu/internal.h"
#include "tests/unit/cpu_fixture.h"

enum { DATA = FIXTURE_DATA, VMGEXIT_BYTES = 4 };

static const uint8_t vmgexit[VMGEXIT_BYTES] = { 0xf3, 0x0f, 0x01, 0xd9 };

/* The bytes, then VMGEXIT. */
static void code_set(struct fixture *f, const char *hex)
{
    uint8_t code[64];
    size_t count = 0;

    for (; hex[0] != '\0'; hex += 2)
        code[count++] =
            (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
    memcpy(code + count, vmgexit, sizeof(vmgexit));
    fixture_code(f, code, code + count + sizeof(vmgexit));
}

/* ---- exact addresses ---- */

struct address_case {
    const char *hex; /* RAX is in the page before, RDI and RSI as given */
    uint64_t rdi, rsi, rsp;
    uint64_t wanted; /* CR2 */
};

/* The page at HOLE is not mapped. */
#define HOLE (DATA + 0x4000)

static const struct address_case address_cases[] = {
    { "488b07", HOLE + 0x123, DATA, FIXTURE_STACK, HOLE + 0x123 },    /* mov rax, [rdi] */
    { "488907", HOLE - 3, DATA, FIXTURE_STACK, HOLE },                /* crosses into the hole */
    { "488907", HOLE + 0xffc, DATA, FIXTURE_STACK, HOLE + 0xffc },    /* crosses out of it */
    { "c607aa", HOLE + 0xfff, DATA, FIXTURE_STACK, HOLE + 0xfff },    /* mov byte [rdi], 0xaa */
    { "50", DATA, DATA, HOLE + 0x1000, HOLE + 0xff8 },                /* push rax */
    { "50", DATA, DATA, HOLE + 4, HOLE },
    { "58", DATA, DATA, HOLE + 0x18, HOLE + 0x18 },                   /* pop rax */
    { "e800000000", DATA, DATA, HOLE + 0x20, HOLE + 0x18 },           /* call */
    { "c3", DATA, DATA, HOLE + 0x20, HOLE + 0x20 },                   /* ret */
    { "ff37", HOLE + 0x40, DATA, FIXTURE_STACK, HOLE + 0x40 },        /* push [rdi] */
    { "ff37", DATA, DATA, HOLE + 0x48, HOLE + 0x40 },
    { "a4", HOLE + 0x50, DATA, FIXTURE_STACK, HOLE + 0x50 },          /* movsb to */
    { "a4", DATA, HOLE + 0x60, FIXTURE_STACK, HOLE + 0x60 },          /* movsb from */
    { "48a5", HOLE + 0x70, HOLE + 0x80, FIXTURE_STACK, HOLE + 0x80 }, /* reads first */
    { "f348ab", HOLE + 8, DATA, FIXTURE_STACK, HOLE + 8 },            /* rep stosq */
    { "0fae07", HOLE + 0x100, DATA, FIXTURE_STACK, HOLE + 0x100 },    /* fxsave */
    { "f0480fc107", HOLE + 0x90, DATA, FIXTURE_STACK, HOLE + 0x90 },  /* lock xadd */
    { "480fab0f", HOLE - 8, DATA, FIXTURE_STACK, HOLE + 8 },          /* bts [rdi], rcx = 128 */
    { "0f1007", HOLE - 8, DATA, FIXTURE_STACK, HOLE },                /* movups */
};

static void fixture_regs(struct fixture *f, const struct address_case *c)
{
    f->vmsa.rdi = c->rdi;
    f->vmsa.rsi = c->rsi;
    f->vmsa.rsp = c->rsp;
    f->vmsa.rcx = 128;
}

/* #PF: CR2 is the first byte of the access that lies in the page. */
static void test_cr2(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(address_cases); i++) {
        const struct address_case *c = &address_cases[i];
        struct fixture *f = fixture_new();
        const uint64_t ist = FIXTURE_STACK - 0x1000;
        g_test_message("%s", c->hex);
        fixture_idt(f);
        fixture_write(f, FIXTURE_TSS + 0x24, &ist, sizeof(ist));
        fixture_write(f, FIXTURE_IDT + 14 * 16 + 4, "\x01", 1); /* #PF on IST 1 */
        code_set(f, c->hex);
        fixture_regs(f, c);
        fixture_pte_set(f, HOLE, 0);
        fixture_start(f);
        g_assert_cmpint(fixture_vector(f), ==, 14);
        g_assert_cmphex(fixture_state(f)->cr2, ==, c->wanted);
        g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE);
        const struct event *event = fixture_event(f, EVENT_FAULT, 0);
        g_assert_nonnull(event);
        g_assert_cmphex(event->fault.address, ==, c->wanted);
        fixture_free(f);
    }
}

/* Nested page fault: the same for EXITINFO2. */
static void test_exitinfo2(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(address_cases); i++) {
        const struct address_case *c = &address_cases[i];
        struct fixture *f = fixture_new();
        g_test_message("%s", c->hex);
        code_set(f, c->hex);
        fixture_regs(f, c);
        g_assert_cmpint(npt_unmap(&f->npt, HOLE, PAGE_4K), ==, NPT_OK);
        fixture_start(f);
        g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
        g_assert_cmphex(f->exit.info2, ==, c->wanted);
        g_assert_cmphex(f->exit.rip, ==, FIXTURE_CODE);
        fixture_free(f);
    }
}

/*
 * APM 2 15.7.2: a nested fault on the stack of an injected #HV. The hypervisor maps the page and
 * injects what EXITINTINFO says, and the guest sees the event once.
 */
static void test_exitintinfo(void)
{
    const uint64_t hv = EVENTINJ_VALID | (uint64_t)EVENTINJ_EXCEPTION << 8 | CPU_VECTOR_HV;
    struct fixture *f = fixture_new();

    fixture_idt(f);
    code_set(f, "90");
    f->vmsa.rsp = HOLE + 0x100;
    g_assert_cmpint(npt_unmap(&f->npt, HOLE, PAGE_4K), ==, NPT_OK);
    f->vmcb.eventinj = hv;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(f->exit.info2, ==, HOLE + 0xf8);
    g_assert_cmphex(f->exit.rip, ==, FIXTURE_CODE);
    g_assert_cmphex(f->vmcb.exitintinfo, ==, hv);
    g_assert_cmphex(fixture_state(f)->guest_exitintinfo, ==, hv);
    g_assert_cmphex(fixture_state(f)->rsp, ==, HOLE + 0x100);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FAULT), ==, 1);
    g_assert_cmpint(npt_map(&f->npt, HOLE, HOLE, PAGE_4K, NPT_RWX), ==, NPT_OK);
    f->vmcb.eventinj = f->vmcb.exitintinfo;
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmpint(fixture_vector(f), ==, CPU_VECTOR_HV);
    g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE);
    g_assert_cmphex(f->vmcb.exitintinfo, ==, 0);
    fixture_free(f);
}

/* ---- bulk stores ---- */

struct string_case {
    const char *hex;
    uint64_t rdi, rsi, rcx;
};

static const struct string_case string_cases[] = {
    { "f3aa", DATA + 0x10, DATA, 3 },         { "f3aa", DATA + 0xff0, DATA, 0x2020 },
    { "f366ab", DATA + 1, DATA, 5000 },       { "f3ab", DATA + 4, DATA, 3000 },
    { "f348ab", DATA + 0x800, DATA, 600 },    { "f348ab", DATA + 3, DATA, 1500 },
    { "f2aa", DATA, DATA, 77 },               { "f3a4", DATA + 0x5000, DATA + 5, 9000 },
    { "f3a4", DATA + 1, DATA, 5000 },         { "f3a4", DATA, DATA + 1, 5000 },
    { "f348a5", DATA + 4, DATA, 700 },        { "f348a5", DATA + 0x2008, DATA + 0x0ff0, 900 },
    { "f366a5", DATA + 6, DATA + 4, 2100 },   { "f3a5", DATA + 0x3000, DATA + 0x10, 1024 },
};

static struct fixture *string_fixture(const struct string_case *c)
{
    struct fixture *f = fixture_new();

    for (uint32_t at = 0; at < 0x8000; at += 8) {
        uint64_t word = (at + 1) * UINT64_C(0x9e3779b97f4a7c15);
        fixture_write(f, DATA + at, &word, sizeof(word));
    }
    code_set(f, c->hex);
    f->vmsa.rax = UINT64_C(0x8877665544332211);
    f->vmsa.rdi = c->rdi;
    f->vmsa.rsi = c->rsi;
    f->vmsa.rcx = c->rcx;
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    /* The instruction has been fetched when interpret_store() is asked. */
    struct fault fault;
    uint8_t byte;
    g_assert_true(mmu_read(f->vcpu, FIXTURE_CODE, &byte, 1, MMU_CURRENT, &fault));
    return f;
}

/* As much as it takes in bulk, in steps of at most limit, and the engine the rest. */
static uint64_t string_in_bulk(struct fixture *f, uint64_t limit)
{
    uint64_t total = 0, insns;
    struct fault fault;

    while (interpret_store(f->vcpu, limit, &insns, &fault) == INTERPRET_DONE) {
        g_assert_cmpuint(insns, >, 0);
        g_assert_cmpuint(insns, <=, limit);
        g_assert_cmphex(vcpu_rip(f->vcpu), ==, FIXTURE_CODE);
        total += insns;
    }
    g_assert_cmpint(fault.kind, ==, FAULT_NONE);
    return total;
}

static void memory_snapshot(struct fixture *f, uint8_t *out)
{
    fixture_read(f, DATA, out, 0x8000);
}

/* Same memory, registers and number of retired instructions as if the engine did all of it. */
static void test_bulk_against_engine(void)
{
    static const uint64_t limits[] = { UINT64_MAX, 100, 1 };
    uint8_t *wanted = g_malloc(0x8000), *got = g_malloc(0x8000);

    for (size_t i = 0; i < G_N_ELEMENTS(string_cases); i++) {
        struct fixture *engine = string_fixture(&string_cases[i]);
        fixture_run(engine);
        g_assert_cmphex(engine->exit.code, ==, SVM_EXIT_VMGEXIT);
        memory_snapshot(engine, wanted);
        const struct vmsa *state = fixture_state(engine);
        g_assert_cmpuint(state->rcx, ==, 0);
        for (size_t k = 0; k < G_N_ELEMENTS(limits); k++) {
            struct fixture *bulk = string_fixture(&string_cases[i]);
            g_test_message("%s limit %" G_GUINT64_FORMAT, string_cases[i].hex, limits[k]);
            uint64_t iterations = string_in_bulk(bulk, limits[k]);
            g_assert_cmpuint(iterations, >, 0);
            fixture_run(bulk);
            memory_snapshot(bulk, got);
            g_assert_cmpmem(got, 0x8000, wanted, 0x8000);
            g_assert_cmphex(fixture_state(bulk)->rdi, ==, state->rdi);
            g_assert_cmphex(fixture_state(bulk)->rsi, ==, state->rsi);
            g_assert_cmphex(fixture_state(bulk)->rcx, ==, state->rcx);
            g_assert_cmphex(fixture_state(bulk)->rip, ==, state->rip);
            g_assert_cmpuint(iterations + bulk->exit.insns, ==, engine->exit.insns);
            fixture_free(bulk);
        }
        fixture_free(engine);
    }
    g_free(wanted);
    g_free(got);
}

/* Up to the page's end, where RIP stays. */
static void test_bulk_stops_at_page_end(void)
{
    const struct string_case c = { "f348ab", DATA + 0x800, DATA, 600 };
    struct fixture *f = string_fixture(&c);
    struct fault fault;
    uint64_t insns;

    g_assert_cmpint(interpret_store(f->vcpu, UINT64_MAX, &insns, &fault), ==, INTERPRET_DONE);
    g_assert_cmpuint(insns, ==, 256);
    g_assert_cmphex(vcpu_reg(f->vcpu, UC_X86_REG_RDI), ==, DATA + 0x1000);
    g_assert_cmpuint(vcpu_reg(f->vcpu, UC_X86_REG_RCX), ==, 600 - 256);
    g_assert_cmphex(vcpu_rip(f->vcpu), ==, FIXTURE_CODE);
    fixture_free(f);
}

/* What it leaves to the engine, and what faults. */
static void test_bulk_refuses(void)
{
    static const struct {
        const char *hex;
        uint64_t rdi, rsi, rcx, rflags;
        enum interpret_result result;
    } cases[] = {
        { "aa", DATA, DATA, 9, 2, INTERPRET_NOT },                      /* no REP */
        { "f3aa", DATA, DATA, 0, 2, INTERPRET_NOT },                    /* nothing to do */
        { "f3aa", DATA, DATA, 9, 0x402, INTERPRET_NOT },                /* DF */
        { "f3aa", DATA, DATA, 9, 0x102, INTERPRET_NOT },                /* TF */
        { "67f3aa", DATA, DATA, 9, 2, INTERPRET_NOT },                  /* EDI */
        { "65f3a4", DATA, DATA, 9, 2, INTERPRET_NOT },                  /* GS */
        { "f3a6", DATA, DATA, 9, 2, INTERPRET_NOT },                    /* CMPS */
        { "f348ab", DATA + 0xffc, DATA, 9, 2, INTERPRET_NOT },          /* crosses a page */
        { "f3aa", FIXTURE_SHARED + FIXTURE_HV, DATA, 9, 2, INTERPRET_NOT }, /* C=0 */
        { "f3aa", HOLE + 5, DATA, 9, 2, INTERPRET_FAULT },
        { "f3a4", DATA, HOLE + 5, 9, 2, INTERPRET_FAULT },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct string_case c = { cases[i].hex, cases[i].rdi, cases[i].rsi, cases[i].rcx };
        struct fixture *f = string_fixture(&c);
        struct fault fault;
        uint64_t insns;
        g_test_message("%u: %s", (unsigned)i, c.hex);
        fixture_pte_set(f, HOLE, 0);
        vcpu_reg_set(f->vcpu, UC_X86_REG_RFLAGS, cases[i].rflags);
        g_assert_cmpint(interpret_store(f->vcpu, UINT64_MAX, &insns, &fault), ==,
                        cases[i].result);
        g_assert_cmpuint(insns, ==, 0);
        g_assert_cmphex(vcpu_reg(f->vcpu, UC_X86_REG_RCX), ==, c.rcx);
        g_assert_cmphex(vcpu_reg(f->vcpu, UC_X86_REG_RDI), ==, c.rdi);
        if (cases[i].result == INTERPRET_FAULT) {
            g_assert_cmpint(fault.kind, ==, FAULT_GUEST);
            g_assert_cmpuint(fault.vector, ==, CPU_VECTOR_PF);
            g_assert_cmphex(fault.gva, ==, HOLE + 5);
        }
        fixture_free(f);
    }
}

/* ---- descriptions ---- */

static char *described(void)
{
    struct fixture *f = fixture_new();
    GString *text = g_string_new(NULL);

    code_set(f, "31c0ffc0488907"); /* xor eax, eax; inc eax; mov [rdi], rax */
    f->vmsa.rdi = HOLE + 0x18;
    g_assert_cmpint(npt_unmap(&f->npt, HOLE, PAGE_4K), ==, NPT_OK);
    fixture_start(f);
    vcpu_describe(f->vcpu, NULL, text);
    fixture_free(f);
    return g_string_free(text, FALSE);
}

static void test_describe(void)
{
    static const char *const wanted[] = {
        "processor 0, VMPL 0, ASID 1, VMSA at spa 0x1000, outside the guest",
        "last exit: 0x400 NPF", ": gpa 0x304018, write, final, encrypted\n", "at 0x200004",
        "rdi 0000000000304018",
        "gpa 0x200000, spa 0x200000, C=1, ", "VMPL0 rwus",
        "=> 0x200004  488907  mov qword ptr [rdi], rax", "vmmcall",
    };
    char *text = described(), *again = described();

    g_test_message("%s", text);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (strstr(text, wanted[i]) == NULL)
            g_error("no \"%s\" in:\n%s", wanted[i], text);
    g_assert_cmpstr(text, ==, again);
    g_free(text);
    g_free(again);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/support/apm2-8.2.15/cr2-is-exact", test_cr2);
    g_test_add_func("/cpu/support/apm2-15.25.6/exitinfo2-is-exact", test_exitinfo2);
    g_test_add_func("/cpu/support/apm2-15.7.2/exitintinfo-of-an-injection", test_exitintinfo);
    g_test_add_func("/cpu/support/bulk-against-the-engine", test_bulk_against_engine);
    g_test_add_func("/cpu/support/bulk-stops-at-page-end", test_bulk_stops_at_page_end);
    g_test_add_func("/cpu/support/bulk-refuses", test_bulk_refuses);
    g_test_add_func("/cpu/support/describe", test_describe);
    return g_test_run();
}
