/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMSA image against a real engine. Its layout is asserted where it is declared. */
#include <glib.h>
#include <string.h>

#include "cpu/hidden.h"
#include "cpu/vmsa.h"

enum { CODE_VA = 0x10000, STACK_VA = 0x11000 };

struct bench {
    uc_engine *uc;
    struct hidden hidden;
    struct vmsa_cache cache;
};

/* A page that translates to itself; anything else is a test's mistake. */
static bool on_fill(uc_engine *uc, uint64_t va, uc_mem_type type, uc_tlb_entry *entry, void *user)
{
    (void)uc, (void)type, (void)user;
    if (va < CODE_VA || va >= CODE_VA + 0x2000)
        return false;
    entry->paddr = va;
    entry->perms = UC_PROT_ALL;
    return true;
}

static void bench_open(struct bench *bench)
{
    GError *error = NULL;
    uc_hook hook;

    memset(bench, 0, sizeof(*bench));
    g_assert_cmpint(uc_open(UC_ARCH_X86, UC_MODE_64, &bench->uc), ==, UC_ERR_OK);
    g_assert_cmpint(uc_ctl_set_cpu_model(bench->uc, UC_CPU_X86_EPYC_ROME), ==, UC_ERR_OK);
    g_assert_cmpint(uc_ctl_tlb_mode(bench->uc, UC_TLB_VIRTUAL), ==, UC_ERR_OK);
    g_assert_cmpint(uc_mem_map(bench->uc, CODE_VA, 0x2000, UC_PROT_ALL), ==, UC_ERR_OK);
    g_assert_cmpint(uc_hook_add(bench->uc, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, NULL, 1, 0),
                    ==, UC_ERR_OK);
    g_assert_true(hidden_open(&bench->hidden, bench->uc, &error));
    g_assert_no_error(error);
}

static void bench_close(struct bench *bench)
{
    hidden_close(&bench->hidden);
    uc_close(bench->uc);
}

/* A long-mode state in which every register that an engine has holds a value of its own. */
static void state_fill(struct vmsa *vmsa, uint8_t salt)
{
    uint64_t *const gpr[] = { &vmsa->rax, &vmsa->rcx, &vmsa->rdx, &vmsa->rbx, &vmsa->rsp,
                              &vmsa->rbp, &vmsa->rsi, &vmsa->rdi, &vmsa->r8, &vmsa->r9, &vmsa->r10,
                              &vmsa->r11, &vmsa->r12, &vmsa->r13, &vmsa->r14, &vmsa->r15,
                              &vmsa->star, &vmsa->lstar, &vmsa->cstar, &vmsa->kernel_gs_base,
                              &vmsa->sysenter_esp, &vmsa->sysenter_eip, &vmsa->cr2,
                              &vmsa->x87_rip, &vmsa->x87_dp };

    vmsa_init_long_mode(vmsa);
    for (unsigned i = 0; i < G_N_ELEMENTS(gpr); i++)
        *gpr[i] = UINT64_C(0x00007a0102030400) * (i + 1) + salt;
    vmsa->sev_features = 1 | 1u << 5; /* DebugSwap: DR0 to DR3 are part of it */
    vmsa->rip = CODE_VA + salt;
    vmsa->rflags = 0x246 + (salt & 1); /* IF, ZF, PF, CF */
    vmsa->cr3 = UINT64_C(0x8000000123000) + ((uint64_t)salt << 12);
    vmsa->sfmask = 0x47700 + salt;
    vmsa->tsc_aux = 0x77 + salt;
    vmsa->sysenter_cs = 0x10 + salt;
    vmsa->fs.base = UINT64_C(0x7fff12345000) + salt;
    vmsa->gs.base = UINT64_C(0xffff888800001000) + salt;
    vmsa->ldtr = (struct vmsa_segment){ 0x30, 0x82, 0x1f, UINT64_C(0xffff800000002000) + salt };
    vmsa->tr = (struct vmsa_segment){ 0x40, 0x8b, 0x67, UINT64_C(0xffff800000003000) + salt };
    vmsa->gdtr = (struct vmsa_segment){ 0, 0, 0x7f, UINT64_C(0xffff800000004000) + salt };
    vmsa->idtr = (struct vmsa_segment){ 0, 0, 0xfff, UINT64_C(0xffff800000005000) + salt };
    vmsa->dr[0] = 0x1000 + salt;
    vmsa->dr[3] = 0x4000 + salt;
    vmsa->mxcsr = 0x1fa0;
    vmsa->x87_fcw = 0x027f;
    vmsa->x87_fsw = 0x2000; /* TOP is 4 */
    vmsa->x87_ftw = 0xaaff; /* physical 0..3 are empty, the others special by their contents */
    vmsa->x87_fop = 0x123;
    vmsa->x87_cs = 8;
    vmsa->x87_ds = 16;
    for (unsigned i = 0; i < 8; i++)
        for (unsigned k = 0; k < 10; k++)
            vmsa->x87[i][k] = (uint8_t)(i * 16 + k + salt);
    for (unsigned i = 0; i < 16; i++)
        for (unsigned k = 0; k < 16; k++)
            vmsa->xmm[i][k] = (uint8_t)(i * 11 + k * 3 + salt);
}

