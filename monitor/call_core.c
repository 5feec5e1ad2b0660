/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SVSM Core protocol (58019 chapter 6): REMAP_CA, QUERY_PROTOCOL, CONFIGURE_VTOM. */
#include "monitor/call.h"
#include "monitor/monitor.h"

/* 58019 section 6.1. RCX = GPA of the new calling area. */
static enum svsm_result remap_ca(struct cpu *cpu, const struct call *call)
{
    struct monitor *monitor = cpu->monitor;
    if (call_range_check(call->rcx, 1, monitor->c_bit) != SVSM_SUCCESS) {
        return SVSM_INVALID_ADDRESS;
    }
    if (call->rcx == cpu->calling_area_gpa) {
        return SVSM_SUCCESS;
    }
    enum page_hold hold =
        page_states_hold(&monitor->pages, call->rcx >> PAGE_SHIFT, 1, PAGE_PRIVATE);
    if (hold != PAGE_HOLD_OK) {
        return hold == PAGE_HOLD_BUSY ? SVSM_BUSY : SVSM_INVALID_ADDRESS;
    }
    struct svsm_calling_area *area =
        window_map(&monitor->space, cpu->index, WINDOW_COPY, call->rcx);
    __atomic_store_n(&area->call_pending, 0, __ATOMIC_SEQ_CST);
    window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
    page_states_release(&monitor->pages, call->rcx >> PAGE_SHIFT, 1, PAGE_CALLING_AREA);
    page_states_area_end(&monitor->pages, cpu->calling_area_gpa >> PAGE_SHIFT);
    cpu->calling_area_gpa = call->rcx;
    return SVSM_SUCCESS;
}

/* 58019 section 6.7. RCX = protocol << 32 | version; out: lowest | highest << 32, or 0. */
static enum svsm_result query_protocol(struct call *call)
{
    uint32_t protocol = (uint32_t)(call->rcx >> 32);
    uint32_t version = (uint32_t)call->rcx;
    bool known = protocol == SVSM_PROTOCOL_CORE || protocol == SVSM_PROTOCOL_ATTESTATION ||
                 protocol == SVSM_PROTOCOL_VERISMO;
    call->rcx = known && version == SVSM_PROTOCOL_VERSION
                    ? (uint64_t)SVSM_PROTOCOL_VERSION << 32 | SVSM_PROTOCOL_VERSION
                    : 0;
    return SVSM_SUCCESS;
}

/* 58019 section 6.8. RCX bit 0: only asks. There is no vTOM here: features_check() in main.c
 * refuses to start with it. */
static enum svsm_result configure_vtom(struct call *call)
{
    if (call->rcx != 1) {
        return SVSM_UNSUPPORTED_CALL;
    }
    call->rcx = 0; /* not supported */
    return SVSM_SUCCESS;
}

enum svsm_result call_core(struct cpu *cpu, struct call *call)
{
    switch (call->number) {
    case SVSM_CORE_REMAP_CA: return remap_ca(cpu, call);
    case SVSM_CORE_PVALIDATE: return call_pvalidate(cpu, call);
    case SVSM_CORE_CREATE_VCPU: return call_create_vcpu(cpu, call);
    case SVSM_CORE_DELETE_VCPU: return call_delete_vcpu(cpu, call);
    case SVSM_CORE_QUERY_PROTOCOL: return query_protocol(call);
    case SVSM_CORE_CONFIGURE_VTOM: return configure_vtom(call);
    default: return SVSM_UNSUPPORTED_CALL;
    }
}
