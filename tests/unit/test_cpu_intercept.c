/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each intercepted instruction is for the guest. The names hold the rule's place. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

enum { NO_ERROR = -1, RUNS = -2 };

struct insn_case {
    const char *name;
    const char *bytes; /* hex */
    uint32_t intercepts;
    int vector;     /* RUNS: reaches the HLT behind it */
    int64_t error;  /* NO_ERROR: pushes none */
    uint64_t rcx;
};

static const struct insn_case cases[] = {
    { "apm2-15.36.12/cpuid-always-vc", "0fa2", 0, 29, 0x72, 0 },
    { "apm2-15.36.12/in-imm-always-vc", "e480", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/in-dx-always-vc", "ec", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/in-eax-dx-always-vc", "ed", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/out-imm-always-vc", "e780", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/out-dx-always-vc", "ee", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/out-ax-dx-always-vc", "66ef", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/insb-always-vc", "6c", 0, 29, 0x7b, 0 },
    { "apm2-15.36.12/rep-outsb-always-vc", "f36e", 0, 29, 0x7b, 0 },
    { "msr/unknown-read-vc", "0f32", 0, 29, 0x7c, 0x1b },
    { "msr/unknown-write-vc", "0f30", 0, 29, 0x7c, 0xc0010000 },
    { "msr/efer-read-runs", "0f32", 0, RUNS, NO_ERROR, 0xc0000080 },
    { "msr/ghcb-read-runs", "0f32", 0, RUNS, NO_ERROR, 0xc0010130 },
    { "msr/ghcb-intercepted-vc", "0f32", INTERCEPT_GHCB_MSR, 29, 0x7c, 0xc0010130 },
    { "msr/sev-status-read-runs", "0f32", INTERCEPT_MSR, RUNS, NO_ERROR, 0xc0010131 },
    { "msr/sev-status-write-gp", "0f30", 0, 13, 0, 0xc0010131 },
    { "msr/vtom-inactive-gp", "0f32", 0, 13, 0, 0xc0010135 },
    { "rdtsc/runs", "0f31", 0, RUNS, NO_ERROR, 0 },
    { "rdtsc/intercepted-vc", "0f31", INTERCEPT_RDTSC, 29, 0x6e, 0 },
    { "rdtscp/runs", "0f01f9", 0, RUNS, NO_ERROR, 0 },
    { "rdtscp/intercepted-vc", "0f01f9", INTERCEPT_RDTSCP, 29, 0x87, 0 },
    { "rdpmc/gp", "0f33", 0, 13, 0, 0 },
    { "rdpmc/intercepted-vc", "0f33", INTERCEPT_RDPMC, 29, 0x6f, 0 },
    { "wbinvd/runs", "0f09", 0, RUNS, NO_ERROR, 0 },
    { "wbinvd/intercepted-vc", "0f09", INTERCEPT_WBINVD, 29, 0x89, 0 },
    { "invd/intercepted-vc", "0f08", INTERCEPT_INVD, 29, 0x76, 0 },
    { "invlpg/runs", "0f013f", 0, RUNS, NO_ERROR, 0 },
    { "invlpg/intercepted-vc", "0f013f", INTERCEPT_INVLPG, 29, 0x79, 0 },
    { "dr7/read-runs", "0f21f8", 0, RUNS, NO_ERROR, 0 },
    { "dr7/read-intercepted-vc", "0f21f8", INTERCEPT_DR7, 29, 0x27, 0 },
    { "dr7/write-intercepted-vc", "0f23f8", INTERCEPT_DR7, 29, 0x37, 0 },
    { "monitor/ud", "0f01c8", 0, 6, NO_ERROR, 0 },
    { "monitor/intercepted-vc", "0f01c8", INTERCEPT_MONITOR, 29, 0x8a, 0 },
    { "mwait/intercepted-vc", "0f01c9", INTERCEPT_MWAIT, 29, 0x8b, 0 },
    { "vmmcall/ud", "0f01d9", 0, 6, NO_ERROR, 0 },
    { "vmmcall/intercepted-vc", "0f01d9", INTERCEPT_VMMCALL, 29, 0x81, 0 },
    { "pushf/runs", "9c", 0, RUNS, NO_ERROR, 0 },
    { "pushf/intercepted-vc", "9c", INTERCEPT_PUSHF_POPF, 29, 0x70, 0 },
    { "popf/intercepted-vc", "9d", INTERCEPT_PUSHF_POPF, 29, 0x71, 0 },
    { "iret/intercepted-vc", "48cf", INTERCEPT_IRET, 29, 0x74, 0 },
    { "int-n/delivered", "cd40", 0, 0x40, NO_ERROR, 0 },
    { "int-n/intercepted-vc", "cd40", INTERCEPT_INTN, 29, 0x75, 0 },
    { "int3/delivered", "cc", INTERCEPT_INTN, 3, NO_ERROR, 0 },
    { "int1/delivered", "f1", 0, 1, NO_ERROR, 0 },
    { "ud2/ud", "0f0b", 0, 6, NO_ERROR, 0 },
    { "host-only/rmpupdate-ud", "f20f01fe", 0, 6, NO_ERROR, 0 },
    { "host-only/psmash-ud", "f30f01ff", 0, 6, NO_ERROR, 0 },
    { "host-only/rmpread-ud", "f20f01fd", 0, 6, NO_ERROR, 0 },
    { "svm/vmrun-ud", "0f01d8", 0, 6, NO_ERROR, 0 },
    { "svm/vmload-ud", "0f01da", 0, 6, NO_ERROR, 0 },
    { "svm/stgi-ud", "0f01dc", 0, 6, NO_ERROR, 0 },
    { "svm/invlpgb-ud", "0f01fe", 0, 6, NO_ERROR, 0 },
    { "svm/tlbsync-ud", "0f01ff", 0, 6, NO_ERROR, 0 },
    { "vex/2-byte-ud", "c5f858c1", 0, 6, NO_ERROR, 0 },
    { "vex/3-byte-ud", "c4e269f7c0", 0, 6, NO_ERROR, 0 },
    { "vex/vzeroupper-ud", "c5f877", 0, 6, NO_ERROR, 0 },
    { "vex/evex-ud", "62f17c4858c1", 0, 6, NO_ERROR, 0 },
    { "vex/xop-ud", "8fe878c0c001", 0, 6, NO_ERROR, 0 },
    { "xsave/xsetbv-ud", "0f01d1", 0, 6, NO_ERROR, 0 },
    { "xsave/xgetbv-ud", "0f01d0", 0, 6, NO_ERROR, 0 },
    { "rdrand/runs", "480fc7f0", 0, RUNS, NO_ERROR, 0 },
    { "rdseed/hidden-ud", "480fc7f8", 0, 6, NO_ERROR, 0 },
    { "div/de", "48f7f1", 0, 0, NO_ERROR, 0 },
    { "cr4/reserved-gp", "0f22e1", 0, 13, 0, 0x40000 },
    { "cr4/pae-clear-gp", "0f22e1", 0, 13, 0, 0x600 },
    { "cr0/pg-without-pe-gp", "0f22c1", 0, 13, 0, 0x80000000 },
    { "cr3/reserved-gp", "0f22d9", 0, 13, 0, 0 },
    { "cr8/read-runs", "440f20c0", 0, RUNS, NO_ERROR, 0 },
    { "sysenter/ud", "0f34", 0, 6, NO_ERROR, 0 },
    { "icebp/rsm-ud", "0faa", 0, 6, NO_ERROR, 0 },
};