static void assert_images_equal(const struct vmsa *got, const struct vmsa *wanted)
{
    for (size_t i = 0; i < sizeof(*got); i++)
        if (((const uint8_t *)got)[i] != ((const uint8_t *)wanted)[i])
            g_error("VMSA offset 0x%zx: got 0x%02x, wanted 0x%02x", i, ((const uint8_t *)got)[i],
                    ((const uint8_t *)wanted)[i]);
}

static void test_round_trip(void)
{
    struct bench bench;
    struct vmsa in, out;

    bench_open(&bench);
    for (uint8_t salt = 0; salt < 4; salt++) {
        state_fill(&in, salt);
        vmsa_load(&bench.hidden, &bench.cache, &in);
        out = in;
        /* What store has to fetch from the engine must not be there already. */
        memset(&out.rax, 0xee, offsetof(struct vmsa, kernel_gs_base) - offsetof(struct vmsa, rax));
        memset(out.xmm, 0xee, sizeof(out.xmm));
        memset(out.x87, 0xee, sizeof(out.x87));
        memset(&out.es, 0xee, sizeof(out.es) * 10);
        out.cr0 = out.cr3 = out.cr4 = out.rip = out.rflags = 0;
        out.efer &= UINT64_C(0x1000);
        vmsa_store(&bench.hidden, &bench.cache, &out);
        assert_images_equal(&out, &in);
    }
    bench_close(&bench);
}

/* The image is compared with what the engine is known to hold; guest code makes the difference. */
static void test_loads_only_differences(void)
{
    struct bench bench;
    struct vmsa in, out;
    const uint8_t code[] = { 0x48, 0xff, 0xc0, 0x66, 0x0f, 0xef, 0xc0, 0x90 }; /* inc; pxor; nop */

    bench_open(&bench);
    state_fill(&in, 0);
    in.rip = CODE_VA;
    g_assert_cmpint(uc_mem_write(bench.uc, CODE_VA, code, sizeof(code)), ==, UC_ERR_OK);
    vmsa_load(&bench.hidden, &bench.cache, &in);
    g_assert_cmpint(uc_emu_start(bench.uc, CODE_VA, CODE_VA + 7, 0, 0), ==, UC_ERR_OK);
    out = in;
    vmsa_store(&bench.hidden, &bench.cache, &out);
    g_assert_cmphex(out.rax, ==, in.rax + 1);
    g_assert_cmphex(out.xmm[0][5], ==, 0);
    g_assert_cmphex(out.xmm[1][5], ==, in.xmm[1][5]);
    g_assert_cmphex(out.rip, ==, CODE_VA + 7);
    /* Back to the first image: everything that ran has to be undone. */
    vmsa_load(&bench.hidden, &bench.cache, &in);
    memset(&out, 0, sizeof(out));
    out = in;
    out.rax = 0;
    vmsa_store(&bench.hidden, &bench.cache, &out);
    assert_images_equal(&out, &in);
    bench_close(&bench);
}

/* CPL is state of its own: at 3 a privileged instruction must not run. */
static void on_interrupt(uc_engine *uc, uint32_t vector, void *user)
{
    *(uint32_t *)user = vector;
    uc_emu_stop(uc);
}

