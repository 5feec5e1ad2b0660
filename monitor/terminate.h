/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the monitor ends the machine: a termination request by the GHCB MSR protocol (56421 section
 * 2.3.1, request 0x100) with reason set TERMINATE_SET and one of the codes below (docs/monitor.md).
 */
#ifndef MONITOR_TERMINATE_H
#define MONITOR_TERMINATE_H

#include <stdint.h>
#include <stdnoreturn.h>

struct monitor;

/* 0 is the GHCB specification's set, 1 is in use by guests; this one is the monitor's. */
enum { TERMINATE_SET = 5 };

enum terminate_code {
    TERMINATE_NO_RANDOM = 0x01,       /* RDRAND gives nothing (boot.S) */
    TERMINATE_NOT_SNP = 0x02,         /* SEV_STATUS: not an SNP guest */
    TERMINATE_FEATURES = 0x03,        /* SEV_STATUS: a feature the monitor cannot live with */
    TERMINATE_CPUID_PAGE = 0x04,      /* malformed, or without leaf 8000_001F */
    TERMINATE_C_BIT = 0x05,           /* CPUID page and first page tables disagree */
    TERMINATE_INFO = 0x06,            /* INFO is not what was linked or measured */
    TERMINATE_PARAMS = 0x07,          /* PARAMS is malformed: the hypervisor's memory map */
    TERMINATE_NO_MEMORY = 0x08,       /* the monitor's range or the guest's RAM is too small */
    TERMINATE_GHCB_PROTOCOL = 0x10,   /* no common GHCB protocol version */
    TERMINATE_GHCB_FEATURES = 0x11,   /* hypervisor lacks a feature the monitor needs */
    TERMINATE_GHCB_REGISTER = 0x12,   /* GHCB registration refused */
    TERMINATE_GHCB_MSR = 0x13,        /* GHCB MSR changed under the monitor, or a foreign answer */
    TERMINATE_DOORBELL = 0x14,        /* registration of the #HV doorbell page refused */
    TERMINATE_PSC = 0x15,             /* page-state change refused or its answer malformed */
    TERMINATE_PVALIDATE = 0x20,       /* PVALIDATE failed */
    TERMINATE_PVALIDATE_CARRY = 0x21, /* CF set: the page changed behind the monitor's back */
    TERMINATE_RMPADJUST = 0x22,       /* RMPADJUST failed */
    TERMINATE_AP_CREATION = 0x28,     /* the hypervisor refuses the guest's VMSA */
    TERMINATE_RUN_VMPL = 0x29,        /* the hypervisor refuses to run the guest */
    TERMINATE_LOCK_ORDER = 0x30,      /* a lock taken out of order: a bug of the monitor */
    TERMINATE_ASSERT = 0x31,          /* another bug of the monitor */
    TERMINATE_STACK = 0x32,           /* stack protector */
    TERMINATE_FAULT = 0x40,           /* + vector: 0x4e #PF, 0x48 #DF, 0x5d #VC, ... */
    TERMINATE_NOT_VALIDATED = 0x60,   /* #VC 0x404: a page of the monitor lost its validation */
    TERMINATE_NO_GUEST = 0x70,        /* INFO names no guest: nothing to do after boot */
};

/* Asks for the end by the MSR protocol and never comes back, even if the hypervisor resumes. */
noreturn void terminate(enum terminate_code code);

/* Where a processor serves nothing more: if another one is at its end, so is this one. */
void terminate_if_ended(const struct monitor *monitor);

/* A console line "monitor: <what> (value)" where a console is up, then terminate(). */
noreturn void terminate_because(enum terminate_code code, const char *what, uint64_t value);

#endif
