/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/hv.h"

#include <string.h>
#include <xxhash.h>

#include "emu/machine_internal.h"
#include "rmp/access.h"

static const struct rmp_caller host = {.asid = ASID_HV};

void machine_emit_rmp(struct machine *machine, enum rmp_insn insn, uint64_t spa, uint64_t gpa,
                      const struct rmp_outcome *outcome)
{
    struct rmp_raw before = rmp_raw_of(&outcome->before);
    struct rmp_raw after = rmp_raw_of(&outcome->after);
    struct event event = {.rmp = {
                              .spa = spa,
                              .gpa = gpa,
                              .before_lo = before.lo,
                              .before_hi = before.hi,
                              .after_lo = after.lo,
                              .after_hi = after.hi,
                              .rc = outcome->eax,
                              .insn = (uint8_t)insn,
                              .size = (uint8_t)outcome->size,
                              .outcome = (uint8_t)outcome->kind,
                              .target_vmpl = 0xff,
                          }};
    machine_emit(machine, EVENT_RMP, ACTOR_HV, &event);
}

enum rmp_rc hv_rmpupdate(struct machine *machine, uint64_t spa, const struct rmp_operand *operand)
{
    spa = page_base(spa);
    struct rmp_outcome outcome = rmp_update(&machine->rmp, &host, spa, operand);
    enum page_size size = operand->size ? PAGE_2M : PAGE_4K;
    outcome.size = size;
    machine_emit_rmp(machine, RMP_INSN_RMPUPDATE, spa, operand->gpa, &outcome);
    if (outcome.changed) {
        if (!outcome.after.validated || !outcome.before.validated)
            for (uint64_t offset = 0; offset < page_bytes(size); offset += PAGE_BYTES)
                cpu_page_rebound(&machine->env, spa + offset);
        cpu_flush_spa(&machine->env, spa, page_bytes(size));
        if (machine->env.tlb_mode == TLB_HW)
            cpu_flush_all(&machine->env);
    }
    return (enum rmp_rc)outcome.eax;
}

enum rmp_rc hv_psmash(struct machine *machine, uint64_t spa)
{
    struct rmp_outcome outcome = rmp_psmash(&machine->rmp, &host, spa);
    outcome.size = PAGE_2M;
    machine_emit_rmp(machine, RMP_INSN_PSMASH, spa, (uint64_t)outcome.before.gpn << PAGE_SHIFT,
                     &outcome);
    if (outcome.changed) {
        cpu_flush_spa(&machine->env, spa, PAGE_BYTES_2M);
        if (machine->env.tlb_mode == TLB_HW)
            cpu_flush_all(&machine->env);
    }
    return (enum rmp_rc)outcome.eax;
}

enum rmp_rc hv_rmpread(struct machine *machine, uint64_t spa, struct rmp_operand *out)
{
    return (enum rmp_rc)rmp_read(&machine->rmp, &host, spa, out).eax;
}

static void emit_npt(struct machine *machine, const struct npt_mapping *old, uint64_t gpa,
                     uint64_t spa, enum page_size size, uint8_t flags, bool present)
{
    struct event event = {.npt = {
                              .gpa = gpa,
                              .spa = spa,
                              .old_spa = old->present ? old->spa : 0,
                              .size = (uint8_t)size,
                              .flags = flags,
                              .old_flags = old->flags,
                              .old_present = old->present,
                              .present = present,
                          }};
    machine_emit(machine, EVENT_NPT, ACTOR_HV, &event);
}

static enum hv_status npt_result(enum npt_status status)
{
    switch (status) {
    case NPT_OK: return HV_OK;
    case NPT_FULL: return HV_FULL;
    default: return HV_BAD_ADDRESS;
    }
}

enum hv_status hv_npt_map(struct machine *machine, uint64_t gpa, uint64_t spa, enum page_size size,
                          uint8_t flags)
{
    if (!memory_holds(&machine->memory, spa, page_bytes(size)))
        return HV_BAD_ADDRESS;
    struct npt_mapping old = npt_lookup(&machine->npt, gpa);
    enum npt_status status = npt_map(&machine->npt, gpa, spa, size, flags);
    if (status == NPT_OK)
        emit_npt(machine, &old, gpa, spa, size, flags, true);
    return npt_result(status);
}

enum hv_status hv_npt_unmap(struct machine *machine, uint64_t gpa, enum page_size size)
{
    struct npt_mapping old = npt_lookup(&machine->npt, gpa);
    enum npt_status status = npt_unmap(&machine->npt, gpa, size);
    if (status == NPT_OK && old.present)
        emit_npt(machine, &old, gpa, 0, size, 0, false);
    return npt_result(status);
}

struct npt_mapping hv_npt_lookup(struct machine *machine, uint64_t gpa)
{
    return npt_lookup(&machine->npt, gpa);
}