static void test_cpl(void)
{
    struct bench bench;
    struct vmsa vmsa;
    uint32_t vector = UINT32_MAX;
    uc_hook hook;
    const uint8_t cli[] = { 0xfa, 0x90 };

    bench_open(&bench);
    uc_hook_add(bench.uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, &vector, 1, 0);
    g_assert_cmpint(uc_mem_write(bench.uc, CODE_VA, cli, sizeof(cli)), ==, UC_ERR_OK);
    state_fill(&vmsa, 0);
    vmsa.cpl = 3;
    vmsa.cs = (struct vmsa_segment){ 0x33, 0xafb, 0xffffffff, 0 };
    vmsa.ss = (struct vmsa_segment){ 0x2b, 0xcf3, 0xffffffff, 0 };
    vmsa_load(&bench.hidden, &bench.cache, &vmsa);
    uc_emu_start(bench.uc, CODE_VA, CODE_VA + 1, 0, 0);
    g_assert_cmpuint(vector, ==, 13);
    vmsa_store(&bench.hidden, &bench.cache, &vmsa);
    g_assert_cmpuint(vmsa.cpl, ==, 3);
    vector = UINT32_MAX;
    state_fill(&vmsa, 0);
    vmsa_load(&bench.hidden, &bench.cache, &vmsa);
    uc_emu_start(bench.uc, CODE_VA, CODE_VA + 1, 0, 0);
    g_assert_cmpuint(vector, ==, UINT32_MAX);
    bench_close(&bench);
}

static void test_shadow_and_nmi_mask(void)
{
    struct bench bench;
    struct vmsa vmsa;

    bench_open(&bench);
    state_fill(&vmsa, 0);
    vmsa.vintr_ctrl = VMSA_VINTR_INT_SHADOW | VMSA_VINTR_NMI_MASK | 5;
    vmsa_load(&bench.hidden, &bench.cache, &vmsa);
    vmsa.vintr_ctrl = 5;
    vmsa_store(&bench.hidden, &bench.cache, &vmsa);
    g_assert_cmphex(vmsa.vintr_ctrl, ==, VMSA_VINTR_INT_SHADOW | VMSA_VINTR_NMI_MASK | 5);
    bench_close(&bench);
}

static uint64_t engine_dr0(struct bench *bench)
{
    uint64_t value = 0;

    uc_reg_read(bench->uc, UC_X86_REG_DR0, &value);
    return value;
}

/* APM 2 table B-4: DR0 to DR3 are loaded and stored with DebugSwap only; DR6 and DR7 always. */
static void test_debug_swap(void)
{
    const uint64_t own = 0x7777;
    struct bench bench;
    struct vmsa vmsa;

    bench_open(&bench);
    state_fill(&vmsa, 0);
    vmsa.sev_features = 1;
    vmsa.dr7 = 0x401;
    vmsa_load(&bench.hidden, &bench.cache, &vmsa);
    g_assert_cmphex(engine_dr0(&bench), ==, 0);
    uc_reg_write(bench.uc, UC_X86_REG_DR0, &own);
    uc_reg_write(bench.uc, UC_X86_REG_DR7, &own);
    vmsa_store(&bench.hidden, &bench.cache, &vmsa);
    g_assert_cmphex(vmsa.dr[0], ==, 0x1000);
    g_assert_cmphex(vmsa.dr7, ==, own);
    /* What the engine holds is known all the same, when the next VMRUN swaps it. */
    vmsa.sev_features |= 1u << 5;
    vmsa_load(&bench.hidden, &bench.cache, &vmsa);
    g_assert_cmphex(engine_dr0(&bench), ==, 0x1000);
    vmsa_store(&bench.hidden, &bench.cache, &vmsa);
    g_assert_cmphex(vmsa.dr[0], ==, 0x1000);
    bench_close(&bench);
}

struct check_case {
    const char *name;
    size_t offset;
    uint64_t value;
    enum vmsa_status status;
};