static size_t hex_decode(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; hex[0] != '\0'; hex += 2)
        out[n++] = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
    return n;
}

static void case_start(struct fixture *f, const struct insn_case *c)
{
    uint8_t code[64];
    size_t len = 2;

    memset(code, 0x90, sizeof(code));
    len += hex_decode(c->bytes, code + len);
    code[len] = 0xf4;
    fixture_code(f, code, code + len + 1);
    fixture_idt(f);
    f->vmcb.intercepts = c->intercepts;
    f->vmsa.rcx = c->rcx;
    f->vmsa.rdi = FIXTURE_DATA;
    if (strstr(c->name, "cr3/") != NULL)
        f->vmsa.rcx = UINT64_C(1) << 63;
    fixture_start(f);
}

static void test_case(const void *data)
{
    const struct insn_case *c = data;
    struct fixture *f = fixture_new();
    const size_t len = strlen(c->bytes) / 2;
    const bool trap = strcmp(c->bytes, "cd40") == 0 || strcmp(c->bytes, "cc") == 0
                      || strcmp(c->bytes, "f1") == 0;
    const bool behind = trap && c->vector != 29;

    case_start(f, c);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_AUTO);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    if (c->vector == RUNS) {
        g_assert_cmphex(fixture_state(f)->rip, ==, FIXTURE_CODE + 2 + len + 1);
        g_assert_cmpuint(f->exit.insns, ==, 4);
        fixture_free(f);
        return;
    }
    g_assert_cmpint(fixture_vector(f), ==, c->vector);
    g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE + 2 + (behind ? len : 0));
    if (c->error != NO_ERROR)
        g_assert_cmphex(fixture_error(f), ==, (uint64_t)c->error);
    /* Two NOPs, the HLT; INT n itself retires, what faults does not. */
    g_assert_cmpuint(f->exit.insns, ==, 3 + behind);
    fixture_free(f);
}

