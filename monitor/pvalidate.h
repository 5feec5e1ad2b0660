/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVALIDATE and RMPADJUST with every result acted on. The argument is always a virtual address that
 * maps the page with C = 1. What a hypervisor alone can cause (a page that is validated already, or
 * no longer) ends the machine: it means that memory was changed behind the monitor's back.
 */
#ifndef MONITOR_PVALIDATE_H
#define MONITOR_PVALIDATE_H

#include <stdbool.h>
#include <stdint.h>

/* A 4 KiB page that must be invalid becomes valid, or the machine ends. Contents are unknown. */
void page_validate(void *page);
/* A 4 KiB page that must be valid becomes invalid, or the machine ends. */
void page_invalidate(void *page);

/* The same for a 2 MiB page. False: the RMP holds 4 KiB entries there (SIZEMISMATCH), nothing done.
   */
bool large_page_validate(void *page);
bool large_page_invalidate(void *page);

/* Overwrites every byte; so the first and last byte of each 4 KiB page are touched too, as the
 * coherency note for newly validated pages asks. */
void page_scrub(void *page);
void large_page_scrub(void *page);

/* Sets one VMPL's permissions; clears the VMSA bit. */
void page_permit(void *page, unsigned vmpl, unsigned permissions);
/* False: SIZEMISMATCH, nothing done. */
bool large_page_permit(void *page, unsigned vmpl, unsigned permissions);

/* Takes everything from every VMPL below 0: a VMPL that had the page may have passed it on. */
void page_revoke(void *page);
bool large_page_revoke(void *page);

/*
 * Makes the page a VMSA page: VMSA bit set (APM 2 15.36.8, APM 3 RMPADJUST), nothing for VMPL 1-3;
 * the second one leaves `reader`, whose page it was, to read it: Linux reads SEV_FEATURES again
 * from what it has given to CREATE_VCPU.
 */
void page_make_vmsa(void *page);
void page_make_vmsa_of(void *page, unsigned reader);

#endif
