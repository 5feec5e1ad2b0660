/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Linux 6.12 guest asks of an SVSM, in its order and with its manners: a call that is
 * incomplete or busy is made again; what was marked pending must not be so afterwards.
 */
#ifndef MONITOR_GUEST_LINUXLIKE_H
#define MONITOR_GUEST_LINUXLIKE_H

#include "monitor/guest/check.h"
#include "monitor/psc_list.h"
#include "monitor/snp.h"

struct linuxlike {
    struct checks checks;
    bool by_page;       /* calls are made by the GHCB page, no longer by the GHCB MSR */
    unsigned calls;     /* made so far, repetitions included */
    unsigned fallbacks; /* 2 MiB entries that had to be done in 4 KiB ones */
};

/* A call that is made until it is done or refused; the result. */
uint32_t linuxlike_call(struct linuxlike *kernel, struct guest *guest, uint32_t protocol,
                        uint32_t number, struct guest_call *regs);

/* An event by the GHCB page, with RAX unless it is 0; SW_EXITINFO2 of the answer, all ones if there
 * is none. */
uint64_t linuxlike_event(struct guest *guest, uint64_t code, uint64_t info_1, uint64_t info_2,
                         uint64_t rax);

uint64_t linuxlike_ghcb_gpa(const struct guest *guest);

/* linuxlike_pages.c */
void linuxlike_pages_early(struct linuxlike *kernel);
void linuxlike_pages(struct linuxlike *kernel);
/* linuxlike_vcpus.c */
void linuxlike_vcpus(struct linuxlike *kernel);
/* linuxlike_attest.c */
void linuxlike_attest(struct linuxlike *kernel);

#endif
