/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU for tests of exception delivery: a real engine, and guest memory as a flat array that
 * stands in for cpu/mmu.c, so that every page can be made to refuse with any fault.
 */
#ifndef PROVA_TESTS_CPU_BENCH_H
#define PROVA_TESTS_CPU_BENCH_H

#include <glib.h>
#include <string.h>

#include "cpu/internal.h"

enum {
    RAM_VA = 0x10000,
    RAM_BYTES = 0x10000,
    GDT_VA = 0x10000,
    IDT_VA = 0x11000,
    TSS_VA = 0x12000,
    KERNEL_STACK = 0x14000, /* tops */
    IST_STACK = 0x16000,
    USER_STACK = 0x18000,
    CODE_VA = 0x19000,
    HANDLER_VA = 0x1a000, /* + 16 a vector */
    SEL_CODE0 = 0x08,
    SEL_DATA0 = 0x10,
    SEL_CODE3 = 0x18,
    SEL_DATA3 = 0x20,
    SEL_CONFORMING = 0x28,
    SEL_ABSENT = 0x30,
    SEL_CODE32 = 0x38,
    SEL_TSS = 0x50,
    GDT_BYTES = 0x60,
    GATE_INTERRUPT = 0x8e,
    GATE_TRAP = 0x8f,
};

#define RFLAGS_IF UINT64_C(0x200)
#define RFLAGS_RF UINT64_C(0x10000)

struct bench {
    struct vcpu vcpu;
    struct cpu_env env;
    struct cpu_clock clock;
    uint8_t *ram;
    struct fault page_fault[RAM_BYTES / 4096]; /* kind FAULT_NONE: the page is there */
    struct event seen[64];
    unsigned seen_count;
    uint32_t engine_vector;
};

extern struct bench *bench; /* of the running test: what the stand-ins work on */

void bench_open(uint8_t cpl);
void bench_close(void);

/* The state that bench_open() loads, and the state that the engine has now. */
void bench_state_fill(struct vmsa *vmsa, uint8_t cpl);
struct vmsa bench_state(void);

uint64_t bench_get64(uint64_t gva);
void bench_put64(uint64_t gva, uint64_t value);
void bench_gate_set(uint8_t vector, uint16_t selector, uint8_t attrib, uint8_t ist,
                    uint64_t offset);
/* Every access to the page runs into this fault; kind FAULT_NONE: to none. */
void bench_refuse(uint64_t gva, struct fault fault);

struct exception bench_hardware(uint8_t vector, bool has_error, uint32_t error);
/* exception_deliver() that must succeed. */
void bench_deliver(const struct exception *exception);
/* The vector whose handler the engine stands at. */
unsigned bench_handler(void);
/* A quadword of the frame, 0 is the one at RSP. */
uint64_t bench_stack(unsigned slot);

#endif
