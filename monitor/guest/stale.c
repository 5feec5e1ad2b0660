/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations that are older than a call: while one vCPU uses a page in a loop that it never
 * leaves, another has the monitor take the page, or a permission of it. Once the call has returned,
 * the old translation must be gone: the loop does not go round any more. Needs seven vCPUs; those
 * that are stopped so stay where they are.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"
#include "monitor/guest/team.h"
#include "monitor/idt.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"
#include "monitor/services_abi.h"

enum {
    WAIT_PAUSES = 10000000,
    SETTLE_PAUSES = 200000,
    USES_MIN = 100, /* rounds that only an old translation explains, if it is used on */
    RETURN = 0xc3,
    SELECTOR_CODE = 8,
    GATE_INTERRUPT = 0x8e, /* present, DPL 0, 64-bit interrupt gate */
};

/* Indices of vCPUs: what happens to the page that they use. */
enum job { JOB_SHARED = 1, JOB_RESCINDED, JOB_VMSA, JOB_REPLACED, JOB_KERNEL, JOB_DATA, JOB_END };

extern uint8_t image_text_start[], image_text_end[];

static uint8_t target[JOB_END][4096] __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area area __attribute__((aligned(4096), section(".bss.page")));
static struct kernel_list list __attribute__((aligned(4096), section(".bss.page")));
static volatile uint64_t uses[JOB_END];
static struct idt_gate gates[EXCEPTION_VECTORS]; /* every vCPU stores the same */

static _Noreturn void rest(void)
{
    for (;;) {
        insn_hlt();
    }
}

/* Whatever exception comes, the vCPU is at its end: #VC if its page is not validated. */
static void exceptions_end(void)
{
    const uint64_t handler = (uint64_t)rest;
    for (unsigned vector = 0; vector < EXCEPTION_VECTORS; vector++) {
        gates[vector] = (struct idt_gate){
            .offset_low = (uint16_t)handler,
            .selector = SELECTOR_CODE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(handler >> 16),
            .offset_high = (uint32_t)(handler >> 32),
        };
    }
    const struct insn_table_register reg = {.limit = sizeof gates - 1, .base = (uint64_t)gates};
    insn_lidt(&reg);
}

/* Code that is not in the page, and does nothing else. */
static void use(struct guest *guest)
{
    const uint32_t job = guest->index;
    volatile uint64_t *word = (volatile uint64_t *)(target[job] + offsetof(struct vmsa, r15));
    exceptions_end();
    for (;;) {
        if (job == JOB_DATA) {
            ((void (*)(void))(uint64_t)target[job])();
        } else {
            *word = uses[job];
        }
        uses[job]++;
    }
}

/* The vCPU has its translation: it comes round and round. */
static void in_use(struct checks *checks, enum job job)
{
    uint64_t before = uses[job];
    for (unsigned i = 0; i < WAIT_PAUSES && uses[job] - before < USES_MIN; i++) {
        insn_pause();
    }
    check_true(checks, "the page is in use", uses[job] - before >= USES_MIN);
}

/* Right after the call: a round that was begun before may have come to its end, no more. */
static void not_used(struct checks *checks, enum job job)
{
    uint64_t before = uses[job];
    for (unsigned i = 0; i < SETTLE_PAUSES; i++) {
        insn_pause();
    }
    check_true(checks, "its old translation is gone", uses[job] - before <= 1);
}

static void shared(struct checks *checks)
{
    const uint8_t *page = target[JOB_SHARED];
    in_use(checks, JOB_SHARED);
    check_equal(checks, "SetPageShared", ask_share(checks->guest, page, 1), SVSM_SUCCESS);
    page_fill(guest_shared_view(page), 0x5a);
    not_used(checks, JOB_SHARED);
    check_true(checks, "nothing was written", page_holds(guest_shared_view(page), 0x5a));
}

static void rescinded(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const struct svsm_pvalidate_header header = {.entries = 1};
    const uint64_t entry = (uint64_t)target[JOB_RESCINDED];
    struct guest_call regs = {.rcx = (uint64_t)guest->area->argument};
    in_use(checks, JOB_RESCINDED);
    memcpy(guest->area->argument, &header, sizeof header);
    memcpy(guest->area->argument + sizeof header, &entry, sizeof entry);
    check_equal(checks, "PVALIDATE",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_PVALIDATE, &regs),
                SVSM_SUCCESS);
    not_used(checks, JOB_RESCINDED);
}

/* One vCPU uses the page, the other one is replaced: it runs no more. */
static void vmsa(struct checks *checks)
{
    struct guest *guest = checks->guest;
    struct vmsa *vmsa = (struct vmsa *)target[JOB_VMSA];
    struct guest_call regs = {
        .rcx = (uint64_t)vmsa, .rdx = (uint64_t)&area, .r8 = guest->boot->apic_id[JOB_REPLACED]};
    in_use(checks, JOB_VMSA);
    in_use(checks, JOB_REPLACED);
    memcpy(vmsa, team_state_make(guest, JOB_REPLACED), sizeof *vmsa);
    vmsa->rip = (uint64_t)rest;
    vmsa->efer |= EFER_SVME;
    check_equal(checks, "CREATE_VCPU",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs),
                SVSM_SUCCESS);
    not_used(checks, JOB_VMSA);
    not_used(checks, JOB_REPLACED);
}

/* Code loses W, data supervisor execution. */
static void locked(struct checks *checks)
{
    in_use(checks, JOB_KERNEL);
    in_use(checks, JOB_DATA);
    list.count = 2;
    list.range[0] = (struct kernel_range){
        .gpa = (uint64_t)image_text_start,
        .bytes = (uint64_t)(image_text_end - image_text_start),
    };
    list.range[1] = (struct kernel_range){.gpa = (uint64_t)target[JOB_KERNEL], .bytes = PAGE_BYTES};
    check_equal(checks, "LockKernel", ask_lock(checks->guest, (uint64_t)&list), SVSM_SUCCESS);
    not_used(checks, JOB_KERNEL);
    not_used(checks, JOB_DATA);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "stale"};
    uint32_t started;
    if (guest->boot->vcpu_count != JOB_END) {
        guest_print(guest, "stale: FAILED: needs seven vCPUs\n");
        return 1;
    }
    /* There and back, so that each page is one of 4 KiB before it is used. */
    check_equal(&checks, "SetPageShared", ask_share(guest, target, JOB_END), SVSM_SUCCESS);
    check_equal(&checks, "SetPagePrivate", ask_private(guest, target, JOB_END), SVSM_SUCCESS);
    page_fill(target[JOB_DATA], RETURN);
    check_equal(&checks, "WakeUpAP", team_gather(guest, use, &started), SVSM_SUCCESS);
    shared(&checks);
    rescinded(&checks);
    vmsa(&checks);
    locked(&checks);
    guest_print(guest, "stale: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}
