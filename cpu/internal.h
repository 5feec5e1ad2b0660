/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to cpu/: what a vCPU is made of, and which file does what.
 *
 *   vcpu.c       life cycle, observer's view         enter.c     VMRUN, automatic exits
 *   run.c        the slice loop                      virtualize.c  the engine's own SVM guest mode
 *   walk.c       page walks and their checks         mmu.c       model TLB, copies to and from
 * guests
 *   fill.c       the engine's TLB as a cache         cache.c     what engines hold of a page
 *   self.c       code that stores to its own page    scan.c      blocks: counts, unsafe opcodes
 *   insn.c       prefixes and opcodes                intercept.c intercepted instructions
 *   control.c    control and debug registers         event.c     event headers, struct fault
 *   msr.c        MSRs                                snp_insn.c  PVALIDATE and its kin, VMGEXIT
 *   vmsa.c, hidden.c  registers in and out           exception.c delivery through the IDT
 *   seen.c       moves, aliases, tables         stale.c     rights that are gone
 *   loads.c      second loads of shared bytes
 *   decode.c     lengths and operands (Capstone)     interpret.c bulk stores
 *   mode.c       16-, 32- or 64-bit code, where      ivt.c       delivery in real mode
 *
 * The engine only ever runs inside run.c. Whatever stops it is written to vcpu->fault or found by
 * the bytes at RIP, and is dealt with while the engine is idle.
 */
#ifndef PROVA_CPU_INTERNAL_H
#define PROVA_CPU_INTERNAL_H

#include <unicorn/unicorn.h>

#include "cpu/decode.h"
#include "cpu/hidden.h"
#include "cpu/vcpu.h"
#include "cpu/vmsa.h"
#include "rmp/access.h"

/*
 * The engine's private pages: beyond every system address (52 bits) and at non-canonical gvas, so
 * that no guest mapping can be confused with them.
 */
#define ENGINE_PAGES_SPA UINT64_C(0x7a00000000000000) /* virtualize.c; the first one has the code */
#define ENGINE_UNTIL_GVA (ENGINE_PAGES_SPA + 0x800)   /* where uc_emu_start() would end */
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
    bool table;        /* on a table of the walk: gpa and exitinfo2 are exact */
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
 * is not plain private memory (fault->kind is FAULT_NONE): let the engine do it. whole: the caller
 * overwrites every byte of the page now.
 */
uint8_t *mmu_private_page(struct vcpu *vcpu, uint64_t gva, enum mmu_type type, bool whole,
                          uint64_t *spa, struct fault *fault);
/*
 * Tells the tracking that [spa, spa + len) within one page was just overwritten by the bulk
 * interpreter through mmu_private_page(): EVENT_SCRUB when complete.
 */
void mmu_noted_store(struct vcpu *vcpu, uint64_t gva, uint64_t spa, uint64_t len);

/* ------------------------------------------------------------------ decoding (decode.c) */

struct decode; /* a Capstone handle and an instruction buffer, one per vCPU */
struct decode *decode_new(GError **error);
void decode_free(struct decode *decode);

/* For all that is decoded from now on; a new one is in 64-bit mode. */
void decode_mode_set(struct decode *decode, enum decode_mode mode);

/* Length of the instruction at bytes; 0 if it is invalid or longer than avail (max 15). */
uint8_t decode_length(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip);

/*
 * The exact address of the fault: evaluates the memory operands of the instruction at RIP (and
 * implicit stack accesses, string operations) with the engine's registers and returns the lowest
 * byte address that lies in the page of page_gva; for an access that enters the page from the page
 * below that is the page's first byte. page_gva itself if no operand touches the page. For a FETCH:
 * RIP if it lies in the page, else the page's first byte. *bytes (may be NULL): of the access, 0
 * unknown.
 */
uint64_t decode_fault_gva(struct vcpu *vcpu, uint64_t page_gva, enum mmu_type type, size_t *bytes);

/* The effective address (segment base included) of the explicit memory operand of the instruction
 * at RIP (INVLPG and the like); false if it has none. */
bool decode_operand_gva(struct vcpu *vcpu, uint64_t *gva);

/*
 * Whether the page is touched by the instruction at RIP for a segment descriptor alone: an implicit
 * supervisor access.
 */
