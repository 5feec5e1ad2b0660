/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's own protocol (docs/monitor.md): the calls of VeriSMo, section 3.4 of the paper. */
#include "monitor/attest.h"
#include "monitor/call.h"
#include "monitor/defect.h"
#include "monitor/defect/guest.h"
#include "monitor/guest_memory.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/page_calls.h"
#include "monitor/services.h"

/* 64 bytes at the start of the calling area's argument. */
static enum svsm_result extend_pcr(struct cpu *cpu, const struct call *call)
{
    uint8_t data[SVSM_PCR_BYTES];
    memcpy(data, call->area->argument, sizeof data);
    if (monitor_defect == DEFECT_INT80_GATE) {
        __asm__ volatile("int $0x80" : : "D"(data) : "memory");
        return SVSM_SUCCESS;
    }
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
    case SVSM_VERISMO_SET_PAGE_PRIVATE: return page_call(cpu, call, PSC_PRIVATE);
    case SVSM_VERISMO_SET_PAGE_SHARED: return page_call(cpu, call, PSC_SHARED);
    case SVSM_VERISMO_EXTEND_PCR: return extend_pcr(cpu, call);
    case SVSM_VERISMO_LOCK_KERNEL: return lock_kernel_call(cpu, call);
    case SVSM_VERISMO_ATTEST: return attest(cpu, call);
    case SVSM_VERISMO_DERIVE_KEY: return call_derive_key(cpu, call);
    case SVSM_VERISMO_ENCRYPT: return call_encrypt(cpu, call);
    case SVSM_VERISMO_DECRYPT: return call_decrypt(cpu, call);
    case SVSM_VERISMO_WAKE_UP_AP: return call_wake_up_ap(cpu, call);
    default:
        return monitor_defect == DEFECT_GUEST_CODE && call->number == 3
                   ? defect_guest_code_run(cpu, call)
                   : SVSM_UNSUPPORTED_CALL;
    }
}
