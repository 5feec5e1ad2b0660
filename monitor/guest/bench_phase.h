/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmark guest does, in its order. It says so by marks: requests 0x010 of the GHCB MSR
 * protocol (56421 section 2.3.1: which GHCB address the hypervisor likes, asked for no reason) with
 * the phase in bits 23:12 and, in bit 24, whether it ends. Whoever watches the exits can count what
 * lies between two marks.
 */
#ifndef MONITOR_GUEST_BENCH_PHASE_H
#define MONITOR_GUEST_BENCH_PHASE_H

enum bench_phase {
    BENCH_NOTHING, /* what the marks themselves cost */
    BENCH_SWITCH,
    BENCH_EXTEND_PCR,
    BENCH_SET_PAGE_SHARED,
    BENCH_SET_PAGE_PRIVATE,
    BENCH_ATTEST,
    BENCH_LOCK_KERNEL,
    BENCH_PHASES,
};

/* Calls of a phase. */
enum {
    BENCH_CALLS = 100,
    BENCH_ATTEST_CALLS = 10,
};

enum {
    BENCH_MARK = 0x010,
    BENCH_MARK_PHASE_SHIFT = 12,
    BENCH_MARK_PHASE_MASK = 0xfff,
    BENCH_MARK_END = 1 << 24,
};

#endif
