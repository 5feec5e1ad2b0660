/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/exit.h"

#include <string.h>

#include "emu/ghcb.h"
#include "emu/honest_internal.h"
#include "emu/machine_internal.h"

#define GHCB_MSR_INFO UINT64_C(0xfff)

static void ghcb_copy(struct hv_exit *exit, const struct ghcb *ghcb)
{
    exit->nae = ghcb->sw_exitcode;
    exit->nae_info1 = ghcb->sw_exitinfo1;
    exit->nae_info2 = ghcb->sw_exitinfo2;
    exit->nae_scratch = ghcb->sw_scratch;
    exit->nae_rax = ghcb->rax;
    exit->nae_rbx = ghcb->rbx;
    exit->nae_rcx = ghcb->rcx;
    exit->nae_rdx = ghcb->rdx;
    memcpy(exit->valid_bitmap, ghcb->valid_bitmap, sizeof(exit->valid_bitmap));
}

static enum hv_exit_kind nae_kind(uint64_t nae)
{
    switch (nae) {
    case GHCB_NAE_IOIO: return HV_EXIT_IOIO;
    case GHCB_NAE_PSC: return HV_EXIT_PAGE_STATE_CHANGE;
    case GHCB_NAE_GUEST_REQUEST:
    case GHCB_NAE_EXT_GUEST_REQUEST: return HV_EXIT_GUEST_REQUEST;
    case GHCB_NAE_AP_CREATION: return HV_EXIT_AP_CREATION;
    case GHCB_NAE_RUN_VMPL: return HV_EXIT_RUN_VMPL;
    case GHCB_NAE_TERMINATE: return HV_EXIT_TERMINATE;
    default: return HV_EXIT_NAE;
    }
}

static void psc_entry_decode(struct hv_exit *exit, uint64_t entry)
{
    exit->psc_size = entry >> 56 & 1 ? PAGE_2M : PAGE_4K;
    exit->psc_op = entry >> 52 & 0xf;
    exit->psc_gpa = entry & UINT64_C(0x000ffffffffff000);
}

static void page_protocol_decode(struct machine *machine, struct hv_exit *exit)
{
    struct ghcb ghcb;
    exit->page_protocol = true;
    exit->ghcb_gpa = exit->ghcb_msr;
    struct npt_mapping map = npt_lookup(&machine->npt, exit->ghcb_gpa);
    exit->ghcb_spa = map.present ? map.spa + (exit->ghcb_gpa - map.gpa) : UINT64_MAX;
    if (!map.present || !rmp_hypervisor_owned(&machine->rmp, exit->ghcb_spa, PAGE_4K) ||
        !memory_holds(&machine->memory, exit->ghcb_spa, PAGE_BYTES)) {
        exit->kind = HV_EXIT_BAD_GHCB;
        return;
    }
    memory_peek(&machine->memory, exit->ghcb_spa, ASID_HV, &ghcb, sizeof(ghcb));
    ghcb_copy(exit, &ghcb);
    exit->kind = nae_kind(exit->nae);
    if (exit->kind == HV_EXIT_RUN_VMPL)
        exit->target_vmpl = exit->nae_info1 & 0xff;
    if (exit->kind == HV_EXIT_TERMINATE) {
        exit->reason_set = exit->nae_info1 & 0xf;
        exit->reason_code = exit->nae_info1 >> 4 & 0xff;
    }
    if (exit->kind == HV_EXIT_PAGE_STATE_CHANGE) {
        struct psc_list list;
        memcpy(&list, ghcb.shared, sizeof(list));
        if (list.cur_entry < PSC_ENTRIES_MAX && list.end_entry < PSC_ENTRIES_MAX &&
            list.cur_entry <= list.end_entry) {
            exit->psc_count = (uint32_t)(list.end_entry - list.cur_entry) + 1;
            psc_entry_decode(exit, list.entry[list.cur_entry]);
        }
    }
}

static void msr_protocol_decode(struct hv_exit *exit)
{
    uint64_t msr = exit->ghcb_msr;
    switch (msr & GHCB_MSR_INFO) {
    case GHCB_MSR_PSC_REQ:
        exit->kind = HV_EXIT_PAGE_STATE_CHANGE;
        exit->psc_op = msr >> 52 & 0xf;
        exit->psc_gpa = msr & UINT64_C(0x000ffffffffff000);
        exit->psc_size = PAGE_4K;
        exit->psc_count = 1;
        break;
    case GHCB_MSR_RUN_VMPL_REQ:
        exit->kind = HV_EXIT_RUN_VMPL;
        exit->target_vmpl = msr >> 32 & 0xff;
        break;
    case GHCB_MSR_TERMINATE:
        exit->kind = HV_EXIT_TERMINATE;
        exit->reason_set = msr >> 12 & 0xf;
        exit->reason_code = msr >> 16 & 0xff;
        break;
    default: exit->kind = HV_EXIT_MSR_PROTOCOL; break;
    }
}

