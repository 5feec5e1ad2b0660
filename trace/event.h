/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event record: one fixed size, no pointers, every byte defined (padding is zero), so that a
 * stream of them can be hashed, compared, copied and stored as it is. docs/events.md describes each
 * field for users; the two are kept together by a test.
 */
#ifndef PROVA_TRACE_EVENT_H
#define PROVA_TRACE_EVENT_H

#include <stdint.h>

enum event_kind {
    EVENT_RUN_START = 1,
    EVENT_LAUNCH_PAGE,  /* LAUNCH_UPDATE made a page Guest-Valid */
    EVENT_RMP,          /* an RMP instruction or firmware command addressed an entry */
    EVENT_NPT,          /* the hypervisor changed a nested mapping */
    EVENT_PTE,          /* a page-table entry of VMPL0 changed C, P, W or X (seen at TLB fill) */
    EVENT_FAULT,        /* #PF, #VC, other exceptions, NPF, VMEXIT_INVALID, shutdown */
    EVENT_VMGEXIT,      /* decoded request, and the answer */
    EVENT_WORLD,        /* VMRUN and the exit that ended it */
    EVENT_VMSA,         /* a VMSA became runnable, was registered, changed or was destroyed */
    EVENT_INJECT,       /* an event was injected (or refused) at VMRUN */
    EVENT_PSP,          /* firmware command or guest message with its status */
    EVENT_SHARED_WRITE, /* first write of a slice to a page shared with another entity */
    EVENT_STORE,        /* first private store of VMPL0 to a page since its last rebinding */
    EVENT_SCRUB,        /* every byte of the page was overwritten by VMPL0 since PVALIDATE */
    EVENT_SECRET,       /* bytes of a registered secret found where the entity can read them */
    EVENT_CONSOLE,      /* characters printed or typed on a serial port */
    EVENT_SCHED,        /* a decision: options and choice */
    EVENT_HV_ACCESS,    /* the hypervisor read or wrote system memory (or was refused) */
    EVENT_RUN_END,      /* how the run ended */
    EVENT_MOVE,         /* a private access to a guest page reached another system page */
    EVENT_REFETCH,      /* VMPL0 loaded bytes again that somebody else may have changed since */
    EVENT_STALE,        /* an access through a translation whose rights the RMP no longer gives */
    EVENT_FETCH,        /* first fetch of VMPL0 from a page since its contents or binding changed */
    EVENT_ALIAS,        /* VMPL0 reaches one page in two ways at once */
    EVENT_TABLE,        /* a page served VMPL0's walks as a page table for the first time */
    /* Derived by observers; not part of the stream hash. */
    EVENT_RULE,         /* a ghost rule was broken or an invariant violated, online */
    EVENT_VERDICT,      /* the final word on an invariant, rule or expectation */
    EVENT_KIND_COUNT,
};

enum actor {
    ACTOR_E0 = 0, /* VMPL0 */
    ACTOR_E1,
    ACTOR_E2,
    ACTOR_E3, /* VMPL3 */
    ACTOR_HV,
    ACTOR_PSP,
    ACTOR_RUN, /* the emulator itself: run_start, run_end, sched */
};

enum { EVENT_NO_VCPU = 0xffff, EVENT_NO_VMPL = 0xff, EVENT_TEXT_BYTES = 80 };

enum rmp_insn {
    RMP_INSN_PVALIDATE = 1,
    RMP_INSN_RMPADJUST,
    RMP_INSN_RMPQUERY,
    RMP_INSN_RMPUPDATE,
    RMP_INSN_PSMASH,
    RMP_INSN_RMPREAD,
    RMP_INSN_FIRMWARE, /* a PSP command changed the entry */
    RMP_INSN_STORE,    /* no instruction: a store to the RMP, by a modelled hardware bug */
};

/* before/after are raw entries (rmp/rmp.h rmp_raw_of). */
struct event_rmp {
    uint64_t spa, gpa, gva; /* gva is 0 for host instructions */
    uint64_t before_lo, before_hi, after_lo, after_hi;
    uint32_t rc;         /* EAX */
    uint8_t insn;        /* enum rmp_insn */
    uint8_t cf;          /* PVALIDATE: nothing changed */
    uint8_t size;        /* enum page_size of the entry */
    uint8_t outcome;     /* enum rmp_outcome_kind */
    uint8_t target_vmpl; /* RMPADJUST, RMPQUERY; else 0xff */
    uint8_t operand;     /* PVALIDATE: validate bit; RMPADJUST: mask */
    uint8_t tracked;     /* RMPADJUST: bytes of the page are not all overwritten since PVALIDATE */
    uint8_t pad;
    uint32_t scrubbed_bytes; /* RMPADJUST, PVALIDATE: overwritten so far, 4096 if all */
    /* RMPADJUST, PVALIDATE, of all pages of the entry (rmp/labels.h): */
    uint32_t bytes_monitor; /* not zero, VMPL0's from launch or from an earlier binding */
    uint32_t bytes_secret;  /* of registered secrets */
    uint64_t vmsa_hash;     /* RMPADJUST that set the VMSA bit: of the state, cpu/vmsa.h */
};

