/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to cpu/: what a vCPU is made of, and which file does what.
 *
 *   vcpu.c       life cycle, observer's view         enter.c     VMRUN, automatic exits
 *   run.c        the slice loop                      mmu.c       walks, checks, model TLB
 *   fill.c       the engine's TLB as a cache         scan.c      blocks: counts, unsafe opcodes
 *   intercept.c  intercepted instructions            msr.c       MSRs
 *   snp_insn.c   PVALIDATE and its kin, VMGEXIT      event.c     event headers
 *   vmsa.c, hidden.c  registers in and out           exception.c delivery through the IDT
 *   decode.c     lengths and operands (Capstone)     interpret.c bulk stores
 *
 * The engine only ever runs inside run.c. Whatever stops it is written to vcpu->fault or found by the
 * bytes at RIP, and is dealt with while the engine is idle.
 */
#ifndef PROVA_CPU_INTERNAL_H
#define PROVA_CPU_INTERNAL_H

#include <unicorn/unicorn.h>

#include "cpu/hidden.h"
#include "cpu/vcpu.h"
#include "cpu/vmsa.h"
#include "rmp/access.h"

/*
 * The engine's private pages: beyond every system address (52 bits) and at a non-canonical gva, so
 * that no guest mapping can be confused with them.
 */
#define ENGINE_UNTIL_GVA UINT64_C(0x7a00000000000000)
#define ENGINE_UNTIL_SPA UINT64_C(0x7a00000000000000)
/* MMIO alias of RAM for byte-exact noting of stores: alias + spa. */
#define ENGINE_ALIAS_SPA UINT64_C(0x7b00000000000000)
/* Executable view of RAM by spa, answered only while the host drops translations. */
#define ENGINE_CODE_GVA UINT64_C(0x7c00000000000000)

enum {
    CPU_VECTOR_DE = 0, CPU_VECTOR_DB = 1, CPU_VECTOR_NMI = 2, CPU_VECTOR_BP = 3, CPU_VECTOR_OF = 4,
    CPU_VECTOR_UD = 6, CPU_VECTOR_NM = 7, CPU_VECTOR_DF = 8, CPU_VECTOR_TS = 10, CPU_VECTOR_NP = 11,
    CPU_VECTOR_SS = 12, CPU_VECTOR_GP = 13, CPU_VECTOR_PF = 14, CPU_VECTOR_AC = 17,
    CPU_VECTOR_HV = 28, CPU_VECTOR_VC = 29,
};

/* #PF error code (APM 2 8.4.2). */
enum { PF_P = 1 << 0, PF_W = 1 << 1, PF_U = 1 << 2, PF_RSVD = 1 << 3, PF_ID = 1 << 4 };

/* ------------------------------------------------------------------ memory access (mmu.c) */

enum mmu_type { MMU_READ, MMU_WRITE, MMU_FETCH };

/* With what privilege an access is made; current: by CPL and RFLAGS.AC of the engine. */
enum mmu_privilege { MMU_CURRENT, MMU_SUPERVISOR, MMU_USER };

enum fault_kind {
    FAULT_NONE,
    FAULT_GUEST, /* an exception for the guest: vector, error_code, and CR2 = gva if sets_cr2 */
    FAULT_EXIT,  /* an automatic exit: exit_code, exitinfo1, exitinfo2 */
    FAULT_ENGINE, /* the emulator cannot go on: vcpu->message */
};

/* What an access, or the delivery of an exception, ran into. */
struct fault {
    enum fault_kind kind;
    uint8_t vector;
    bool has_error;
    bool sets_cr2; /* #PF, and #VC(0x404), #VC(0x400) */
    enum mmu_type type;
    uint32_t error_code;
    uint64_t exit_code, exitinfo1, exitinfo2;
    uint64_t gva;      /* of the byte, exact if gva_exact */
    uint64_t gpa, spa; /* 0 if the walk did not get there */
    bool gva_exact;    /* else the low 12 bits of gva, gpa and exitinfo2 are not known yet */
    bool table;        /* on an access of the page walk: exitinfo2 does not depend on gva's low bits */
};

struct vcpu;

/*
 * Copies between the host and guest memory through the model TLB, with all checks, A/D updates,
 * events and scrub notes. False: *fault says why, and for a write that crosses a page nothing was
 * written (both pages are translated first). len <= 4096.
 */
bool mmu_read(struct vcpu *vcpu, uint64_t gva, void *out, size_t len, enum mmu_privilege privilege,
              struct fault *fault);
bool mmu_write(struct vcpu *vcpu, uint64_t gva, const void *in, size_t len,
               enum mmu_privilege privilege, struct fault *fault);
/* A guest exception of this vector as a struct fault. */
struct fault fault_exception(uint8_t vector, bool has_error, uint32_t error_code);
/*
 * Bytes of the code at gva, as many as translate without any side effect (0..len): for decoding an
 * instruction that has already been fetched.
 */
