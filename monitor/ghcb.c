/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/ghcb.h"

#include "monitor/ghcb_msr.h"
#include "monitor/hv.h"
#include "monitor/insn.h"
#include "monitor/monitor.h"
#include "monitor/snp.h"
#include "monitor/terminate.h"

uint64_t ghcb_msr_call(uint64_t request)
{
    insn_wrmsr(MSR_GHCB, request);
    insn_vmgexit();
    return insn_rdmsr(MSR_GHCB);
}

static uint64_t msr_answer(uint64_t request, unsigned info)
{
    uint64_t answer = ghcb_msr_call(request);
    if ((answer & GHCB_MSR_INFO_MASK) != info) {
        terminate_because(TERMINATE_GHCB_MSR, "foreign answer in the GHCB MSR", answer);
    }
    return answer;
}

/* SEV information, request 0x002: [63:48] highest version, [47:32] lowest. The C-bit position in
 * [31:24] is the hypervisor's word and is not looked at. */
static uint16_t protocol_negotiate(void)
{
    uint64_t answer = msr_answer(GHCB_MSR_SEV_INFO, GHCB_MSR_SEV_INFO_RESPONSE);
    uint16_t highest = (uint16_t)(answer >> 48);
    uint16_t lowest = (uint16_t)(answer >> 32);
    if (lowest > GHCB_PROTOCOL_VERSION || highest < GHCB_PROTOCOL_VERSION) {
        terminate_because(TERMINATE_GHCB_PROTOCOL, "no common GHCB version", answer);
    }
    return GHCB_PROTOCOL_VERSION;
}

static void features_check(const struct monitor *monitor)
{
    uint64_t wanted = GHCB_HV_SNP | GHCB_HV_AP_CREATION | GHCB_HV_MULTI_VMPL;
    if ((monitor->sev_features & SEV_FEATURE_RESTRICTED_INJECTION) != 0) {
        wanted |= GHCB_HV_RESTRICTED_INJECTION;
    }
    uint64_t features = msr_answer(GHCB_MSR_FEATURES, GHCB_MSR_FEATURES_RESPONSE) >> 12;
    if ((features & wanted) != wanted) {
        terminate_because(TERMINATE_GHCB_FEATURES, "hypervisor features lack something", features);
    }
}

void ghcb_negotiate(struct monitor *monitor)
{
    monitor->ghcb_version = protocol_negotiate();
    features_check(monitor);
}

void ghcb_make(struct monitor *monitor, struct cpu *cpu)
{
    cpu->ghcb = heap_shared_page(monitor);
    cpu->ghcb_gpa = (uint64_t)cpu->ghcb;
    cpu->ghcb_version = monitor->ghcb_version;
}

void ghcb_start(struct cpu *cpu)
{
    uint64_t answer = msr_answer(cpu->ghcb_gpa | GHCB_MSR_REGISTER, GHCB_MSR_REGISTER_RESPONSE);
    if ((answer & ~(uint64_t)GHCB_MSR_INFO_MASK) != cpu->ghcb_gpa) {
        terminate_because(TERMINATE_GHCB_REGISTER, "GHCB registration refused", answer);
    }
}

enum ghcb_status ghcb_call(struct cpu *cpu, uint64_t exit_code, uint64_t exit_info_1,
                           uint64_t exit_info_2, const struct ghcb_input *input, unsigned inputs,
                           struct ghcb_reply *reply)
{
    struct ghcb_request request;
    ghcb_request_begin(&request, cpu->ghcb, cpu->ghcb_version, exit_code, exit_info_1, exit_info_2);
    for (unsigned i = 0; i < inputs; i++) {
        ghcb_request_set(&request, input[i].field, input[i].value);
    }
    if (ghcb_msr_call(cpu->ghcb_gpa) != cpu->ghcb_gpa) {
        terminate_because(TERMINATE_GHCB_MSR, "the GHCB MSR changed during", exit_code);
    }
    ghcb_page_reply(cpu->ghcb, reply);
    return ghcb_reply_status(reply);
}

enum ghcb_run ghcb_run_vmpl(struct cpu *cpu, unsigned vmpl)
{
    struct ghcb_request request;
    ghcb_request_begin(&request, cpu->ghcb, cpu->ghcb_version, GHCB_EXIT_RUN_VMPL, vmpl, 0);
    /* Between this exit and the return the guest ran and used a GHCB of its own; where hypervisors
     * keep one GHCB MSR for both, the value is the guest's now. It is written anew at each exit. */
    if (!hv_exit(cpu, hv_pending_word(cpu), cpu->ghcb_gpa)) {
        return GHCB_RUN_EVENT;
    }
    struct ghcb_reply reply;
    ghcb_page_reply(cpu->ghcb, &reply);
    return ghcb_reply_status(&reply) == GHCB_OK ? GHCB_RUN_DONE : GHCB_RUN_REFUSED;
}
