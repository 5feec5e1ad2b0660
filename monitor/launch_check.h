/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of what the launcher handed over, before anything of it is used. Pure.
 *
 * PARAMS is the hypervisor's word. What is well-formed may still be a lie (no RAM behind a range):
 * then PVALIDATE or the first access fails and the machine ends; nothing secret is lost by it.
 */
#ifndef MONITOR_LAUNCH_CHECK_H
#define MONITOR_LAUNCH_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/launch.h"
#include "monitor/snp.h"

/* The monitor keeps track of this much guest-physical memory; RAM beyond is left unused. */
#define LAUNCH_MEMORY_LIMIT_BYTES (UINT64_C(16) << 30)

/* The boot block (guest_launch.c), which the guest's first page tables map. */
enum { LAUNCH_BLOCK_PAGES = 10 };
#define LAUNCH_BLOCK_BYTES       (LAUNCH_BLOCK_PAGES * PAGE_BYTES)
#define LAUNCH_BLOCK_LIMIT_BYTES (UINT64_C(4) << 30)

enum launch_fault {
    LAUNCH_OK,
    LAUNCH_BAD_MAGIC,
    LAUNCH_BAD_VERSION,
    LAUNCH_BAD_VMPL,
    LAUNCH_BAD_MONITOR_RANGE, /* INFO names another range than the image was linked for */
    LAUNCH_BAD_ENTRY,         /* guest entry outside the guest image */
    LAUNCH_BAD_CPU_COUNT,
    LAUNCH_BAD_APIC_ID, /* the same twice */
    LAUNCH_BAD_RANGE_COUNT,
    LAUNCH_BAD_RANGE_ALIGNMENT,
    LAUNCH_BAD_RANGE_EMPTY,
    LAUNCH_BAD_RANGE_WRAP,
    LAUNCH_BAD_RANGE_HIGH,    /* bits at or above the C-bit */
    LAUNCH_BAD_RANGE_OVERLAP, /* with an earlier range; INFO: or with the monitor */
    LAUNCH_BAD_RESERVED,
    LAUNCH_BAD_BLOCK,    /* not where a boot block can lie */
    LAUNCH_BAD_BOOT,     /* what RSI is to point at is outside the guest image */
    LAUNCH_BAD_FEATURES, /* SEV_FEATURES without SNPActive, or with what is not handled */
};

enum launch_fault launch_info_check(const struct launch_info *info, uint64_t monitor_gpa,
                                    uint64_t monitor_bytes, unsigned c_bit);

/* RAM ranges may cover the monitor's memory: it lies in RAM, and the page states keep it apart. */
enum launch_fault launch_params_check(const struct launch_params *params, unsigned c_bit);

/* After both: the place that INFO names for the boot block, if it does, is RAM. */
enum launch_fault launch_block_check(const struct launch_info *info,
                                     const struct launch_params *params);

/* Pages up to the end of the highest RAM, at most LAUNCH_MEMORY_LIMIT_BYTES. */
uint64_t launch_params_pages(const struct launch_params *params);

/* True if the page belongs to the guest image that was launched. */
bool launch_info_in_image(const struct launch_info *info, uint64_t gpa);

/*
 * Position of the C-bit from leaf 8000_001F EBX[5:0] of the CPUID page; 0 if the page is malformed,
 * the leaf is missing (the firmware does not check leaves that a hypervisor omits), SNP is not in
 * EAX[4], or the position makes no sense in a page-table entry.
 */
unsigned cpuid_page_c_bit(const struct cpuid_page *page);

#endif
