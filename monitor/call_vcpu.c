/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that make and end vCPUs of the guest: CREATE_VCPU and DELETE_VCPU of the Core protocol
 * (58019 sections 6.3, 6.4), WakeUpAP of the monitor's own. A VMSA is only looked at once nobody
 * below VMPL 0 can write it any more, neither by permission nor by an old translation.
 */
#include "monitor/ap.h"
#include "monitor/call.h"
#include "monitor/defect.h"
#include "monitor/guest_memory.h"
#include "monitor/guest_vmsa.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/pvalidate.h"
#include "monitor/vcpu.h"

static enum svsm_result page_hold(struct cpu *cpu, uint64_t gpa, enum page_state wanted)
{
    struct monitor *monitor = cpu->monitor;
    if (call_range_check(gpa, 1, monitor->c_bit) != SVSM_SUCCESS) {
        return SVSM_INVALID_ADDRESS;
    }
    enum page_hold hold = page_states_hold(&monitor->pages, gpa >> PAGE_SHIFT, 1, wanted);
    if (hold == PAGE_HOLD_OK) {
        return SVSM_SUCCESS;
    }
    return hold == PAGE_HOLD_BUSY ? SVSM_BUSY : SVSM_INVALID_ADDRESS;
}

static void page_release(struct cpu *cpu, uint64_t gpa, enum page_state state)
{
    page_states_release(&cpu->monitor->pages, gpa >> PAGE_SHIFT, 1, state);
}

static void area_end(struct cpu *cpu, uint64_t gpa)
{
    page_states_area_end(&cpu->monitor->pages, gpa >> PAGE_SHIFT);
}

/* The calling area of a processor's vCPU stays with the processor when another vCPU comes there: so
 * Linux brings up again a processor that was offline. */
static enum svsm_result area_keep(struct cpu *cpu, struct cpu *target, uint64_t area_gpa)
{
    switch (vcpu_has_area(target, area_gpa)) {
    case VCPU_OK: break;
    case VCPU_BUSY: return SVSM_BUSY;
    case VCPU_TAKEN: return SVSM_INVALID_ADDRESS;
    }
    return page_hold(cpu, area_gpa, PAGE_CALLING_AREA);
}

/*
 * Two private pages of the guest, not the same: a VMSA or what it is made from, a calling area. If
 * there is a target, that of its vCPU too will do: then *kept is true.
 */
static enum svsm_result pages_hold(struct cpu *cpu, uint64_t vmsa_gpa, uint64_t area_gpa,
                                   struct cpu *target, bool *kept)
{
    *kept = false;
    if (vmsa_gpa == area_gpa) {
        return SVSM_INVALID_ADDRESS;
    }
    enum svsm_result result = page_hold(cpu, vmsa_gpa, PAGE_PRIVATE);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    result = page_hold(cpu, area_gpa, PAGE_PRIVATE);
    if (result == SVSM_INVALID_ADDRESS && target != NULL) {
        result = area_keep(cpu, target, area_gpa);
        *kept = result == SVSM_SUCCESS;
    }
    if (result != SVSM_SUCCESS) {
        page_release(cpu, vmsa_gpa, PAGE_PRIVATE);
    }
    return result;
}

/* Neither the page's contents nor whose area it is was changed. */
static void area_let_go(struct cpu *cpu, uint64_t area_gpa)
{
    page_states_let_go(&cpu->monitor->pages, area_gpa >> PAGE_SHIFT);
}

static void calling_area_clear(struct cpu *cpu, uint64_t gpa)
{
    struct address_space *space = &cpu->monitor->space;
    struct svsm_calling_area *area = window_map(space, cpu->index, WINDOW_COPY, gpa);
    __atomic_store_n(&area->call_pending, 0, __ATOMIC_SEQ_CST);
    window_unmap(space, cpu->index, WINDOW_COPY);
}

/* The processor itself the first time, afterwards its new vCPU. */
static void vcpu_let_run(struct cpu *cpu, struct cpu *target, bool first)
{
    if (first) {
        ap_start(cpu, target);
    } else {
        ap_wake(cpu, target);
    }
}

/* The page is held. True: it has become a VMSA page; else it is nobody's, to be given back. */
static bool page_convert(struct cpu *cpu, uint64_t gpa)
{
    struct monitor *monitor = cpu->monitor;
    guest_page_revoke(cpu, gpa);
    guest_translations_flush(cpu);
    struct vmsa *vmsa = window_map(&monitor->space, cpu->index, WINDOW_COPY, gpa);
    unsigned vmpl = monitor_defect == DEFECT_ANY_VMPL ? vmsa->vmpl : monitor->info.guest_vmpl;
    bool valid =
        (vmsa->efer & EFER_SVME) != 0 &&
        guest_vmsa_check(vmsa, vmpl, monitor->info.guest_sev_features);
    if (valid) {
        guest_vmsa_reset_exit(vmsa);
        guest_vmsa_seize(vmsa); /* until it is attached */
        page_make_vmsa_of(vmsa, monitor->info.guest_vmpl);
    }
    window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
    return valid;
}