enum launch_owner { LAUNCH_OWNER_MONITOR = 0, LAUNCH_OWNER_GUEST = 1 };
struct event_launch_page {
    uint64_t spa, gpa;
    uint8_t page_type; /* 1 normal, 2 VMSA, 3 zero, 4 unmeasured, 5 secrets, 6 CPUID */
    uint8_t owner;     /* enum launch_owner: whose memory the launcher says this is */
    uint8_t perm[4];
    uint8_t size;
    uint8_t pad;
    uint8_t digest[48]; /* launch digest after this page */
};

struct event_npt {
    uint64_t gpa, spa, old_spa;
    uint8_t size, flags, old_flags, old_present, present, pad[3];
};

struct event_pte {
    uint64_t gva, old_pte, new_pte, table_gpa;
};

enum fault_class { FAULT_EXCEPTION = 1, FAULT_NPF, FAULT_INVALID, FAULT_SHUTDOWN, FAULT_LIMIT };
struct event_fault {
    uint64_t address; /* CR2 or the GPA of a nested fault */
    uint64_t error;   /* error code, EXITINFO1 */
    uint64_t gpa, spa;
    uint8_t class;    /* enum fault_class */
    uint8_t vector;
    uint8_t source;   /* 0 hardware, 1 injected, 2 software (INT n) */
    uint8_t cpl;
    uint8_t pad[4];
};

enum vmgexit_protocol { VMGEXIT_MSR = 1, VMGEXIT_PAGE = 2 };
struct event_vmgexit {
    uint64_t code;  /* MSR request (info bits) or SW_EXITCODE */
    uint64_t info1, info2;
    uint64_t rax, rcx;
    uint64_t ghcb;  /* MSR value or GHCB GPA */
    uint64_t answer1, answer2; /* response MSR, or SW_EXITINFO1/2 */
    uint8_t protocol;          /* enum vmgexit_protocol */
    uint8_t phase;             /* 0 request, 1 answer */
    uint8_t pad[6];
};

struct event_world {
    uint64_t vmsa_spa;
    uint64_t exit_code, exitinfo1, exitinfo2;
    uint64_t insns;  /* retired since VMRUN, phase 1 */
    uint32_t apic_id;
    uint8_t phase;   /* 0 VMRUN, 1 #VMEXIT */
    uint8_t result;  /* VMRUN: 0 entered, 1 VMEXIT_INVALID, 2 VMEXIT_BUSY */
    uint16_t doorbell;     /* #VMEXIT: pending word of the VMSA's doorbell page, 0 if none */
    uint64_t doorbell_spa; /* of the doorbell page that the VMSA has registered, 0 if none */
    uint64_t vmsa_hash;    /* VMRUN that entered: of the state it started with, cpu/vmsa.h */
};

enum vmsa_action { VMSA_LAUNCHED = 1, VMSA_CREATE, VMSA_DESTROY, VMSA_ON_INIT };
struct event_vmsa {
    uint64_t spa, gpa, sev_features;
    uint32_t apic_id;
    uint8_t action; /* enum vmsa_action */
    uint8_t vmsa_vmpl;
    uint8_t result; /* 0 accepted, 1 refused */
    uint8_t pad;
};

struct event_inject {
    uint64_t eventinj;     /* architectural EVENTINJ */
    uint64_t sev_features; /* of the VMSA */
    uint8_t result;        /* 0 delivered, 1 refused: VMEXIT_INVALID */
    uint8_t pad[7];
};

struct event_psp {
    uint32_t command;  /* mailbox command, or 0x94 for a guest request */
    uint32_t status;   /* firmware status */
    uint64_t seqno;    /* guest messages */
    uint8_t msg_type, vmpck;
    uint8_t hv_action; /* 0 forwarded, 1 dropped, 2 replayed, 3 altered */
    uint8_t phase;     /* 0 the firmware has dealt with it, 1 the guest hands it over */
    uint8_t pad[4];
    uint8_t request_hash[16];  /* XXH3-128 of the request as sent (ciphertext) */
    uint8_t response_hash[16]; /* of the response page */
    uint8_t plaintext_hash[16]; /* of the decrypted request, for psp-sequence */
};

struct event_page {
    uint64_t spa, gpa, gva;
    uint64_t offset, length; /* shared_write: of the access within the page, if known */
};

enum secret_where {
    SECRET_IN_GRANTED_PAGE = 1, /* entity's VMPL got read permission */
    SECRET_IN_SHARED_PAGE,      /* page read or written through C=0, or hypervisor-owned */
    SECRET_IN_GHCB,
    SECRET_IN_MSR,
    SECRET_IN_REGISTERS,
};
struct event_secret {
    uint64_t spa, gpa, offset;
    uint32_t secret_id; /* index into the run's list of registered secrets */
    uint8_t where;      /* enum secret_where */
    uint8_t entity;     /* enum actor that can read it */
    uint8_t allowed;    /* the secret's own list allows that entity */
    uint8_t pad;
    char name[32];      /* NUL-padded */
};

