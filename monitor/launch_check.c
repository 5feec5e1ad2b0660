/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/launch_check.h"

static bool ranges_overlap(uint64_t a_gpa, uint64_t a_bytes, uint64_t b_gpa, uint64_t b_bytes)
{
    return a_gpa < b_gpa + b_bytes && b_gpa < a_gpa + a_bytes;
}

static enum launch_fault range_check(const struct launch_range *range, unsigned c_bit)
{
    if (range->reserved != 0) {
        return LAUNCH_BAD_RESERVED;
    }
    if ((range->gpa | range->bytes) % PAGE_BYTES != 0) {
        return LAUNCH_BAD_RANGE_ALIGNMENT;
    }
    if (range->bytes == 0) {
        return LAUNCH_BAD_RANGE_EMPTY;
    }
    if (range->gpa + range->bytes < range->gpa) {
        return LAUNCH_BAD_RANGE_WRAP;
    }
    if (range->gpa + range->bytes > UINT64_C(1) << c_bit) {
        return LAUNCH_BAD_RANGE_HIGH;
    }
    return LAUNCH_OK;
}

static enum launch_fault ranges_check(const struct launch_range *range, uint32_t count,
                                      unsigned c_bit)
{
    if (count > LAUNCH_RANGES_MAX) {
        return LAUNCH_BAD_RANGE_COUNT;
    }
    for (uint32_t i = 0; i < count; i++) {
        enum launch_fault fault = range_check(&range[i], c_bit);
        if (fault != LAUNCH_OK) {
            return fault;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (ranges_overlap(range[i].gpa, range[i].bytes, range[j].gpa, range[j].bytes)) {
                return LAUNCH_BAD_RANGE_OVERLAP;
            }
        }
    }
    return LAUNCH_OK;
}

bool launch_info_in_image(const struct launch_info *info, uint64_t gpa)
{
    for (uint32_t i = 0; i < info->range_count; i++) {
        if (gpa >= info->range[i].gpa && gpa - info->range[i].gpa < info->range[i].bytes) {
            return true;
        }
    }
    return false;
}

/* The ranges are good. Whether it is RAM only PARAMS can say: launch_block_check(). */
static bool block_is_possible(const struct launch_info *info)
{
    uint64_t gpa = info->guest_block_gpa;
    if (gpa % PAGE_BYTES != 0 || gpa > LAUNCH_BLOCK_LIMIT_BYTES - LAUNCH_BLOCK_BYTES ||
        ranges_overlap(gpa, LAUNCH_BLOCK_BYTES, info->monitor_gpa, info->monitor_bytes)) {
        return false;
    }
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct launch_range *range = &info->range[i];
        if (ranges_overlap(gpa, LAUNCH_BLOCK_BYTES, range->gpa, range->bytes)) {
            return false;
        }
    }
    return true;
}

/* The ranges are good. */
static enum launch_fault guest_start_check(const struct launch_info *info)
{
    if (info->guest_entry != 0 && !launch_info_in_image(info, info->guest_entry)) {
        return LAUNCH_BAD_ENTRY;
    }
    if (info->guest_block_gpa != 0 && !block_is_possible(info)) {
        return LAUNCH_BAD_BLOCK;
    }
    if (info->guest_boot_gpa != 0 && !launch_info_in_image(info, info->guest_boot_gpa)) {
        return LAUNCH_BAD_BOOT;
    }
    if ((info->guest_sev_features & SEV_FEATURE_SNP_ACTIVE) == 0 ||
        (info->guest_sev_features & ~(uint64_t)SEV_FEATURES_ACCEPTED) != 0) {
        return LAUNCH_BAD_FEATURES;
    }
    return LAUNCH_OK;
}