/* A page that was to be a VMSA is the guest's again, as long as nobody else can work on it. */
static void page_give_back(struct cpu *cpu, uint64_t gpa)
{
    if (monitor_defect == DEFECT_ERROR_GRANT) {
        page_release(cpu, gpa, PAGE_PRIVATE);
        guest_page_grant(cpu, gpa);
        return;
    }
    guest_page_grant(cpu, gpa);
    page_release(cpu, gpa, PAGE_PRIVATE);
}

enum svsm_result call_create_vcpu(struct cpu *cpu, const struct call *call)
{
    uint64_t vmsa_gpa = call->rcx, area_gpa = call->rdx;
    struct cpu *target = ap_find(cpu->monitor, (uint32_t)call->r8);
    struct vcpu_change change;
    if (target == NULL || target == cpu) {
        return SVSM_INVALID_PARAMETER;
    }
    bool kept;
    enum svsm_result result = pages_hold(cpu, vmsa_gpa, area_gpa, target, &kept);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    if (!page_convert(cpu, vmsa_gpa)) {
        page_give_back(cpu, vmsa_gpa);
        area_let_go(cpu, area_gpa);
        return SVSM_INVALID_PARAMETER;
    }
    calling_area_clear(cpu, area_gpa);
    /* The vCPU may call as soon as it is attached, and name another area then. */
    if (kept) {
        area_let_go(cpu, area_gpa);
    } else {
        page_release(cpu, area_gpa, PAGE_CALLING_AREA);
    }
    if (vcpu_replace(cpu, target, vmsa_gpa, area_gpa, kept, &change) != VCPU_OK) {
        page_give_back(cpu, vmsa_gpa); /* it never could run */
        if (!kept) {
            area_end(cpu, area_gpa);
        }
        return SVSM_BUSY;
    }
    page_release(cpu, vmsa_gpa, PAGE_VMSA);
    if (change.old_area != 0) {
        area_end(cpu, change.old_area);
    }
    vcpu_let_run(cpu, target, change.first);
    return SVSM_SUCCESS;
}

enum svsm_result call_delete_vcpu(struct cpu *cpu, const struct call *call)
{
    uint64_t gpa = call->rcx, old_area;
    enum svsm_result result = page_hold(cpu, gpa, PAGE_VMSA);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    if (vcpu_detach(cpu, gpa, &old_area) != VCPU_OK) {
        page_release(cpu, gpa, PAGE_VMSA);
        return SVSM_IN_USE;
    }
    guest_page_grant(cpu, gpa);
    page_release(cpu, gpa, PAGE_PRIVATE);
    if (old_area != 0) {
        area_end(cpu, old_area);
    }
    return SVSM_SUCCESS;
}

/* The state is copied once and checked in the copy. A page that was a VMSA is none meanwhile. */
static bool state_copy(struct cpu *cpu, struct vmsa *vmsa, uint64_t from_gpa)
{
    const struct monitor *monitor = cpu->monitor;
    page_revoke(vmsa);
    const void *from = window_map(&cpu->monitor->space, cpu->index, WINDOW_COPY, from_gpa);
    memcpy(vmsa, from, sizeof *vmsa);
    window_unmap(&cpu->monitor->space, cpu->index, WINDOW_COPY);
    if (!guest_vmsa_check(vmsa, monitor->info.guest_vmpl, monitor->info.guest_sev_features)) {
        return false;
    }
    guest_vmsa_reset_exit(vmsa);
    guest_vmsa_seize(vmsa); /* until it is attached */
    page_make_vmsa(vmsa);
    return true;
}

enum svsm_result call_wake_up_ap(struct cpu *cpu, const struct call *call)
{
    uint64_t state_gpa = call->rdx, area_gpa = call->r8;
    struct cpu *target = ap_find(cpu->monitor, call->rcx);
    if (target == NULL) {
        return SVSM_INVALID_PARAMETER;
    }
    bool kept;
    enum svsm_result result = pages_hold(cpu, state_gpa, area_gpa, NULL, &kept);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    switch (vcpu_claim(target)) {
    case VCPU_OK: break;
    case VCPU_BUSY: result = SVSM_BUSY; break;
    case VCPU_TAKEN: result = SVSM_INVALID_REQUEST; break;
    }
    if (result == SVSM_SUCCESS && !state_copy(cpu, target->spare_vmsa, state_gpa)) {
        vcpu_unclaim(target);
        result = SVSM_INVALID_PARAMETER;
    }
    page_release(cpu, state_gpa, PAGE_PRIVATE);
    if (result != SVSM_SUCCESS) {
        page_release(cpu, area_gpa, PAGE_PRIVATE);
        return result;
    }
    calling_area_clear(cpu, area_gpa);
    page_release(cpu, area_gpa, PAGE_CALLING_AREA);
    bool first = vcpu_attach_claimed(cpu, target, (uint64_t)target->spare_vmsa, area_gpa);
    vcpu_let_run(cpu, target, first);
    return SVSM_SUCCESS;
}