bool decode_is_descriptor(struct vcpu *vcpu, uint64_t page_gva, enum mmu_type type);

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
 * Delivers through the guest's IDT, with double and triple faults; emits EVENT_FAULT. Afterwards
 * the engine stands at the handler's first instruction (true), or *fault holds the automatic exit
 * (SHUTDOWN, NPF during delivery, with exitintinfo set in vcpu->state).
 */
bool exception_deliver(struct vcpu *vcpu, const struct exception *exception, struct fault *fault);
/* The exception that a FAULT_GUEST stands for, through exception_deliver(). */
bool exception_deliver_fault(struct vcpu *vcpu, const struct fault *guest, struct fault *fault);
/* EVENTINJ at VMRUN: the event has been found legal (enter.c); delivers it. */
bool exception_inject(struct vcpu *vcpu, uint64_t eventinj, struct fault *fault);
/*
 * The engine raised `vector` by itself. It runs in its own SVM guest mode (virtualize.c), where
 * every exception, INT n included, leaves it before it is looked at: RIP is at the instruction, the
 * vector is the first one (no double fault was made of two), old_exception stays -1, and the error
 * code is the engine's error_code (hidden_error_code()). INT n, INT3 and INT1 are decoded by
 * intercept.c and go through exception_deliver(). The engine's EFER.SVME must stay set.
 */
bool exception_engine(struct vcpu *vcpu, uint8_t vector, struct fault *fault);
/* SYSCALL (SYSENTER is #UD in long mode on AMD: enter.c gives #UD); return_rip is behind it. */
bool exception_syscall(struct vcpu *vcpu, uint64_t return_rip, struct fault *fault);

/* ------------------------------------------------------------------ the vCPU */

enum {
    VCPU_TLB_SLOTS_LOG2 = 13,
    VCPU_BLOCK_SLOTS_LOG2 = 16, /* a booting Linux has more than 2^14 blocks in use */
    VCPU_HOOKS_MAX = 8192,
    VCPU_SHARED_MAX = 16,
    VCPU_CODE_BYTES = 32 << 20, /* of translated code; see scan.c */
    VCPU_ALIASES = 4, /* one instruction stores to two pages at most */
};

/* Everything of a vCPU that a snapshot has to keep, beside the registers and the TLB's slots. */
struct vcpu_state {
    bool in_guest;
    bool perform;         /* the next visible operation was announced: perform it */
    uint8_t vmpl;         /* of the running VMSA */
    uint32_t asid;
    uint32_t apic_id;
    uint32_t intercepts;  /* of this VMRUN */
    uint64_t sev_features;
    uint64_t virtual_tom;
    uint64_t exitintinfo; /* event being delivered when an exit happened (exception.c sets it) */
    uint64_t rdrand_count;
    uint64_t insns_world; /* retired since VMRUN */
    uint64_t carried_at;  /* insns_world behind the last instruction carried out here, not by the
                             engine, which does not know that its interrupt shadow is over */
    uint64_t enter_count;
    uint32_t tlb_asid;
    uint32_t shared_count; /* C=0 pages touched in this slice */
    uint64_t shared_spa[VCPU_SHARED_MAX]; /* enum shared_bit */
    uint64_t shared_at[VCPU_SHARED_MAX];  /* insns_world when it was touched first */
    bool shared_watched[VCPU_SHARED_MAX]; /* env.watch_gpa has it */
    uint64_t announced;    /* shared page and kind that perform is for, as in shared_spa */
    uint64_t announced_at; /* insns_world then */
    uint64_t stopped_rip;  /* breakpoint that was announced last */
    uint64_t stopped_at;   /* insns_world then */
    uint64_t breakpoint[VCPU_BREAKPOINTS_MAX];
    uint32_t breakpoint_count;
    uint64_t last_exit_code, last_info1, last_info2; /* for descriptions */
    struct vmsa_cache cache; /* registers as last loaded or stored */
    struct tlb tlb;
};

