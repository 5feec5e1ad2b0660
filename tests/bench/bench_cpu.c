/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speed of a vCPU against its own engine: the same guest function on prova_cpu and on bare Unicorn
 * without any hook, alternating, in one process. Prints the rates and their ratio (median of the
 * rounds) for each function of bench_cpu_code.S; exits with 1 if the first one's ratio is below
 * what is required.
 *
 *   bench_cpu [rounds [million-instructions]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicorn/unicorn.h>

#include "tests/unit/cpu_fixture.h"

enum { ROUNDS = 9, MILLION_INSNS = 60, REQUIRED_PERCENT = 75, TABLE_BYTES = 16384 };

extern const uint8_t bench_mix[], bench_mix_end[], bench_table[], bench_table_end[];

struct function {
    const char *name;
    const uint8_t *begin, *end;
    uint64_t insns_per_round;
};

static const struct function functions[] = {
    { "compute", bench_mix, bench_mix_end, 35 },
    { "short blocks", bench_table, bench_table_end, 17 },
};

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
}

static double bare_run(struct bare *bare, const struct function *function, uint64_t loops)
{
    uint64_t rcx = loops, rdi = FIXTURE_DATA, rsp = FIXTURE_STACK;

    memset(bare->memory + FIXTURE_DATA, 0, TABLE_BYTES);
    memcpy(bare->memory + FIXTURE_CODE, function->begin,
           (size_t)(function->end - function->begin));
    uc_ctl_flush_tb(bare->uc);
    uc_reg_write(bare->uc, UC_X86_REG_RCX, &rcx);
    uc_reg_write(bare->uc, UC_X86_REG_RDI, &rdi);
    uc_reg_write(bare->uc, UC_X86_REG_RSP, &rsp);
    const double start = now_s();
    uc_err err = uc_emu_start(bare->uc, FIXTURE_CODE, 0xffffff, 0, 0);
    const double end = now_s();
    g_assert(err == UC_ERR_OK);
    return end - start;
}

static double prova_run(struct fixture *f, const struct function *function, uint64_t loops,
                        uint64_t *insns)
{
    static const uint8_t zeros[TABLE_BYTES];

    fixture_write(f, FIXTURE_DATA, zeros, sizeof(zeros));
    fixture_code(f, function->begin, function->end);
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

static double function_measure(struct fixture *f, struct bare *bare,
                               const struct function *function, unsigned rounds,
                               uint64_t million_insns)
{
    const uint64_t loops = million_insns * 1000000 / function->insns_per_round;
    g_autofree double *bare_mips = g_new0(double, rounds), *prova_mips = g_new0(double, rounds);
    g_autofree double *ratio = g_new0(double, rounds);
    uint64_t insns = 0, rax = 0;

    prova_run(f, function, 1000, &insns);
    bare_run(bare, function, 1000);
    for (unsigned i = 0; i < rounds; i++) {
        const double prova_s = prova_run(f, function, loops, &insns);
        const double bare_s = bare_run(bare, function, loops);
        uc_reg_read(bare->uc, UC_X86_REG_RAX, &rax);
        g_assert_cmphex(f->vmsa.rax, ==, rax);
        prova_mips[i] = (double)insns / prova_s / 1e6;
        bare_mips[i] = (double)insns / bare_s / 1e6;
        ratio[i] = prova_mips[i] / bare_mips[i];
    }
    const double r = median(ratio, rounds);
    printf("%-12s  prova_cpu %5.0f MIPS, bare engine %5.0f MIPS, ratio %.2f\n", function->name,
           median(prova_mips, rounds), median(bare_mips, rounds), r);
    return r;
}

int main(int argc, char **argv)
{
    const unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : ROUNDS;
    const uint64_t million_insns = argc > 2 ? strtoull(argv[2], NULL, 10) : MILLION_INSNS;
    struct fixture *f = fixture_new();
    struct bare bare;
    double ratio[G_N_ELEMENTS(functions)];

    if (rounds == 0 || million_insns == 0) {
        fprintf(stderr, "usage: bench_cpu [rounds [million-instructions]]\n");
        return 2;
    }
    bare_open(&bare);
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
        ratio[i] = function_measure(f, &bare, &functions[i], rounds, million_insns);
    printf("required for %s: %.2f\n", functions[0].name, REQUIRED_PERCENT / 100.0);
    fixture_free(f);
    uc_close(bare.uc);
    free(bare.memory);
    return ratio[0] * 100 >= REQUIRED_PERCENT ? 0 : 1;
}
