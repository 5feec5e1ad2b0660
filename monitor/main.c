/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start-up in order. Each step says why it stands where it stands: until the page tables are our
 * own nothing is W^X, until the GHCB is registered nothing can be printed, until a page is
 * validated it cannot be touched, until the image is measured nobody gets it.
 */
#include "monitor/ap.h"
#include "monitor/defect.h"
#include "monitor/ghcb.h"
#include "monitor/ghcb_msr.h"
#include "monitor/guest_launch.h"
#include "monitor/guest_memory.h"
#include "monitor/hv.h"
#include "monitor/insn.h"
#include "monitor/launch_check.h"
#include "monitor/layout.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/request.h"
#include "monitor/secrets.h"
#include "monitor/services.h"
#include "monitor/terminate.h"

static struct monitor the_monitor;

/* SEV_STATUS cannot be intercepted (APM 2 15.34.10): the one source about features to trust. */
static void features_check(struct monitor *monitor)
{
    uint64_t status = insn_rdmsr(MSR_SEV_STATUS);
    if ((status & SEV_STATUS_NEEDED) != SEV_STATUS_NEEDED) {
        terminate_because(TERMINATE_NOT_SNP, "not an SNP guest, SEV_STATUS", status);
    }
    if ((status & ~(uint64_t)SEV_STATUS_ACCEPTED) != 0) {
        terminate_because(TERMINATE_FEATURES, "features not handled, SEV_STATUS", status);
    }
    monitor->sev_features = status >> SEV_STATUS_FEATURES_SHIFT;
}

/* The CPUID page says where the C-bit is; the page tables we run on, which are measured, must have
 * it there and nowhere else. A wrong position would make private memory public. */
static void c_bit_find(struct monitor *monitor)
{
    const uint64_t address_bits = UINT64_C(0x000ffffffffff000);
    monitor->c_bit = cpuid_page_c_bit((const struct cpuid_page *)layout_launch_cpuid);
    if (monitor->c_bit == 0) {
        terminate_because(TERMINATE_CPUID_PAGE, "malformed CPUID page", 0);
    }
    uint64_t entry = *(const uint64_t *)layout_launch_page_tables & address_bits;
    uint64_t high_bits = entry & ~(UINT64_C(0xffffffff));
    if (high_bits != UINT64_C(1) << monitor->c_bit) {
        terminate_because(TERMINATE_C_BIT, "C-bit not as in the first page tables", entry);
    }
}

/* Where page tables get the C-bit. */
static unsigned table_c_bit(const struct monitor *monitor)
{
    if (monitor_defect == DEFECT_HV_CBIT) {
        return ghcb_msr_call(GHCB_MSR_SEV_INFO) >> 24 & 0x3f;
    }
    return monitor->c_bit;
}

static void launch_data_take(struct monitor *monitor, uint64_t info_gpa, uint64_t params_gpa)
{
    uint64_t start = (uint64_t)layout_memory_start;
    if (info_gpa != (uint64_t)layout_launch_info || params_gpa != (uint64_t)layout_launch_params) {
        terminate_because(TERMINATE_INFO, "launch data at a foreign address", info_gpa);
    }
    memcpy(&monitor->info, layout_launch_info, sizeof monitor->info);
    memcpy(&monitor->params, layout_launch_params, sizeof monitor->params);
    enum launch_fault fault = launch_info_check(
        &monitor->info, start, (uint64_t)layout_memory_end - start, monitor->c_bit);
    if (fault != LAUNCH_OK) {
        terminate_because(TERMINATE_INFO, "INFO refused, reason", fault);
    }
    fault = launch_params_check(&monitor->params, monitor->c_bit);
    if (fault == LAUNCH_OK) {
        fault = launch_block_check(&monitor->info, &monitor->params);
    }
    if (fault != LAUNCH_OK) {
        terminate_because(TERMINATE_PARAMS, "PARAMS refused, reason", fault);
    }
}

static void page_states_start(struct monitor *monitor)
{
    uint64_t pages = launch_params_pages(&monitor->params);
    uint64_t table_pages = (pages + PAGE_BYTES - 1) / PAGE_BYTES;
    if (pages == 0) {
        terminate_because(TERMINATE_PARAMS, "PARAMS names no RAM", 0);
    }
    page_states_init(&monitor->pages, heap_pages(monitor, table_pages), pages);
}

/* On the processor's own stack, with guarded stacks for exceptions. */
static void monitor_run(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    idt_load(monitor->idt, true);
    ghcb_negotiate(monitor);
    ghcb_make(monitor, cpu);
    ghcb_start(cpu);
    hv_doorbell_make(monitor, cpu);
    hv_start(cpu);
    console_start(&monitor->console, cpu);
    console_milestone(cpu, "C-bit %u, SEV_FEATURES 0x%lx, vCPUs %u, guest at VMPL %u",
                      monitor->c_bit, monitor->sev_features, monitor->params.vcpu_count,
                      monitor->info.guest_vmpl);

    ap_make_all(monitor, cpu);
    page_states_start(monitor);
    guest_memory_start(cpu);
    console_milestone(cpu, "memory up to 0x%lx validated", monitor->pages.count << PAGE_SHIFT);

    secrets_take();
    psp_channel_start(&monitor->psp, cpu);
    services_start(cpu);
    pcr_start(cpu);
    if (monitor->info.guest_entry == 0) {
        secrets_wipe();
        terminate_because(TERMINATE_NO_GUEST, "no guest image", 0);
    }
    guest_image_grant(cpu);
    guest_launch(cpu);
    console_milestone(cpu, "guest measured, starting at 0x%lx", monitor->info.guest_entry);
    request_loop(cpu);
}

_Noreturn void monitor_boot(uint64_t info_gpa, uint64_t params_gpa)
{
    struct monitor *monitor = &the_monitor;
    cpu_self()->monitor = monitor;
    idt_load(monitor->idt, false);
    features_check(monitor);
    c_bit_find(monitor);
    launch_data_take(monitor, info_gpa, params_gpa);
    address_space_init(&monitor->space, table_c_bit(monitor));
    heap_init(&monitor->heap);

    struct cpu *cpu = cpu_area_create(monitor, 0, monitor->params.apic_id[0]);
    monitor->cpu[0] = cpu;
    cpu_area_use(cpu);
    cpu_stack_enter(cpu, cpu->stack_top, monitor_run);
}