/* An exception does not change what the next one is (engines keep an old one in mind). */
static void test_repeated(void)
{
    struct fixture *f = fixture_new();
    /* mov ds, ax three times; the handler skips each: add qword [rsp+8], 2; add rsp, 8; iretq */
    static const uint8_t code[] = { 0x8e, 0xd8, 0x8e, 0xd8, 0x8e, 0xd8, 0xf4 };
    static const uint8_t handler[] = { 0x48, 0xff, 0xc3, 0x48, 0x03, 0x0c, 0x24, 0x48, 0x83, 0x44,
                                       0x24, 0x08, 0x02, 0x48, 0x83, 0xc4, 0x08, 0x48, 0xcf };

    fixture_code(f, code, code + sizeof(code));
    fixture_idt(f);
    fixture_write(f, 0x90000 + 13 * 16, handler, 16);
    fixture_write(f, 0x90000 + 14 * 16, handler + 16, sizeof(handler) - 16);
    f->vmsa.rax = 0x1238;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmphex(fixture_state(f)->rip, ==, FIXTURE_CODE + sizeof(code));
    g_assert_cmpuint(f->vmsa.rbx, ==, 3);
    g_assert_cmphex(f->vmsa.rcx, ==, 3 * 0x1238);
    fixture_free(f);
}

static uint64_t rdrand_once(uint64_t seed)
{
    struct fixture *f = fixture_new();
    static const uint8_t code[] = { 0x48, 0x0f, 0xc7, 0xf0, 0x0f, 0x92, 0xc3, 0x48, 0x0f, 0xc7,
                                    0xf1, 0x66, 0x0f, 0xc7, 0xf2, 0xf4 };

    f->env.seed = seed;
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rdx = 0x1111111111111111;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    const uint64_t value = fixture_state(f)->rax;
    g_assert_cmpuint(f->vmsa.rbx & 0xff, ==, 1);
    g_assert_cmphex(f->vmsa.rcx, !=, value);
    g_assert_cmphex(f->vmsa.rdx >> 16, ==, 0x111111111111);
    fixture_free(f);
    return value;
}

static void test_rdrand(void)
{
    const uint64_t one = rdrand_once(1);

    g_assert_cmphex(one, ==, rdrand_once(1));
    g_assert_cmphex(one, !=, rdrand_once(2));
}

static void test_rdtsc(void)
{
    struct fixture *f = fixture_new();
    static const uint8_t code[] = { 0x90, 0x90, 0x0f, 0x31, 0xf4 };

    fixture_code(f, code, code + sizeof(code));
    f->env.tsc_offset = UINT64_C(5) << 32;
    f->clock.cycles = 1000;
    fixture_start(f);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 1002);
    g_assert_cmpuint(f->vmsa.rdx, ==, 5);
    fixture_free(f);
}

static void test_msr_values(void)
{
    struct fixture *f = fixture_new();
    /* rdmsr; mov esi, eax; mov ecx, 0xc0010131; rdmsr; mov edi, eax; mov ecx, 0xc0010130; wrmsr */
    static const uint8_t code[] = { 0x0f, 0x32, 0x89, 0xc6, 0xb9, 0x31, 0x01, 0x01, 0xc0, 0x0f,
                                    0x32, 0x89, 0xc7, 0xb9, 0x30, 0x01, 0x01, 0xc0, 0x0f, 0x30,
                                    0xf4 };

    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rcx = 0xc0000080;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmphex(fixture_state(f)->rsi, ==, 0x1d01);
    g_assert_cmphex(f->vmsa.rdi, ==, 7);
    g_assert_cmphex(f->vmcb.ghcb_msr, ==, 7);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/cpu/intercept/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/cpu/intercept/exceptions-do-not-add-up", test_repeated);
    g_test_add_func("/cpu/intercept/rdrand-follows-the-seed", test_rdrand);
    g_test_add_func("/cpu/intercept/rdtsc-is-virtual-time", test_rdtsc);
    g_test_add_func("/cpu/intercept/msr-values", test_msr_values);
    return g_test_run();
}