void machine_hash16(uint8_t out[16], const void *bytes, size_t len)
{
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(bytes, len));
    memcpy(out, hash.digest, sizeof(hash.digest));
}

void machine_emit_access(struct machine *machine, struct event_hv_access access, const void *bytes)
{
    struct event event = {.hv_access = access};
    machine_hash16(event.hv_access.hash, bytes, access.length);
    machine_emit(machine, EVENT_HV_ACCESS, ACTOR_HV, &event);
}

void machine_dram_write(struct machine *machine, uint64_t spa, const void *in, size_t len)
{
    labels_host_write(&machine->memory, spa, len);
    memory_write(&machine->memory, spa, ASID_HV, in, len);
    for (uint64_t page = page_base(spa); page < spa + len; page += PAGE_BYTES)
        cpu_page_changed(&machine->env, page);
}

enum hv_status hv_read(struct machine *machine, uint64_t spa, void *out, size_t len)
{
    if (!memory_holds(&machine->memory, spa, len))
        return HV_BAD_ADDRESS;
    memory_peek(&machine->memory, spa, ASID_HV, out, len);
    machine_emit_access(machine, (struct event_hv_access){.spa = spa, .length = len}, out);
    return HV_OK;
}

enum hv_status hv_write(struct machine *machine, uint64_t spa, const void *in, size_t len)
{
    if (!memory_holds(&machine->memory, spa, len))
        return HV_BAD_ADDRESS;
    bool refused = !rmp_host_write_allowed(&machine->rmp, spa, len);
    machine_emit_access(
        machine,
        (struct event_hv_access){.spa = spa, .length = len, .write = 1, .refused = refused}, in);
    if (refused)
        return HV_RMP_FAULT;
    machine_dram_write(machine, spa, in, len);
    return HV_OK;
}

uint64_t hv_memory_bytes(const struct machine *machine)
{
    return machine->memory.bytes;
}

enum hv_status hv_page_alloc(struct machine *machine, enum page_size size, uint64_t *spa)
{
    uint64_t bytes = page_bytes(size);
    if (machine->hv_pool_high - machine->hv_pool_low < bytes)
        return HV_FULL;
    if (size == PAGE_2M) {
        uint64_t base = page_base_of(machine->hv_pool_high - bytes, PAGE_2M);
        if (base < machine->hv_pool_low)
            return HV_FULL;
        machine->hv_pool_high = *spa = base;
    } else {
        *spa = machine->hv_pool_low;
        machine->hv_pool_low += bytes;
    }
    return HV_OK;
}

enum hv_status hv_vmrun(struct machine *machine, uint32_t cpu, uint64_t vmsa_spa)
{
    if (cpu >= machine->cpus)
        return HV_BAD_ARGUMENT;
    struct processor *processor = &machine->processor[cpu];
    if (processor->state == PROCESSOR_GUEST)
        return HV_BUSY;
    if (vmsa_spa & PAGE_MASK || !memory_holds(&machine->memory, vmsa_spa, PAGE_BYTES))
        return HV_BAD_ADDRESS;
    struct vmsa_record *record = machine_vmsa(machine, vmsa_spa);
    struct vcpu *vcpu = vcpu_find(&machine->env, vmsa_spa);
    if (record == NULL)
        return HV_FULL;
    if (vcpu == NULL) {
        GError *error = NULL;
        vcpu = vcpu_new(&machine->env, vmsa_spa, &error);
        if (vcpu == NULL) {
            machine_end(machine, RUN_END_ENGINE, 0, error->message);
            g_error_free(error);
            return HV_FULL;
        }
    }
    switch (vcpu_enter(vcpu, &record->vmcb, &processor->clock, cpu)) {
    case VCPU_ENTERED:
        processor->state = PROCESSOR_GUEST;
        processor->vcpu = vcpu;
        processor->exit_pending = false;
        breakpoints_apply(machine, vcpu);
        secrets_scan_registers(machine, vcpu);
        return HV_OK;
    case VCPU_ENTER_BUSY: return HV_BUSY;
    default: return HV_INVALID;
    }
}

struct vmcb *hv_vmcb(struct machine *machine, uint64_t vmsa_spa)
{
    if (vmsa_spa & PAGE_MASK || !memory_holds(&machine->memory, vmsa_spa, PAGE_BYTES))
        return NULL;
    struct vmsa_record *record = machine_vmsa(machine, vmsa_spa);
    return record ? &record->vmcb : NULL;
}

enum hv_status hv_kick(struct machine *machine, uint32_t cpu)
{
    if (cpu >= machine->cpus || machine->processor[cpu].state != PROCESSOR_GUEST)
        return HV_BAD_ARGUMENT;
    struct vcpu_exit raw;
    vcpu_preempt(machine->processor[cpu].vcpu, &raw);
    processor_left(machine, cpu, &raw);
    return HV_OK;
}