size_t mmu_peek_code(struct vcpu *vcpu, uint64_t gva, void *out, size_t len);

/*
 * For the bulk interpreter: host pointer to the system page behind a gva that may be written (or
 * read), and its spa. Same checks as mmu_write(). The page is never C=0. NULL: *fault, or the page
 * is not plain private memory (fault->kind is FAULT_NONE): let the engine do it.
 */
uint8_t *mmu_private_page(struct vcpu *vcpu, uint64_t gva, enum mmu_type type, uint64_t *spa,
                          struct fault *fault);
/*
 * Tells the tracking that [spa, spa + len) within one page was just overwritten by the bulk
 * interpreter through mmu_private_page(): EVENT_SCRUB when complete.
 */
void mmu_noted_store(struct vcpu *vcpu, uint64_t gva, uint64_t spa, uint64_t len);

/* ------------------------------------------------------------------ decoding (decode.c) */

struct decode; /* a Capstone handle and an instruction buffer, one per vCPU */
struct decode *decode_new(GError **error);
void decode_free(struct decode *decode);

/* Length of the instruction at bytes; 0 if it is invalid or longer than avail (max 15). */
uint8_t decode_length(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip);

/*
 * The exact address of the fault: evaluates the memory operands of the instruction at RIP (and
 * implicit stack accesses, string operations) with the engine's registers and returns the lowest byte
 * address that lies in the page of page_gva; for an access that enters the page from the page below
 * that is the page's first byte. page_gva itself if no operand touches the page. For a FETCH: RIP if
 * it lies in the page, else the page's first byte. *bytes (may be NULL): of the access, 0 unknown.
 */
uint64_t decode_fault_gva(struct vcpu *vcpu, uint64_t page_gva, enum mmu_type type, size_t *bytes);

/* Whether the instruction at RIP loads segment descriptors (implicit supervisor accesses). */
bool decode_loads_segment(struct vcpu *vcpu);

/* ------------------------------------------------------------------ bulk stores (interpret.c) */

enum interpret_result {
    INTERPRET_NOT,   /* not an instruction that it knows: nothing was done */
    INTERPRET_DONE,  /* *insns retired (iterations); registers and RIP are in the engine; may have
                      * stopped at a page end or after the limit: just run on */
    INTERPRET_FAULT, /* *fault; registers show the iterations before it */
};
/* rep stos / rep movs at RIP, up to limit iterations, in 64-bit mode. */
enum interpret_result interpret_store(struct vcpu *vcpu, uint64_t limit, uint64_t *insns,
                                      struct fault *fault);

/* ------------------------------------------------------------------ exceptions (exception.c) */

enum exception_source { EXCEPTION_HARDWARE = 0, EXCEPTION_INJECTED = 1, EXCEPTION_SOFTWARE = 2 };

struct exception {
    uint8_t vector;
    uint8_t source; /* enum exception_source */
    bool has_error;
    uint32_t error_code;
    uint64_t cr2;   /* written if sets_cr2 */
    bool sets_cr2;
    uint64_t gpa, spa; /* for the event */
    uint64_t return_rip; /* SOFTWARE: behind the instruction; else the engine's RIP is pushed */
};

/*
 * Delivers through the guest's IDT, with double and triple faults; emits EVENT_FAULT. Afterwards the
 * engine stands at the handler's first instruction (true), or *fault holds the automatic exit
 * (SHUTDOWN, NPF during delivery, with exitintinfo set in vcpu->state).
 */
bool exception_deliver(struct vcpu *vcpu, const struct exception *exception, struct fault *fault);
/* The exception that a FAULT_GUEST stands for, through exception_deliver(). */
bool exception_deliver_fault(struct vcpu *vcpu, const struct fault *guest, struct fault *fault);
/* EVENTINJ at VMRUN: the event has been found legal (enter.c); delivers it. */
bool exception_inject(struct vcpu *vcpu, uint64_t eventinj, struct fault *fault);
/*
 * The engine raised `vector` by itself. It runs in its own SVM guest mode (virtualize.c), where every
 * exception, INT n included, leaves it before it is looked at: RIP is at the instruction, the vector
 * is the first one (no double fault was made of two), old_exception stays -1, and the error code is
 * the engine's error_code (hidden_error_code()). INT n, INT3 and INT1 are decoded by intercept.c and
 * go through exception_deliver(). The engine's EFER.SVME must stay set.
 */
bool exception_engine(struct vcpu *vcpu, uint8_t vector, struct fault *fault);
/* SYSCALL (SYSENTER is #UD in long mode on AMD: enter.c gives #UD); return_rip is behind it. */
bool exception_syscall(struct vcpu *vcpu, uint64_t return_rip, struct fault *fault);

/* ------------------------------------------------------------------ the vCPU */