/* APM 2 15.5.1 */
static void test_check(void)
{
    static const struct check_case cases[] = {
        { "SVME", offsetof(struct vmsa, efer), 0xd01, VMSA_ILLEGAL },
        { "EFER reserved", offsetof(struct vmsa, efer), 0x1d03, VMSA_ILLEGAL },
        { "NW without CD", offsetof(struct vmsa, cr0), 0xa0010033, VMSA_ILLEGAL },
        { "CR0 high", offsetof(struct vmsa, cr0), UINT64_C(0x180010033), VMSA_ILLEGAL },
        { "PG without PE", offsetof(struct vmsa, cr0), 0x80010032, VMSA_ILLEGAL },
        { "CR4.PCIDE", offsetof(struct vmsa, cr4), 0x206a0, VMSA_ILLEGAL },
        { "no PAE", offsetof(struct vmsa, cr4), 0x680, VMSA_ILLEGAL },
        { "CR3", offsetof(struct vmsa, cr3), UINT64_C(1) << 52, VMSA_ILLEGAL },
        { "DR6", offsetof(struct vmsa, dr6), UINT64_C(1) << 32, VMSA_ILLEGAL },
        { "DR7", offsetof(struct vmsa, dr7), UINT64_C(1) << 32, VMSA_ILLEGAL },
        { "no paging", offsetof(struct vmsa, cr0), 0x11, VMSA_UNSUPPORTED },
        { "good", offsetof(struct vmsa, cr3), UINT64_C(0x8000000001000), VMSA_OK },
    };
    const char *why;
    struct vmsa vmsa;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        vmsa_init_long_mode(&vmsa);
        memcpy((uint8_t *)&vmsa + cases[i].offset, &cases[i].value, 8);
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(vmsa_check(&vmsa, &why), ==, cases[i].status);
        g_assert_true((why == NULL) == (cases[i].status == VMSA_OK));
    }
    vmsa_init_long_mode(&vmsa);
    vmsa.vmpl = 4;
    g_assert_cmpint(vmsa_check(&vmsa, NULL), ==, VMSA_ILLEGAL);
    vmsa_init_long_mode(&vmsa);
    vmsa.cs.attrib |= VMSA_ATTRIB_D;
    g_assert_cmpint(vmsa_check(&vmsa, NULL), ==, VMSA_ILLEGAL);
    vmsa_init_long_mode(&vmsa);
    vmsa.cpl = 1;
    g_assert_cmpint(vmsa_check(&vmsa, NULL), ==, VMSA_UNSUPPORTED);
}

/* Real mode, protected mode without paging, compatibility mode; not legacy paging, not VM86. */
static void test_check_modes(void)
{
    enum { PE = 1, CD_NW = 0x60000000, LME = 0x100, LMA = 0x400, SVME = 0x1000 };
    static const struct {
        const char *name;
        uint64_t cr0, efer, rflags;
        uint16_t cs_attrib;
        uint8_t cpl;
        enum vmsa_status status;
    } cases[] = {
        { "real mode", CD_NW | 0x10, SVME, 2, 0x9b, 0, VMSA_OK },
        { "real mode, CPL means nothing", CD_NW | 0x10, SVME, 2, 0x9b, 1, VMSA_OK },
        { "protected mode", PE, SVME, 2, 0xc9b, 0, VMSA_OK },
        { "protected mode, CPL 3", PE, SVME, 2, 0xcfb, 3, VMSA_OK },
        { "protected mode, CPL 1", PE, SVME, 2, 0xcbb, 1, VMSA_UNSUPPORTED },
        { "protected mode with LME", PE, SVME | LME, 2, 0xc9b, 0, VMSA_OK },
        { "LMA without paging", PE, SVME | LME | LMA, 2, 0xc9b, 0, VMSA_UNSUPPORTED },
        { "virtual-8086 mode", PE, SVME, 0x20002, 0xfb, 3, VMSA_UNSUPPORTED },
        { "legacy paging", 0x80000001, SVME, 2, 0xc9b, 0, VMSA_UNSUPPORTED },
        { "compatibility mode", 0x80000001, SVME | LME | LMA, 2, 0xcfb, 3, VMSA_OK },
        { "compatibility mode, 16-bit", 0x80000001, SVME | LME | LMA, 2, 0xfb, 3, VMSA_OK },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *why;
        struct vmsa vmsa;
        vmsa_init_long_mode(&vmsa);
        vmsa.cr0 = cases[i].cr0;
        vmsa.efer = cases[i].efer;
        vmsa.rflags = cases[i].rflags;
        vmsa.cs.attrib = cases[i].cs_attrib;
        vmsa.cpl = cases[i].cpl;
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(vmsa_check(&vmsa, &why), ==, cases[i].status);
        g_assert_true((why == NULL) == (cases[i].status == VMSA_OK));
    }
    struct vmsa reset;
    vmsa_init_reset(&reset);
    g_assert_cmpint(vmsa_check(&reset, NULL), ==, VMSA_OK);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/vmsa/round-trip", test_round_trip);
    g_test_add_func("/cpu/vmsa/loads-only-differences", test_loads_only_differences);
    g_test_add_func("/cpu/vmsa/cpl-is-loaded", test_cpl);
    g_test_add_func("/cpu/vmsa/shadow-and-nmi-mask", test_shadow_and_nmi_mask);
    g_test_add_func("/cpu/vmsa/apm2-15.5.1-consistency-checks", test_check);
    g_test_add_func("/cpu/vmsa/apm2-14-modes", test_check_modes);
    g_test_add_func("/cpu/vmsa/table-b-4-debug-swap", test_debug_swap);
    return g_test_run();
}
