/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU: the register world of one VMSA on one Unicorn engine.
 *
 * vcpu_enter() is VMRUN up to the first guest instruction; vcpu_run() executes slices until an
 * automatic exit. All that is architecture inside the guest (#PF, #VC, IDT, MSRs, CPUID) happens
 * inside; all that is the hypervisor's decision comes out as an exit. After an automatic exit the
 * registers are in the VMSA page (APM 2 15.35.4) and the engine is idle.
 */
#ifndef PROVA_CPU_VCPU_H
#define PROVA_CPU_VCPU_H

#include <glib.h>

#include "cpu/env.h"
#include "cpu/vmcb.h"

/* SVM exit codes of automatic exits (APM 2 table 15-33, appendix C). */
enum svm_exit {
    SVM_EXIT_INTR = 0x60,
    SVM_EXIT_NMI = 0x61,
    SVM_EXIT_HLT = 0x78,
    SVM_EXIT_SHUTDOWN = 0x7f,
    SVM_EXIT_NPF = 0x400,
    SVM_EXIT_VMGEXIT = 0x403,
};
#define SVM_EXIT_INVALID UINT64_C(0xffffffffffffffff) /* -1 */
#define SVM_EXIT_BUSY UINT64_C(0xfffffffffffffffe)    /* -2 */

enum vcpu_enter_result { VCPU_ENTERED, VCPU_ENTER_INVALID, VCPU_ENTER_BUSY };

enum vcpu_exit_reason {
    VCPU_EXIT_BUDGET,  /* slice used up; still in the guest: run again */
    VCPU_EXIT_VISIBLE, /* before a visible operation; still in the guest: run again to perform it */
    VCPU_EXIT_AUTO,    /* automatic exit: code, info1, info2; the VMSA is stored */
    VCPU_EXIT_ENGINE,  /* the engine refused to go on: an emulator limit, with text; see message */
};

/* Kinds of visible operation, also a mask in cpu_env.visible. */
enum vcpu_visible {
    VISIBLE_PVALIDATE = 1 << 0,
    VISIBLE_RMPADJUST = 1 << 1,
    VISIBLE_RMPQUERY = 1 << 2,
    VISIBLE_SHARED_READ = 1 << 3,  /* first access of a slice to a page mapped C=0 */
    VISIBLE_SHARED_WRITE = 1 << 4,
    VISIBLE_VMGEXIT = 1 << 5,      /* before VMGEXIT leaves */
    VISIBLE_BREAKPOINT = 1 << 6,   /* an address of vcpu_breakpoint_set() */
    VISIBLE_ALL = (1 << 7) - 1,
    VISIBLE_RMP_DONE = 1 << 7, /* behind PVALIDATE, RMPADJUST or RMPQUERY that gave a result */
};

struct vcpu_exit {
    enum vcpu_exit_reason reason;
    enum vcpu_visible visible; /* VISIBLE */
    uint64_t code;             /* AUTO: enum svm_exit, SVM_EXIT_INVALID */
    uint64_t info1, info2;     /* EXITINFO1/2 */
    uint64_t gva, gpa, spa;    /* VISIBLE: of the operand, as far as known */
    uint8_t vmpl;              /* VISIBLE: whose it is */
    uint8_t insn;              /* RMP_DONE: enum rmp_insn */
    bool changed;              /* RMP_DONE: an entry was written */
    bool again;                /* SHARED: such an access was announced in this slice (watch_gpa) */
    uint64_t bytes;            /* SHARED: of the access, 0 if unknown */
    uint64_t rip;
    uint64_t insns; /* retired in this call */
    char message[160]; /* ENGINE */
};

/*
 * Makes the engine for the VMSA page at vmsa_spa and registers it in env. NULL and error if the
 * engine cannot be opened. The VMSA's contents are read at every vcpu_enter().
 */
struct vcpu *vcpu_new(struct cpu_env *env, uint64_t vmsa_spa, GError **error);
void vcpu_free(struct vcpu *vcpu);
uint64_t vcpu_vmsa_spa(const struct vcpu *vcpu);
/* The engine of a VMSA page, NULL if there is none yet. */
struct vcpu *vcpu_find(struct cpu_env *env, uint64_t vmsa_spa);

/*
 * VMRUN (APM 2 15.36.12): checks the RMP entry and the VMSA, marks the page in use, loads the
 * state, injects vmcb->eventinj. Emits EVENT_WORLD, EVENT_INJECT, EVENT_FAULT(INVALID). The vmcb
 * and clock must stay valid until the automatic exit.
 */
enum vcpu_enter_result vcpu_enter(struct vcpu *vcpu, struct vmcb *vmcb, struct cpu_clock *clock,
                                  uint32_t apic_id);

/*
 * Runs up to about budget_insns instructions (stops at the first block boundary at or after it).
 * vcpu_enter() must have succeeded and no automatic exit happened since.
 */
void vcpu_run(struct vcpu *vcpu, uint64_t budget_insns, struct vcpu_exit *exit);

/* A physical interrupt at this boundary: stores the state and leaves with SVM_EXIT_INTR. */
void vcpu_preempt(struct vcpu *vcpu, struct vcpu_exit *exit);

bool vcpu_in_guest(const struct vcpu *vcpu);
uint8_t vcpu_vmpl(const struct vcpu *vcpu);
uint64_t vcpu_rip(const struct vcpu *vcpu);

/* Stop (VISIBLE_BREAKPOINT) before the instruction at rip; at most VCPU_BREAKPOINTS_MAX. */
enum { VCPU_BREAKPOINTS_MAX = 64 };
bool vcpu_breakpoint_set(struct vcpu *vcpu, uint64_t rip);
void vcpu_breakpoint_clear(struct vcpu *vcpu, uint64_t rip);

/*
 * Observer's view for diagnosis and secret scans, never for the hypervisor: the architectural state
 * as a VMSA image (cpu/vmsa.h), and guest memory through the current translation without side
 * effect (false if it does not translate).
 */
struct vmsa;
void vcpu_peek_state(const struct vcpu *vcpu, struct vmsa *out);
bool vcpu_peek_memory(const struct vcpu *vcpu, uint64_t gva, void *out, size_t len);

/*
 * Text for people: last exit, fault, RIP with symbol and line, registers, disassembly around RIP.
 */
struct symbols;
void vcpu_describe(const struct vcpu *vcpu, const struct symbols *symbols, GString *out);

#endif