/* One translated block (scan.c). */
struct block_info {
    uint64_t gva;      /* BLOCK_STALE until it has been checked again */
    uint32_t size;
    uint32_t insns;
    uint64_t starts;   /* bit i: an instruction starts at byte i */
    uint64_t known_gva; /* what gva was */
    uint64_t spa;      /* of its first byte */
    uint64_t spa_last; /* of its last byte */
    uint32_t generation, generation_last; /* of those pages' code */
    uint32_t mode; /* enum decode_mode */
    bool far;      /* it may load CS */
    bool listed;   /* in vcpu->fresh */
};
_Static_assert(sizeof(struct block_info) == 64, "indexed by a shift");

enum engine_stop {
    STOP_NONE,
    STOP_BUDGET,    /* block hook; it and those up to STOP_SELF: RIP is stop_gva */
    STOP_RESCAN,    /* block hook: the block has an opcode that is not hooked yet */
    STOP_INTERRUPT, /* block hook: a virtual interrupt can be taken */
    STOP_WATCHED,   /* block hook: the block that accessed a watched page is over */
    STOP_SCRUBBED,  /* block hook: scrub_done holds pages that are complete */
    STOP_FULL,      /* block hook: little room is left for translated code */
    STOP_MODE,      /* block hook: a mode that is not modelled */
    STOP_SELF,      /* block hook: the instruction that stores to its own page is done */
    STOP_TRAP,      /* code hook: an opcode that must not run, or a breakpoint, is at RIP */
    STOP_EXIT,      /* UC_HOOK_INTR: SVM exit code of the engine's guest mode, in stop_code */
    STOP_SYSCALL,   /* RIP is behind it */
    STOP_FILL,      /* fill callback refused: stop_gva, stop_type */
};

#define BLOCK_STALE UINT64_C(0x7d00000000000000) /* no guest address */
#define COUNTDOWN_BIAS (INT64_C(1) << 62)

struct engine_pages;

/* Copies of the engine's control registers: only intercepted instructions change them. */
struct vcpu_control {
    uint64_t cr0, cr3, cr4, efer;
};

/*
 * How code is executed. Only what loads CS changes it: far transfers, which the engine executes,
 * and what cpu/ does itself. 64-bit mode has no code base.
 */
struct vcpu_mode {
    enum decode_mode code;
    bool v86;
    uint8_t odd_cpl;       /* CPL while CS still has a selector ... */
    uint32_t odd_selector; /* ... of real mode or such, whose RPL is another; MODE_NO_SELECTOR */
    uint64_t code_base;
};
#define MODE_NO_SELECTOR UINT32_C(0x10000)

/* The last leaf entry that VMPL0 used for a page (pte.c); gvn is one more, 0 = empty. */
struct pte_seen {
    uint64_t gvn_1;
    uint64_t pte;
};
enum { VCPU_PTE_SLOTS = 4096 };

struct vcpu {
    struct cpu_env *env;
    uint64_t vmsa_spa;
    struct vmcb *vmcb;        /* while in the guest */
    struct cpu_clock *clock;
    struct vcpu_state state;
    struct vmsa image;         /* the VMSA as of VMRUN or of the last exit */
    struct fault entry_fault;   /* of the injection at VMRUN, or an unsupported state: vcpu_run() */

    /* What is below is a cache or a handle, which can be made again from the above; or it is in
     * struct vcpu_rest (saved.c). */
    uc_engine *uc;
    struct engine_pages *pages;
    struct hidden hidden;
    struct decode *decode;
    struct tlb_entry *tlb_slots;
    struct pte_seen *pte_seen; /* VCPU_PTE_SLOTS of them; part of the state */
    struct vcpu_control control;
    struct vcpu_mode mode;
    bool mode_unsure;           /* the engine may have loaded CS since the mode was read */
    bool running;               /* the engine runs */
    uintptr_t code_low, code_high; /* of the translated code that has been seen running; 0 none */
    bool translated;            /* the engine has run since its translations were dropped */
    enum engine_stop stop;
    uint32_t stop_code;
    uint64_t stop_gva;          /* page; BUDGET, RESCAN, INTERRUPT: block */
    enum mmu_type stop_type;
    char message[160];          /* FAULT_ENGINE */

    /* What the block hook looks at: of this vcpu_run(). */
    int64_t countdown;          /* budget less retired less countdown_bias */
    int64_t countdown_bias;     /* makes every block look at what it is watched for, or 0 */
    uint64_t block_gva;         /* of the block that runs; BLOCK_STALE none */