enum { VCPU_TLB_SLOTS_LOG2 = 13, VCPU_BLOCK_SLOTS_LOG2 = 14, VCPU_FETCH_SLOTS = 1024,
       VCPU_HOOKS_MAX = 4096, VCPU_SHARED_MAX = 16 };

/* Everything of a vCPU that a snapshot has to keep, beside the VMSA image and the TLB's slots. */
struct vcpu_state {
    bool in_guest;
    bool perform;        /* the next visible operation was announced: perform it */
    uint8_t vmpl;        /* of the running VMSA */
    uint32_t asid;
    uint32_t apic_id;
    uint64_t sev_features;
    uint64_t virtual_tom;
    uint64_t exitintinfo; /* event being delivered when an exit happened (exception.c sets it) */
    uint64_t rdrand_count;
    uint64_t insns_world; /* retired since VMRUN */
    uint64_t xss;         /* MSRs that the engine does not keep */
    uint64_t tlb_pcpu;    /* PCPU_ID of the last VMRUN, APM 2 15.36.15 */
    uint32_t tlb_asid;
    uint32_t shared_count; /* C=0 pages touched in this slice */
    uint64_t shared_spa[VCPU_SHARED_MAX]; /* bit 0: written */
    uint64_t breakpoint[VCPU_BREAKPOINTS_MAX];
    uint32_t breakpoint_count;
    uint64_t last_exit_code, last_info1, last_info2; /* for descriptions */
    struct vmsa_cache cache; /* registers as last loaded or stored */
    struct tlb tlb;
};

/* One translated block: how many instructions it has (scan.c). */
struct block_info {
    uint64_t gva;
    uint32_t size;
    uint32_t insns;
    uint64_t epoch;     /* vcpu->block_epoch at which it was found valid */
    uint64_t spa;       /* of its first byte */
    uint64_t spa_last;  /* page of its last byte */
    uint32_t generation, generation_last; /* of those pages' code */
};

enum engine_stop {
    STOP_NONE,
    STOP_BUDGET,    /* block hook */
    STOP_INTERCEPT, /* code hook: intercepted instruction at RIP */
    STOP_INTR,      /* UC_HOOK_INTR: engine_vector */
    STOP_SYSCALL,
    STOP_RESCAN,    /* block hook: the block holds an unsafe opcode that is not hooked yet */
    STOP_SCRUBBED,  /* alias: page complete, map it plainly */
    STOP_FILL,      /* fill callback refused: vcpu->fault */
};

struct engine_counts; /* scan.c */

struct vcpu {
    struct cpu_env *env;
    uint64_t vmsa_spa;
    struct vmcb *vmcb;        /* while in the guest */
    struct cpu_clock *clock;
    struct vcpu_state state;

    /* Everything below is a cache or a handle: it can be made again from the above. */
    uc_engine *uc;
    struct hidden hidden;
    struct decode *decode;
    struct tlb_entry *tlb_slots;
    struct fault fault;         /* of the refused fill */
    enum engine_stop stop;
    uint32_t stop_vector;       /* STOP_INTR */
    bool idle;                  /* false while the engine runs */
    char message[160];          /* FAULT_ENGINE */

    uint64_t budget, retired;   /* of this vcpu_run() */
    struct block_info *blocks;  /* 1 << VCPU_BLOCK_SLOTS_LOG2 */
    struct block_info *block;   /* last one that the block hook announced; NULL none */
    uint64_t block_epoch;
    uint32_t *code_generation;  /* a page of system memory each */
    uint64_t *write_filled;     /* bitmap: pages that the engine's TLB may hold writable */
    uint64_t *fill_filled;      /* bitmap: pages that the engine's TLB may hold at all */
    uint64_t scrub_spa;         /* page served through the alias, ~0 none */
    uint64_t scrub_gva;
    bool host_code_view;        /* ENGINE_CODE_GVA is answered */
    uint64_t hook_gva[VCPU_HOOKS_MAX];
    uc_hook hook_handle[VCPU_HOOKS_MAX];
    uint32_t hook_count;
};

/* Registers of the idle engine. */
static inline uint64_t vcpu_reg(const struct vcpu *vcpu, int reg)
{
    uint64_t value = 0;

    uc_reg_read(vcpu->uc, reg, &value);
    return value;
}

static inline void vcpu_reg_set(struct vcpu *vcpu, int reg, uint64_t value)
{
    uc_reg_write(vcpu->uc, reg, &value);
}

/* CPL of the engine (DPL of SS and RPL of CS agree in all modes that are run). */
uint8_t vcpu_cpl(const struct vcpu *vcpu);

/* Zeroes *event and fills in kind, time, rip, vcpu, vmpl, actor (event.c). */
void vcpu_event_init(const struct vcpu *vcpu, struct event *event, uint16_t kind);

#endif
