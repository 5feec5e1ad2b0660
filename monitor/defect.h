/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variants with one named defect each, for the scenarios: built from the same sources with
 * -DMONITOR_DEFECT=DEFECT_..., so that whatever else they do is what the correct monitor does.
 */
#ifndef MONITOR_DEFECT_H
#define MONITOR_DEFECT_H

#ifdef MONITOR_COMMON
#error "compiled once for all variants: move the file to variant_sources in monitor/CMakeLists.txt"
#endif

enum monitor_defect {
    DEFECT_NONE,
    DEFECT_NO_SCRUB, /* SetPagePrivate grants a page with the bytes that it found there */
    /* What comes from the hypervisor is believed. */
    DEFECT_REFETCH,     /* how far a page-state list has come is read again after the check */
    DEFECT_TRUST_PSC,   /* only so many pages are validated as the answer to the list counts */
    DEFECT_HV_CBIT,     /* page tables have the C-bit where the SEV information says */
    DEFECT_MAP_OVERLAP, /* RAM that begins inside the monitor's range is the guest's */
    /* What must not happen any more happens. */
    DEFECT_MMIO_PRIVATE, /* #VC 0x400 of a store to private memory is served as MMIO */
    DEFECT_TERM_RETURNS, /* run again after its termination request, it serves calls */
    DEFECT_REGRANT,      /* after LockKernel a page is granted with all permissions */
    DEFECT_HALF_REVOKE,  /* a page that becomes a VMSA stays readable for VMPL 3 */
    DEFECT_OPEN_VMSA,    /* ... and writable */
    DEFECT_SHARE_SECRET, /* the launch's secrets page is given back unwiped */
    DEFECT_GUEST_CODE,   /* call 3 runs code of the guest's */
    /* Pages and vCPUs of the guest. */
    DEFECT_NO_LOCK,           /* a page that a call works on is not closed to other calls */
    DEFECT_WRITE_AFTER_CHECK, /* a buffer is not held from its check to the copy into it */
    DEFECT_CARRY_IGNORED,     /* PVALIDATE CF, not the ledger, says which pages are in use */
    DEFECT_ISA_HOLE,          /* no scrub at 0xa0000 to 0xfffff, "where the firmware is" */
    DEFECT_AUTO_ACCEPT,       /* #VC 0x404 validates the page and goes on */
    DEFECT_ANY_VMPL,          /* CREATE_VCPU does not look at the VMPL */
    DEFECT_FLUSH_OWN,         /* after permissions were taken only the caller's vCPU is flushed */
    /* What two of them do at once, or what comes at a bad moment. */
    DEFECT_DELETE_RUNNING,   /* a vCPU that is deleted or replaced is not stopped */
    DEFECT_ERROR_GRANT,      /* CREATE_VCPU that fails grants the page after letting go of it */
    DEFECT_FIRST_PAGE_CHECK, /* of a 2 MiB entry of a list only the first page is looked at */
    DEFECT_INT80_GATE,       /* INT 0x80 serves whoever raises it */
    DEFECT_IV_REUSE,         /* after an error the next message has the number of the last one */
    DEFECT_LIST_REFETCH,     /* an entry of a page list is read again when its page is released */
    DEFECT_LOST_EVENT,       /* #HV between the look at the doorbell and the exit changes nothing */
    DEFECT_NO_RANGE,         /* the monitor's own pages pass for pages of the guest's */
    DEFECT_NO_RESTRICTED_INJECTION, /* #VC does what its error code says */
    DEFECT_STALE_ANSWER, /* neither the hypervisor's error nor the answer's number is looked at */
};

#ifndef MONITOR_DEFECT
#define MONITOR_DEFECT DEFECT_NONE
#endif

static const enum monitor_defect monitor_defect = MONITOR_DEFECT;

#endif
