/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One vCPU's fuzzer: random calls, each held against the results that it may have. */
#ifndef MONITOR_GUEST_FUZZ_H
#define MONITOR_GUEST_FUZZ_H

#include "monitor/guest/fuzz_map.h"
#include "monitor/guest/fuzz_random.h"
#include "monitor/guest/runtime.h"

/* Guest memory that no kernel uses, in a machine of 64 MiB. */
#define FUZZ_OWN_GPA       UINT64_C(0x1000000) /* 2 MiB for each of 16 vCPUs */
#define FUZZ_CONTESTED_GPA UINT64_C(0x3000000) /* pages that all name, and nobody touches */
#define FUZZ_MEMORY_BYTES  UINT64_C(0x3400000)
enum { FUZZ_CONTESTED_PAGES = 8 };

struct fuzzer {
    struct guest *guest;
    uint64_t random;
    struct map map;
    struct svsm_calling_area *home; /* the calling area that the vCPU began with */
    uint64_t area_page;             /* of the map, if it is another one */
    bool area_moved;
    bool meets_sweep; /* LockKernel was at work at some time of the last call */
    uint64_t calls, wrong;
};

struct fuzz_request {
    uint32_t protocol, number;
    struct guest_call regs; /* in, and what came back */
    struct guest_call sent;
};

/* Makes the call. Returns the result code. */
uint32_t fuzz_issue(struct fuzzer *fuzzer, struct fuzz_request *request);

/* Counts the call as wrong, and says so, unless the code is in the set. */
void fuzz_judge(struct fuzzer *fuzzer, const struct fuzz_request *request, uint32_t code,
                uint32_t allowed);

/* What a call on guest memory can give besides: LockKernel's sweep, on another vCPU, holds every
 * page of the guest for a moment. CAN_BUSY if it can have held one during the last call, else 0. */
uint32_t fuzz_sweep_results(const struct fuzzer *fuzzer);

/* The page that other vCPUs write to while this one's calls read it. */
uint64_t *fuzz_list(uint32_t vcpu);

/* An address that no call may ever accept; one that none may accept now; a contested page. */
uint64_t fuzz_never_gpa(struct fuzzer *fuzzer);
uint64_t fuzz_bad_gpa(struct fuzzer *fuzzer);
uint64_t fuzz_contested_gpa(struct fuzzer *fuzzer);

/* Calls whose result is known (fuzz_exact.c). */
void fuzz_exact(struct fuzzer *fuzzer);
/* Calls that must end well, whatever their result (fuzz_hostile.c). */
void fuzz_hostile(struct fuzzer *fuzzer);

#endif
