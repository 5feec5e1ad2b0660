/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speed of a vCPU against its own engine: the same guest function on prova_cpu and on bare Unicorn
 * without any hook, alternating, in one process. Prints the rates and their ratio (median of the
 * rounds); exits with 1 below the required ratio.
 *
 *   bench_cpu [rounds [million-instructions]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicorn/unicorn.h>

#include "tests/unit/cpu_fixture.h"

enum { ROUNDS = 9, MILLION_INSNS = 60, INSNS_PER_LOOP = 17, REQUIRED_PERCENT = 75 };

extern const uint8_t bench_code[], bench_code_end[];

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bare {
    uc_engine *uc;
    uint8_t *memory;
};

static void bare_open(struct bare *bare)
{
    uc_err err = uc_open(UC_ARCH_X86, UC_MODE_64, &bare->uc);

    g_assert(err == UC_ERR_OK);
    uc_ctl_set_cpu_model(bare->uc, UC_CPU_X86_EPYC_ROME);
    bare->memory = aligned_alloc(4096, FIXTURE_MEMORY);
    memset(bare->memory, 0, FIXTURE_MEMORY);
    err = uc_mem_map_ptr(bare->uc, 0, FIXTURE_MEMORY, UC_PROT_ALL, bare->memory);
    g_assert(err == UC_ERR_OK);
    memcpy(bare->memory + FIXTURE_CODE, bench_code, (size_t)(bench_code_end - bench_code));
}

static double bare_run(struct bare *bare, uint64_t loops)
{
    uint64_t rcx = loops, rdi = FIXTURE_DATA, rsp = FIXTURE_STACK;

    memset(bare->memory + FIXTURE_DATA, 0, 16384);
    uc_reg_write(bare->uc, UC_X86_REG_RCX, &rcx);
    uc_reg_write(bare->uc, UC_X86_REG_RDI, &rdi);
    uc_reg_write(bare->uc, UC_X86_REG_RSP, &rsp);
    const double start = now_s();
    uc_err err = uc_emu_start(bare->uc, FIXTURE_CODE, 0xffffff, 0, 0);
    const double end = now_s();
    g_assert(err == UC_ERR_OK);
    return end - start;
}

static double prova_run(struct fixture *f, uint64_t loops, uint64_t *insns)
{
    static const uint8_t zeros[16384];

    fixture_write(f, FIXTURE_DATA, zeros, sizeof(zeros));
    fixture_code(f, bench_code, bench_code_end);
    f->vmsa.rcx = loops;
    f->vmsa.rdi = FIXTURE_DATA;
    f->vmsa.rsp = FIXTURE_STACK;
    g_assert(fixture_enter(f) == VCPU_ENTERED);
    const double start = now_s();
    do
        vcpu_run(f->vcpu, UINT64_C(1) << 40, &f->exit);
    while (f->exit.reason != VCPU_EXIT_AUTO);
    const double end = now_s();
    g_assert(f->exit.code == SVM_EXIT_HLT);
    *insns = f->exit.insns;
    fixture_state(f);
    return end - start;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    const unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : ROUNDS;
    const uint64_t loops = (argc > 2 ? strtoull(argv[2], NULL, 10) : MILLION_INSNS) * 1000000
                           / INSNS_PER_LOOP;
    double *bare_mips = g_new0(double, rounds), *prova_mips = g_new0(double, rounds);
    double *ratio = g_new0(double, rounds);
    struct fixture *f = fixture_new();
    struct bare bare;
    uint64_t insns = 0, rax_bare = 0;

    bare_open(&bare);
    prova_run(f, 1000, &insns);
    bare_run(&bare, 1000);
    for (unsigned i = 0; i < rounds; i++) {
        const double prova_s = prova_run(f, loops, &insns);
        const double bare_s = bare_run(&bare, loops);
        uc_reg_read(bare.uc, UC_X86_REG_RAX, &rax_bare);
        g_assert_cmphex(f->vmsa.rax, ==, rax_bare);
        prova_mips[i] = (double)insns / prova_s / 1e6;
        bare_mips[i] = (double)insns / bare_s / 1e6;
        ratio[i] = prova_mips[i] / bare_mips[i];
    }
    const double r = median(ratio, rounds);
    printf("prova_cpu %.0f MIPS, bare engine %.0f MIPS, ratio %.2f (required %.2f)\n",
           median(prova_mips, rounds), median(bare_mips, rounds), r, REQUIRED_PERCENT / 100.0);
    return r * 100 >= REQUIRED_PERCENT ? 0 : 1;
}
