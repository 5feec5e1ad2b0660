/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to cpu/: what VMPL0 has loaded in this activation of memory that others may change. */
#ifndef PROVA_CPU_LOADS_H
#define PROVA_CPU_LOADS_H

#include "cpu/internal.h"

enum { LOADS_PAGES = 32, LOADS_DUE = 16, LOADS_RECENT = 8 };

#define LOADS_NONE UINT64_MAX

/* Bytes of a page that were loaded again: EVENT_REFETCH at the next block boundary. */
struct load_due {
    uint64_t spa;
    uint64_t block_gva; /* of the block that loaded them */
    uint32_t offset, length;
};

/* One load; of a refused instruction it is made again when that begins anew. */
struct load_access {
    uint64_t spa;
    uint32_t len; /* 0 none */
};

struct load_page;

/* Of one vCPU; part of its state. */
struct loads {
    struct load_page *page[LOADS_PAGES]; /* made when needed */
    uint32_t next;
    uint32_t due_count;
    uint64_t refused_gva; /* page of the store that the engine stopped before; LOADS_NONE none */
    uint64_t due_from; /* state.insns_world: not before the next instruction has retired */
    struct load_due due[LOADS_DUE];
    uint64_t recent_block; /* the block that made them, and the budget left in it */
    int64_t recent_left;
    uint32_t recent_next;
    struct load_access recent[LOADS_RECENT], again[LOADS_RECENT];
};

struct loads *loads_new(void);
void loads_free(struct loads *loads);

/* Of a vCPU that is out of the guest: appended to bytes, and taken from them into new ones. */
struct saved;
void loads_save(const struct loads *loads, GByteArray *out);
bool loads_take(struct loads *loads, struct saved *saved);

/* Who else may write the page while VMPL0 reads it; 0: nobody, or it is not VMPL0 that runs. */
enum refetch_writer loads_writer(const struct vcpu *vcpu, uint64_t spa, bool c);

/* VMPL0 loaded or stored these bytes of one page. True: an event is due. */
bool loads_load(struct vcpu *vcpu, uint64_t spa, uint32_t len);
void loads_store(struct vcpu *vcpu, uint64_t spa, uint32_t len);

/* The activation is over: as far as the hypervisor may write, or altogether. */
void loads_end(struct vcpu *vcpu, bool all);

/* The engine has stopped; refused: before an instruction that may have made some of its loads. */
void loads_stopped(struct vcpu *vcpu, bool refused);
/* EVENT_REFETCH of what is due, with the engine idle. */
void loads_events(struct vcpu *vcpu);
/* A #VMEXIT: what is due is told, and the activation is over as far as the hypervisor may write. */
void loads_left(struct vcpu *vcpu);

#endif