enum launch_fault launch_info_check(const struct launch_info *info, uint64_t monitor_gpa,
                                    uint64_t monitor_bytes, unsigned c_bit)
{
    if (info->magic != LAUNCH_INFO_MAGIC) {
        return LAUNCH_BAD_MAGIC;
    }
    if (info->version != LAUNCH_INFO_VERSION) {
        return LAUNCH_BAD_VERSION;
    }
    if (info->guest_vmpl < 1 || info->guest_vmpl >= VMPL_COUNT) {
        return LAUNCH_BAD_VMPL;
    }
    if (info->monitor_gpa != monitor_gpa || info->monitor_bytes != monitor_bytes) {
        return LAUNCH_BAD_MONITOR_RANGE;
    }
    enum launch_fault fault = ranges_check(info->range, info->range_count, c_bit);
    if (fault != LAUNCH_OK) {
        return fault;
    }
    for (uint32_t i = 0; i < info->range_count; i++) {
        if (ranges_overlap(info->range[i].gpa, info->range[i].bytes, monitor_gpa, monitor_bytes)) {
            return LAUNCH_BAD_RANGE_OVERLAP;
        }
        if (info->range[i].gpa + info->range[i].bytes > LAUNCH_MEMORY_LIMIT_BYTES) {
            return LAUNCH_BAD_RANGE_HIGH;
        }
    }
    return guest_start_check(info);
}

enum launch_fault launch_params_check(const struct launch_params *params, unsigned c_bit)
{
    if (params->magic != LAUNCH_PARAMS_MAGIC) {
        return LAUNCH_BAD_MAGIC;
    }
    if (params->version != LAUNCH_PARAMS_VERSION) {
        return LAUNCH_BAD_VERSION;
    }
    if (params->vcpu_count < 1 || params->vcpu_count > LAUNCH_CPUS_MAX) {
        return LAUNCH_BAD_CPU_COUNT;
    }
    for (uint32_t i = 0; i < params->vcpu_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (params->apic_id[i] == params->apic_id[j]) {
                return LAUNCH_BAD_APIC_ID;
            }
        }
    }
    return ranges_check(params->range, params->range_count, c_bit);
}

static bool is_ram(const struct launch_params *params, uint64_t gpa)
{
    for (uint32_t i = 0; i < params->range_count; i++) {
        const struct launch_range *range = &params->range[i];
        if (range->type == LAUNCH_RANGE_RAM && gpa >= range->gpa &&
            gpa - range->gpa < range->bytes) {
            return true;
        }
    }
    return false;
}

enum launch_fault launch_block_check(const struct launch_info *info,
                                     const struct launch_params *params)
{
    for (uint64_t i = 0; info->guest_block_gpa != 0 && i < LAUNCH_BLOCK_PAGES; i++) {
        if (!is_ram(params, info->guest_block_gpa + i * PAGE_BYTES)) {
            return LAUNCH_BAD_BLOCK;
        }
    }
    return LAUNCH_OK;
}

uint64_t launch_params_pages(const struct launch_params *params)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < params->range_count; i++) {
        uint64_t range_end = params->range[i].gpa + params->range[i].bytes;
        if (params->range[i].type == LAUNCH_RANGE_RAM && range_end > end) {
            end = range_end;
        }
    }
    if (end > LAUNCH_MEMORY_LIMIT_BYTES) {
        end = LAUNCH_MEMORY_LIMIT_BYTES;
    }
    return end / PAGE_BYTES;
}

enum {
    CPUID_LEAF_ENCRYPTION_EAX_SNP = 1 << 4,
    CPUID_C_BIT_MASK = 0x3f,
    C_BIT_LOWEST = 32,
    C_BIT_HIGHEST = 51, /* the highest address bit of a page-table entry */
};
#define CPUID_LEAF_ENCRYPTION UINT32_C(0x8000001f)

unsigned cpuid_page_c_bit(const struct cpuid_page *page)
{
    if (page->count > CPUID_PAGE_ENTRIES_MAX || page->reserved_04 != 0 || page->reserved_08 != 0) {
        return 0;
    }
    unsigned c_bit = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        const struct cpuid_page_entry *entry = &page->entry[i];
        if (entry->eax_in != CPUID_LEAF_ENCRYPTION) {
            continue;
        }
        unsigned position = entry->ebx & CPUID_C_BIT_MASK;
        bool usable = (entry->eax & CPUID_LEAF_ENCRYPTION_EAX_SNP) != 0 &&
                      position >= C_BIT_LOWEST && position <= C_BIT_HIGHEST;
        /* The leaf may stand there twice: then both must say the same. */
        if (!usable || (c_bit != 0 && c_bit != position)) {
            return 0;
        }
        c_bit = position;
    }
    return c_bit;
}
