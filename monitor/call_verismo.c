/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's own protocol (docs/monitor.md): the calls of VeriSMo, section 3.4 of the paper. */
#include "monitor/attest.h"
#include "monitor/call.h"
#include "monitor/defect.h"
#include "monitor/guest_memory.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/psc.h"
#include "monitor/services.h"

static enum svsm_result range_hold(struct cpu *cpu, const struct call *call, enum page_state wanted)
{
    struct monitor *monitor = cpu->monitor;
    enum svsm_result result = call_range_check(call->rcx, call->rdx, monitor->c_bit);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    return call_hold_result(
        page_states_hold(&monitor->pages, call->rcx >> PAGE_SHIFT, call->rdx, wanted));
}

/* RCX = GPA, RDX = pages. First nobody below VMPL 0 can reach the pages, then they lose their
 * validation, only then the hypervisor gets them. */
static enum svsm_result set_page_shared(struct cpu *cpu, struct call *call)
{
    enum svsm_result result = range_hold(cpu, call, PAGE_PRIVATE);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    for (uint64_t i = 0; i < call->rdx; i++) {
        guest_page_withdraw(cpu, call->rcx + i * PAGE_BYTES);
    }
    guest_translations_flush(cpu);
    psc_pages(cpu, call->rcx, call->rdx, PSC_SHARED);
    page_states_release(&cpu->monitor->pages, call->rcx >> PAGE_SHIFT, call->rdx, PAGE_SHARED);
    return SVSM_SUCCESS;
}

/* RCX = GPA, RDX = pages. What backs the pages afterwards is the hypervisor's choice, and may hold
 * the plaintext of any page of this machine that it took away elsewhere: so every byte is
 * overwritten through the new mapping before the guest can read one. */
static enum svsm_result set_page_private(struct cpu *cpu, struct call *call)
{
    enum svsm_result result = range_hold(cpu, call, PAGE_SHARED);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    psc_pages(cpu, call->rcx, call->rdx, PSC_PRIVATE);
    for (uint64_t i = 0; i < call->rdx; i++) {
        guest_page_accept(cpu, call->rcx + i * PAGE_BYTES, monitor_defect != DEFECT_NO_SCRUB);
    }
    page_states_release(&cpu->monitor->pages, call->rcx >> PAGE_SHIFT, call->rdx, PAGE_PRIVATE);
    return SVSM_SUCCESS;
}

/* 64 bytes at the start of the calling area's argument. */
static enum svsm_result extend_pcr(struct cpu *cpu, const struct call *call)
{
    uint8_t data[SVSM_PCR_BYTES];
    memcpy(data, call->area->argument, sizeof data);
    pcr_extend(&cpu->monitor->pcr, data);
    return SVSM_SUCCESS;
}

/* RCX = GPA of a guest buffer, RDX = its bytes; nonce in the calling area. Out: RCX = bytes of the
 * reports (report_abi.h), also when the buffer is too small. */
static enum svsm_result attest(struct cpu *cpu, struct call *call)
{
    uint8_t nonce[REPORT_NONCE_BYTES];
    struct report *report = services_scratch(cpu);
    uint64_t gpa = call->rcx;
    if (call->rdx < sizeof *report) {
        call->rcx = sizeof *report;
        return SVSM_INVALID_PARAMETER;
    }
    /* The buffer is looked at before the firmware is asked, and again when it is written. */
    enum svsm_result result = guest_buffer_check(cpu, gpa, sizeof *report);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    memcpy(nonce, call->area->argument, sizeof nonce);
    result = attest_report(cpu, nonce, report);
    if (result == SVSM_SUCCESS) {
        result = guest_copy_out(cpu, gpa, report, sizeof *report);
    }
    if (result == SVSM_SUCCESS) {
        call->rcx = sizeof *report;
    }
    return result;
}

enum svsm_result call_verismo(struct cpu *cpu, struct call *call)
{
    switch (call->number) {
    case SVSM_VERISMO_SWITCH: return SVSM_SUCCESS;
    case SVSM_VERISMO_SET_PAGE_PRIVATE: return set_page_private(cpu, call);
    case SVSM_VERISMO_SET_PAGE_SHARED: return set_page_shared(cpu, call);
    case SVSM_VERISMO_EXTEND_PCR: return extend_pcr(cpu, call);
    case SVSM_VERISMO_ATTEST: return attest(cpu, call);
    case SVSM_VERISMO_WAKE_UP_AP: return call_wake_up_ap(cpu, call);
    default: return SVSM_UNSUPPORTED_CALL;
    }
}