enum hv_status hv_timer_set(struct machine *machine, uint32_t cpu, uint64_t time_cycles)
{
    if (cpu >= machine->cpus)
        return HV_BAD_ARGUMENT;
    machine->processor[cpu].timer_cycles = time_cycles;
    return HV_OK;
}

uint32_t hv_cpus(const struct machine *machine)
{
    return machine->cpus;
}

uint32_t hv_asid(const struct machine *machine)
{
    (void)machine;
    return MACHINE_ASID;
}

uint64_t hv_time(const struct machine *machine, uint32_t cpu)
{
    return cpu < machine->cpus ? machine->processor[cpu].clock.cycles : 0;
}

/* A page of the hypervisor's that the firmware is to write: in Firmware state meanwhile. */
static bool firmware_page_lend(struct machine *machine, uint64_t spa)
{
    const struct rmp_operand firmware = {.assigned = 1, .immutable = 1};
    if (hv_rmpupdate(machine, spa, &firmware) != RMP_RC_SUCCESS)
        return false;
    labels_host_write(&machine->memory, spa, PAGE_BYTES);
    return true;
}

static void firmware_page_return(struct machine *machine, const struct psp_bus *bus, uint64_t spa)
{
    const struct rmp_operand hypervisor = {0};
    psp_page_reclaim(&machine->psp, bus, spa, PAGE_4K);
    hv_rmpupdate(machine, spa, &hypervisor);
    cpu_page_changed(&machine->env, spa);
}

uint32_t hv_guest_request(struct machine *machine, uint64_t request_spa, uint64_t response_spa)
{
    const struct psp_bus bus = {.rmp = &machine->rmp, .memory = &machine->memory};
    uint8_t page[PAGE_BYTES];
    if (!memory_holds(&machine->memory, request_spa, PAGE_BYTES) ||
        !memory_holds(&machine->memory, response_spa, PAGE_BYTES))
        return PSP_INVALID_ADDRESS;
    memory_peek(&machine->memory, request_spa, ASID_HV, page, PAGE_BYTES);
    struct event event = {.psp = {.command = PSP_CMD_GUEST_REQUEST}};
    machine_hash16(event.psp.request_hash, page, PAGE_BYTES);

    if (!firmware_page_lend(machine, response_spa))
        return PSP_INVALID_PAGE_STATE;
    struct psp_guest_message message = {0};
    enum psp_status status = psp_guest_request(&machine->psp, &bus, MACHINE_GCTX_SPA, request_spa,
                                               response_spa, &message);
    firmware_page_return(machine, &bus, response_spa);
    if (machine->acting_cpu >= 0)
        machine->processor[machine->acting_cpu].clock.cycles += COST_PSP_SIGN_CYCLES;

    memory_peek(&machine->memory, response_spa, ASID_HV, page, PAGE_BYTES);
    machine_hash16(event.psp.response_hash, page, PAGE_BYTES);
    event.psp.status = status;
    event.psp.msg_type = message.msg_type;
    event.psp.vmpck = message.vmpck;
    event.psp.seqno = message.seqno;
    if (message.authentic)
        machine_hash16(event.psp.plaintext_hash, message.plaintext, message.plaintext_bytes);
    machine_emit(machine, EVENT_PSP, ACTOR_PSP, &event);
    secrets_update(machine);
    return status;
}

uint32_t hv_dbg_decrypt(struct machine *machine, uint64_t src_spa, uint64_t dst_spa)
{
    const struct psp_bus bus = {.rmp = &machine->rmp, .memory = &machine->memory};
    uint8_t page[PAGE_BYTES];
    if (!memory_holds(&machine->memory, dst_spa, PAGE_BYTES))
        return PSP_INVALID_ADDRESS;
    if (!firmware_page_lend(machine, dst_spa))
        return PSP_INVALID_PAGE_STATE;
    enum psp_status status =
        psp_dbg_decrypt(&machine->psp, &bus, MACHINE_GCTX_SPA, src_spa, dst_spa);
    firmware_page_return(machine, &bus, dst_spa);
    struct event event = {.psp = {.command = PSP_CMD_DBG_DECRYPT, .status = status}};
    machine_emit(machine, EVENT_PSP, ACTOR_PSP, &event);
    if (status != PSP_SUCCESS)
        return status;
    memory_peek(&machine->memory, dst_spa, ASID_HV, page, PAGE_BYTES);
    machine_emit_access(
        machine, (struct event_hv_access){.spa = src_spa, .length = PAGE_BYTES, .plain = 1}, page);
    return status;
}

void hv_stop(struct machine *machine, const char *text)
{
    machine_end(machine, RUN_END_STOPPED, 0, text);
}
