/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The privileged and SNP instructions, one function each. Nothing here decides anything. */
#ifndef MONITOR_INSN_H
#define MONITOR_INSN_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t insn_rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void insn_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* VMGEXIT, APM 3: REP VMMCALL. */
static inline void insn_vmgexit(void)
{
    __asm__ volatile("rep; vmmcall" : : : "memory");
}

struct pvalidate_result {
    uint32_t code; /* EAX, enum rmp_code */
    bool carry;    /* CF: the validated bit was what was asked for already */
};

/* PVALIDATE, APM 3. CF is taken by the instruction right behind it: nothing may come between. */
static inline struct pvalidate_result insn_pvalidate(uint64_t gva, uint32_t size, bool validate)
{
    struct pvalidate_result result;
    uint64_t rax = gva;
    __asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
                     : "+a"(rax), "=@ccc"(result.carry)
                     : "c"((uint64_t)size), "d"((uint64_t)validate)
                     : "memory");
    result.code = (uint32_t)rax;
    return result;
}

/* RMPADJUST, APM 3: attributes are target VMPL, mask << 8, VMSA << 16. */
static inline uint32_t insn_rmpadjust(uint64_t gva, uint32_t size, uint64_t attributes)
{
    uint64_t rax = gva;
    __asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfe"
                     : "+a"(rax)
                     : "c"((uint64_t)size), "d"(attributes)
                     : "memory", "cc");
    return (uint32_t)rax;
}

static inline void insn_invlpg(uint64_t gva)
{
    __asm__ volatile("invlpg (%0)" : : "r"(gva) : "memory");
}

static inline uint64_t insn_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t insn_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value) : : "memory");
    return value;
}

static inline void insn_cr3_set(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

/* False: the generator had nothing (CF clear); ask again. */
static inline bool insn_rdrand(uint64_t *value)
{
    bool ok;
    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
    return ok;
}

static inline void insn_hlt(void)
{
    __asm__ volatile("cli; hlt" : : : "memory");
}

static inline void insn_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* Overwrites count qwords with zero in one instruction, every byte from first to last. */
static inline void insn_rep_stosq_zero(void *start, uint64_t count)
{
    __asm__ volatile("rep stosq" : "+D"(start), "+c"(count) : "a"(UINT64_C(0)) : "memory");
}

struct insn_table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void insn_lgdt(const struct insn_table_register *table)
{
    __asm__ volatile("lgdt %0" : : "m"(*table) : "memory");
}

static inline void insn_lidt(const struct insn_table_register *table)
{
    __asm__ volatile("lidt %0" : : "m"(*table) : "memory");
}

static inline void insn_ltr(uint16_t selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

#endif