static void emit_request(struct machine *machine, const struct hv_exit *exit)
{
    struct event event = {
        .vmgexit = {
            .code = exit->page_protocol ? exit->nae : exit->ghcb_msr & GHCB_MSR_INFO,
            .info1 = exit->nae_info1,
            .info2 = exit->nae_info2,
            .rax = exit->nae_rax,
            .rcx = exit->nae_rcx,
            .ghcb = exit->ghcb_msr,
            .protocol = exit->page_protocol ? VMGEXIT_PAGE : VMGEXIT_MSR,
        }};
    event.rip =
        machine->processor[exit->cpu].vcpu ? vcpu_rip(machine->processor[exit->cpu].vcpu) : 0;
    machine_emit(machine, EVENT_VMGEXIT, (enum actor)(ACTOR_E0 + exit->vmpl), &event);
}

/*
 * What the guest hands over for the firmware, before the hypervisor can drop, replay or change it.
 * The plaintext is an observer's: its hash is that of the event which the firmware's answer gives.
 */
static void emit_message(struct machine *machine, const struct hv_exit *exit)
{
    const struct psp_gctx *gctx = psp_gctx_find(&machine->psp, MACHINE_GCTX_SPA);
    const uint64_t spa = honest_shared_spa(machine, exit->nae_info1);
    struct event event = {
        .psp = {.command = PSP_CMD_GUEST_REQUEST, .status = PSP_INVALID_ADDRESS, .phase = 1}};
    if (gctx != NULL && spa != UINT64_MAX && memory_holds(&machine->memory, spa, PAGE_BYTES)) {
        struct psp_guest_message message;
        uint8_t page[PAGE_BYTES];
        memory_peek(&machine->memory, spa, ASID_HV, page, PAGE_BYTES);
        event.psp.status = psp_message_open(gctx, page, &message);
        event.psp.msg_type = message.msg_type;
        event.psp.vmpck = message.vmpck;
        event.psp.seqno = message.seqno;
        machine_hash16(event.psp.request_hash, page, PAGE_BYTES);
        if (message.authentic)
            machine_hash16(event.psp.plaintext_hash, message.plaintext, message.plaintext_bytes);
    }
    machine_emit(machine, EVENT_PSP, (enum actor)(ACTOR_E0 + exit->vmpl), &event);
}

/* The VMPL that the hypervisor has in its books for a VMSA; the launch's is 0. */
static uint8_t vmsa_vmpl(const struct machine *machine, uint32_t cpu, uint64_t spa)
{
    for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
        if (machine->honest.cpu[cpu].vmsa[vmpl] == spa)
            return vmpl;
    return 0;
}

void exit_decode(struct machine *machine, uint32_t cpu, const struct vcpu_exit *raw,
                 struct hv_exit *out)
{
    uint64_t spa = vcpu_vmsa_spa(machine->processor[cpu].vcpu);
    *out = (struct hv_exit){
        .cpu = cpu,
        .vmpl = vmsa_vmpl(machine, cpu, spa),
        .vmsa_spa = spa,
        .code = raw->code,
        .info1 = raw->info1,
        .info2 = raw->info2,
        .ghcb_msr = machine_vmsa(machine, spa)->vmcb.ghcb_msr,
    };
    switch (raw->code) {
    case SVM_EXIT_INTR: out->kind = HV_EXIT_INTR; return;
    case SVM_EXIT_HLT: out->kind = HV_EXIT_HLT; return;
    case SVM_EXIT_SHUTDOWN: out->kind = HV_EXIT_SHUTDOWN; return;
    case SVM_EXIT_NPF: out->kind = HV_EXIT_NPF; return;
    case SVM_EXIT_VMGEXIT: break;
    default: out->kind = raw->code == SVM_EXIT_INVALID ? HV_EXIT_INVALID : HV_EXIT_OTHER; return;
    }
    if ((out->ghcb_msr & GHCB_MSR_INFO) == 0)
        page_protocol_decode(machine, out);
    else
        msr_protocol_decode(out);
    secrets_scan_value(machine, out->ghcb_msr, SECRET_IN_MSR, ACTOR_HV);
    if (out->page_protocol && out->kind != HV_EXIT_BAD_GHCB)
        secrets_scan_page(machine, out->ghcb_spa, ASID_HV, out->ghcb_gpa, SECRET_IN_GHCB, ACTOR_HV);
    emit_request(machine, out);
    if (out->kind == HV_EXIT_GUEST_REQUEST)
        emit_message(machine, out);
}

const char *hv_exit_kind_name(enum hv_exit_kind kind)
{
    static const char *const names[] = {
        [HV_EXIT_INTR] = "intr",
        [HV_EXIT_HLT] = "hlt",
        [HV_EXIT_SHUTDOWN] = "shutdown",
        [HV_EXIT_NPF] = "npf",
        [HV_EXIT_INVALID] = "invalid",
        [HV_EXIT_MSR_PROTOCOL] = "msr_protocol",
        [HV_EXIT_PAGE_STATE_CHANGE] = "page_state_change",
        [HV_EXIT_RUN_VMPL] = "run_vmpl",
        [HV_EXIT_TERMINATE] = "terminate",
        [HV_EXIT_IOIO] = "ioio",
        [HV_EXIT_GUEST_REQUEST] = "guest_request",
        [HV_EXIT_AP_CREATION] = "ap_creation",
        [HV_EXIT_NAE] = "nae",
        [HV_EXIT_BAD_GHCB] = "bad_ghcb",
        [HV_EXIT_OTHER] = "other",
    };
    return (size_t)kind < G_N_ELEMENTS(names) ? names[kind] : "unknown";
}