    uint64_t budget;            /* of this vcpu_run() */
    uint64_t retired;           /* up to date while the engine is idle */
    uint64_t retired_synced;    /* part of retired that the clock knows */
    struct block_info rescan;   /* STOP_RESCAN: the block to hook */
    uint32_t *code_generation;  /* a page of system memory each */
    uint64_t *write_filled;     /* bitmap: pages that the engine's TLB may hold writable */
    uint64_t *filled;           /* bitmap: pages that the engine's TLB may hold */
    uint64_t bitmap_words;
    bool tlb_dirty;             /* the engine's TLB holds something */
    uint64_t *code_filled;      /* bitmap: pages of which the engine may have translations */
    uint64_t alias_spa[VCPU_ALIASES]; /* pages whose stores go through the alias; ~0 none */
    uint32_t alias_next;
    uint64_t scrub_done[VCPU_ALIASES]; /* pages that the alias saw complete: EVENT_SCRUB is due */
    uint32_t scrub_done_count;
    struct loads *loads; /* loads.h */
    bool host_code_view;        /* ENGINE_CODE_GVA is answered */
    bool watch_shared;          /* the engine may access a watched page */
    uint64_t watch_shared_from; /* retired when it was let: until the next instruction ... */
    uint64_t watch_next;        /* ... here, or the next block */
    struct rmp_done {           /* VISIBLE_RMP_DONE */
        uint64_t gva, gpa, spa;
        uint8_t insn;
        bool changed;
    } rmp_done;
    bool shared_again;          /* vcpu_exit.again of the access that is announced */
    bool watch_if;              /* a virtual interrupt waits for RFLAGS.IF */
    uint64_t watch_from;        /* retired when it could not be taken: not before the next block */
    uint64_t self_spa;          /* code page that its own instruction stores to; ~0 none */
    uint64_t self_from;         /* retired when it began: it ends with the next instruction ... */
    uint32_t self_left;         /* ... or that many later, where such stores come thick */
    uint32_t self_length;       /* the last self_left */
    uint64_t self_last;         /* state.insns_world when it last ended */
    uint64_t implicit_gva;      /* page to be filled once as supervisor at CPL 3; ~0 none */
    uint64_t skip_gva;          /* hooked address that may run once (breakpoint passed); ~0 none */
    uint64_t hook_gva[VCPU_HOOKS_MAX];
    uc_hook hook_handle[VCPU_HOOKS_MAX];
    uint32_t hook_count;
    uint32_t fresh_count;
    uint16_t fresh[1 << VCPU_BLOCK_SLOTS_LOG2]; /* slots of blocks whose gva is not BLOCK_STALE */
    struct block_info blocks[1 << VCPU_BLOCK_SLOTS_LOG2]; /* direct-mapped by gva */
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

/* General registers by number: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 (insn.c). */
uint64_t insn_gpr(struct vcpu *vcpu, unsigned number);
void insn_gpr_set(struct vcpu *vcpu, unsigned number, uint64_t value);

bool vcpu_breakpoint_at(const struct vcpu *vcpu, uint64_t rip);

/* ---- mode.c */

/* Reads the mode out of the engine; out of vcpu->hidden, which has been fetched or committed. */
void mode_refresh(struct vcpu *vcpu);
void mode_read(struct vcpu *vcpu);
/* The linear address of RIP; the RIP of a linear address; the RIP that many bytes on. */
uint64_t mode_code_gva(const struct vcpu *vcpu);
uint64_t mode_rip_of(const struct vcpu *vcpu, uint64_t gva);
uint64_t mode_rip_behind(const struct vcpu *vcpu, uint64_t bytes);
/* Whether the guest has got into a mode that the emulator lacks: *fault says so. */
bool mode_lacks(struct vcpu *vcpu, struct fault *fault);

/* CPL of the engine. */
uint8_t vcpu_cpl(const struct vcpu *vcpu);

/*
 * A walk of VMPL0 found this leaf entry (0: not present) at table_gpa for gva: EVENT_PTE if it
 * differs in C, P, W or NX from what the page had when it was walked before.
 */
void pte_seen(struct vcpu *vcpu, uint64_t gva, uint64_t pte, uint64_t table_gpa);
/* True if pte_seen() would change nothing that counts. */
bool pte_known(const struct vcpu *vcpu, uint64_t gva, uint64_t pte);

/* Zeroes *event and fills in kind, time, rip, vcpu, vmpl, actor. */
void vcpu_event_init(const struct vcpu *vcpu, struct event *event, uint16_t kind);

/* An emulator limit: fills in vcpu->message and a FAULT_ENGINE. */
struct fault fault_engine(struct vcpu *vcpu, const char *format, ...) G_GNUC_PRINTF(2, 3);
struct fault fault_exit(uint64_t code, uint64_t info1, uint64_t info2);

/* Rereads vcpu->control: after whatever wrote CR0, CR3, CR4 or EFER. */
void vcpu_control_refresh(struct vcpu *vcpu);
/* Makes a fault of an engine access exact: the low 12 bits of gva, gpa, EXITINFO2. */
void fault_complete(struct vcpu *vcpu, struct fault *fault);

/* ---- virtualize.c */

bool virtualize_open(struct vcpu *vcpu, GError **error);
void virtualize_close(struct vcpu *vcpu);
/* Whether RDMSR and WRMSR leave the engine (the guest's do) or work (uc_reg_read() of an MSR). */
void virtualize_msr_guard(struct vcpu *vcpu, bool guarded);

/* ---- walk.c */

/* What an access may do, and how the processor is set up for it. */
struct access {
    uint64_t gva;
    enum mmu_type type;
    bool user;   /* CPL 3, and not an implicit supervisor access */
    bool ac;     /* RFLAGS.AC lifts SMAP */
    bool later;  /* the caller brings a tracked page into its view: mmu_view_waits() */
    bool pure;   /* give up (WALK_EFFECT) rather than change anything */
    bool look;   /* leave out what it would change; only where the operand of a walk is looked up */
};

enum walk_result {
    WALK_OK,
    WALK_FAULT,
    WALK_EFFECT, /* pure: it needs a state change or an event */
};

/*
 * What VMPL0 overwrites page by page need not be decrypted before: the view of a page that is
 * tracked since PVALIDATE may wait for whoever knows whether all of it is overwritten.
 */
bool mmu_view_waits(const struct vcpu *vcpu, const struct access *access, uint64_t spa, bool c);

struct access access_current(struct vcpu *vcpu, uint64_t gva, enum mmu_type type,
                             enum mmu_privilege privilege);
enum walk_result walk_translate(struct vcpu *vcpu, const struct access *access,
                                struct tlb_entry *out, struct fault *fault);
/* The walk for the operand of PVALIDATE and its kin: no check against the RMP on the last page. */
enum walk_result walk_operand(struct vcpu *vcpu, const struct access *access,
                              struct rmp_xlat *out, struct fault *fault);

/* ---- mmu.c */

/* Whether an entry of the model TLB lets the access through. */
bool mmu_permits(struct vcpu *vcpu, const struct tlb_entry *entry, const struct access *access);
/* The entry that permits the access, made if need be, with all effects; NULL: *fault. */
struct tlb_entry *mmu_access(struct vcpu *vcpu, const struct access *access, struct fault *fault);
void mmu_flush(struct vcpu *vcpu, bool keep_global);
/* EVENT_SCRUB of a page that is complete. */
void mmu_scrubbed(struct vcpu *vcpu, uint64_t gva, uint64_t spa);
/* Bookkeeping of a store by VMPL0 to a private page: EVENT_STORE. */
void mmu_first_store(struct vcpu *vcpu, uint64_t gva, uint64_t gpa, uint64_t spa);

/* ---- run.c, enter.c */

/* Tells the clock what has been retired so far. */
void run_sync(struct vcpu *vcpu);
/* Nothing was executed since an instruction that was carried out here: no interrupt shadow. */
bool run_shadow_over(const struct vcpu *vcpu);
/* The automatic exit that a FAULT_EXIT stands for: stores the VMSA, leaves the guest. */
void enter_leave(struct vcpu *vcpu, const struct fault *fault, struct vcpu_exit *exit);

#include "cpu/engine.h"

#endif