struct event_text {
    uint16_t length; /* bytes of text used; longer output is split over records */
    uint16_t port;   /* serial port, 0x3f8 */
    /* 0: output. Typed, by RUN: in which turn of the typist since the event before; by HV: 1 */
    uint32_t input;
    char text[EVENT_TEXT_BYTES];
};

struct event_sched {
    uint64_t options; /* bit i: processor i could run */
    uint32_t choice;  /* processor */
    uint32_t reason;  /* enum sched_reason of emu/sched.h */
    uint64_t budget_insns;
};

struct event_hv_access {
    uint64_t spa, length;
    uint8_t write, refused;
    uint8_t plain; /* read: the bytes are a guest's plaintext (debug decryption) */
    uint8_t bug;   /* by a modelled hardware bug, past the RMP */
    uint8_t pad[4];
    uint8_t hash[16]; /* XXH3-128 of the bytes read or written */
};

struct event_move {
    uint64_t gpa, spa, old_spa, gva;
};

enum refetch_writer { REFETCH_HYPERVISOR = 1, REFETCH_GUEST = 2 };
struct event_refetch {
    uint64_t spa, gpa, gva;
    uint32_t offset, length; /* within the page, of the second load */
    uint8_t writer;          /* enum refetch_writer: who may have changed them in between */
    uint8_t pad[7];
};

enum stale_access { STALE_READ = 0, STALE_WRITE = 1, STALE_FETCH = 2 };
struct event_stale {
    uint64_t spa, gpa, gva;
    uint8_t access; /* enum stale_access */
    uint8_t had;    /* permissions of the entry that was used (RMP_PERM_*) */
    uint8_t has;    /* what the RMP gives the VMPL now; 0 if the page is not its own any more */
    uint8_t pad[5];
};

struct event_fetch {
    uint64_t spa, gpa, gva;
    uint32_t bytes_trusted;    /* measured at launch, or VMPL0's own stores */
    uint32_t bytes_guest;      /* a lower VMPL's */
    uint32_t bytes_hypervisor; /* the hypervisor's, or not measured at launch */
    uint32_t pad;
};

enum alias_what {
    ALIAS_TWO_ADDRESSES = 1, /* gva and other_gva are mapped to one guest page */
    ALIAS_UNENCRYPTED = 2,   /* a C=0 access of a page that is private and valid; no other_gva */
};
struct event_alias {
    uint64_t spa, gpa, gva, other_gva;
    uint8_t c, other_c; /* C-bits of the two mappings */
    uint8_t what;       /* enum alias_what */
    uint8_t pad[5];
};

struct event_table {
    uint64_t spa, gpa;
    uint8_t level; /* 1: its entries map 4 KiB pages, ... 4: CR3's */
    uint8_t pad[7];
};

struct event_run {
    uint64_t seed, memory_bytes;
    uint32_t cpus;
    uint32_t reason;  /* run_end: enum run_end_reason of emu/machine.h */
    uint64_t detail;  /* run_end: termination code, limit, ... */
    uint8_t inputs_hash[16]; /* run_start: XXH3-128 over the inputs' SHA-256s and options */
};

enum rule_kind { RULE_INVARIANT = 1, RULE_GHOST = 2, RULE_EXPECTATION = 3 };
struct event_rule {
    uint64_t cause_seq; /* the event that decides */
    uint64_t spa, gpa;
    uint32_t rule_id;   /* rules/rules.h */
    uint8_t kind;       /* enum rule_kind */
    uint8_t holds;      /* verdict events */
    uint8_t pad[2];
    char name[40];      /* NUL-padded */
};

struct event {
    uint64_t seq;  /* set by trace_emit(), from 1 */
    uint64_t time; /* virtual TSC cycles of the processor */
    uint64_t rip;  /* 0 if no guest instruction caused it */
    uint16_t kind; /* enum event_kind */
    uint16_t vcpu; /* processor (APIC ID), EVENT_NO_VCPU if none */
    uint8_t vmpl;  /* EVENT_NO_VMPL if none */
    uint8_t actor; /* enum actor */
    uint16_t pad;
    union {
        struct event_rmp rmp;
        struct event_launch_page launch_page;
        struct event_npt npt;
        struct event_pte pte;
        struct event_fault fault;
        struct event_vmgexit vmgexit;
        struct event_world world;
        struct event_vmsa vmsa;
        struct event_inject inject;
        struct event_psp psp;
        struct event_page page; /* store, scrub, shared_write */
        struct event_secret secret;
        struct event_text console;
        struct event_sched sched;
        struct event_hv_access hv_access;
        struct event_run run;
        struct event_move move;
        struct event_refetch refetch;
        struct event_stale stale;
        struct event_fetch fetch;
        struct event_alias alias;
        struct event_table table;
        struct event_rule rule;
        uint8_t bytes[96];
    };
};
_Static_assert(sizeof(struct event) == 128, "an event is 128 bytes");

/* The table and file name of a kind: "rmp", "launch_page", ... NULL if out of range. */
const char *event_kind_name(uint16_t kind);
const char *actor_name(uint8_t actor);

#endif
