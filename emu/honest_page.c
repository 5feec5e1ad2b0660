/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of the GHCB page, 56421 section 4.1. */

#include "emu/honest_internal.h"

/* SW_EXITINFO1 results, and the events that SW_EXITINFO2 may ask the guest to take. */
enum { RESULT_OK = 0, RESULT_EXCEPTION = 1, RESULT_ERROR = 2 };
#define EVENT_GP UINT64_C(0x80000b0d) /* valid, type exception, error code, vector 13 */

struct request {
    struct machine *machine;
    const struct hv_exit *exit;
    struct ghcb ghcb;
    uint64_t info1, info2; /* the answer */
};

#define GHCB_AT(field) offsetof(struct ghcb, field)

static void fail(struct request *request, enum ghcb_error error)
{
    request->info1 = RESULT_ERROR;
    request->info2 = error;
}

static bool needs(struct request *request, size_t offset)
{
    if (ghcb_valid(&request->ghcb, offset))
        return true;
    fail(request, GHCB_ERROR_MISSING_INPUT);
    return false;
}

static void give_rax(struct request *request, uint64_t value)
{
    request->ghcb.rax = value;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rax));
}

static void give_rdx(struct request *request, uint64_t value)
{
    request->ghcb.rdx = value;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rdx));
}

/*
 * IOIO, EXITINFO1:  31:16 port, 6/5/4 size 32/16/8 bits, 3 REP, 2 string, 0 IN (APM 2 15.10.2).
 * Only the 16550's ports exist; the rest floats high.
 */
static void ioio(struct request *request)
{
    uint64_t info = request->exit->nae_info1;
    uint16_t port = (uint16_t)(info >> 16);
    unsigned bytes = info >> 4 & 7;
    bool in = info & 1;
    if (info & 4) {
        fail(request, GHCB_ERROR_INVALID_INPUT); /* string I/O goes byte by byte in our guests */
        return;
    }
    if (!in && !needs(request, GHCB_AT(rax)))
        return;
    bool uart = port >= UART_PORT && port < UART_PORT + UART_PORTS;
    if (in) {
        uint32_t floating = bytes == 1 ? 0xff : bytes == 2 ? 0xffff : 0xffffffff;
        give_rax(request, uart && bytes == 1
                              ? uart_read(&request->machine->uart, (uint8_t)(port - UART_PORT))
                              : floating);
    } else if (uart && bytes == 1) {
        honest_console(request->machine, port, (uint8_t)request->ghcb.rax);
    }
}

static void cpuid(struct request *request)
{
    if (!needs(request, GHCB_AT(rax)) || !needs(request, GHCB_AT(rcx)))
        return;
    static const struct cpuid_entry none;
    const struct cpuid_entry *entry = cpuid_find(
        &request->machine->cpuid, (uint32_t)request->ghcb.rax, (uint32_t)request->ghcb.rcx);
    entry = entry ? entry : &none;
    give_rax(request, entry->eax);
    give_rdx(request, entry->edx);
    request->ghcb.rbx = entry->ebx;
    request->ghcb.rcx = entry->ecx;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rbx));
    ghcb_set_valid(&request->ghcb, GHCB_AT(rcx));
}

/* No MSR is emulated yet but the APIC base: others are #GP, as KVM answers unknown ones. */
static void msr(struct request *request)
{
    enum { MSR_APIC_BASE = 0x1b };
    if (!needs(request, GHCB_AT(rcx)))
        return;
    bool read = request->exit->nae_info1 == 0;
    if (read && request->ghcb.rcx == MSR_APIC_BASE) {
        give_rax(request, 0xfee00c00 | (request->exit->cpu == 0 ? 0x100 : 0));
        give_rdx(request, 0);
        return;
    }
    request->info1 = RESULT_EXCEPTION;
    request->info2 = EVENT_GP;
}

static void tsc(struct request *request)
{
    uint64_t now = hv_time(request->machine, request->exit->cpu);
    give_rax(request, (uint32_t)now);
    give_rdx(request, now >> 32);
    if (request->exit->nae == GHCB_NAE_RDTSCP) {
        request->ghcb.rcx = request->exit->cpu;
        ghcb_set_valid(&request->ghcb, GHCB_AT(rcx));
    }
}

/* The shared page behind a GPA that the guest names; UINT64_MAX if it is not shared RAM. */
static uint64_t shared_spa(struct machine *machine, uint64_t gpa)
{
    struct npt_mapping map = hv_npt_lookup(machine, gpa);
    if (gpa & PAGE_MASK || !map.present)
        return UINT64_MAX;
    uint64_t spa = map.spa + (gpa - map.gpa);
    return rmp_hypervisor_owned(&machine->rmp, spa, PAGE_4K) ? spa : UINT64_MAX;
}

/* The guest's pages are copied: the firmware gets pages that the guest cannot change under it. */
static void guest_request(struct request *request)
{
    struct machine *machine = request->machine;
    const struct honest *honest = &machine->honest;
    uint64_t from = shared_spa(machine, request->exit->nae_info1);
    uint64_t to = shared_spa(machine, request->exit->nae_info2);
    uint8_t page[PAGE_BYTES];
    if (from == UINT64_MAX || to == UINT64_MAX || from == to) {
        fail(request, GHCB_ERROR_INVALID_INPUT);
        return;
    }
    hv_read(machine, from, page, PAGE_BYTES);
    hv_write(machine, honest->bounce_request, page, PAGE_BYTES);
    uint32_t status = hv_guest_request(machine, honest->bounce_request, honest->bounce_response);
    request->info2 = status;
    if (status != PSP_SUCCESS)
        return;
    hv_read(machine, honest->bounce_response, page, PAGE_BYTES);
    hv_write(machine, to, page, PAGE_BYTES);
}

static void doorbell(struct request *request)
{
    enum { GET_PREFERRED = 0, SET = 1, QUERY = 2, CLEAR = 3 };
    struct machine *machine = request->machine;
    uint64_t *gpa = &machine->honest.cpu[request->exit->cpu].doorbell_gpa[request->exit->vmpl];
    switch (request->exit->nae_info1) {
    case GET_PREFERRED: request->info2 = UINT64_MAX; break;
    case SET:
        if (shared_spa(machine, request->exit->nae_info2) == UINT64_MAX) {
            fail(request, GHCB_ERROR_INVALID_INPUT);
            break;
        }
        *gpa = request->info2 = request->exit->nae_info2;
        break;
    case QUERY: request->info2 = *gpa == UINT64_MAX ? 0 : *gpa; break;
    case CLEAR: *gpa = UINT64_MAX; break;
    default: fail(request, GHCB_ERROR_INVALID_INPUT);
    }
}

static void apic_id_list(struct request *request)
{
    struct machine *machine = request->machine;
    uint64_t spa = shared_spa(machine, request->exit->nae_info1);
    if (!needs(request, GHCB_AT(rax)))
        return;
    if (request->ghcb.rax == 0 || spa == UINT64_MAX) {
        give_rax(request, 1); /* pages needed */
        return;
    }
    uint32_t list[1 + HONEST_CPUS_MAX] = {machine->cpus};
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        list[1 + cpu] = cpu;
    hv_write(machine, spa, list, sizeof(uint32_t) * (1 + machine->cpus));
}

static void dispatch(struct request *request)
{
    struct machine *machine = request->machine;
    const struct hv_exit *exit = request->exit;
    switch (exit->nae) {
    case GHCB_NAE_IOIO: ioio(request); break;
    case GHCB_NAE_CPUID: cpuid(request); break;
    case GHCB_NAE_MSR: msr(request); break;
    case GHCB_NAE_RDTSC:
    case GHCB_NAE_RDTSCP: tsc(request); break;
    case GHCB_NAE_WBINVD:
    case GHCB_NAE_NMI_COMPLETE: break;
    case GHCB_NAE_AP_RESET_HOLD:
        machine->honest.cpu[exit->cpu].runnable = false;
        request->info2 = 1;
        break;
    case GHCB_NAE_PSC: request->info2 = honest_psc_list(machine, &request->ghcb); break;
    case GHCB_NAE_GUEST_REQUEST: guest_request(request); break;
    case GHCB_NAE_AP_CREATION:
        if (!ghcb_valid(&request->ghcb, GHCB_AT(sw_exitinfo1)) ||
            !honest_ap_creation(machine, exit))
            fail(request, GHCB_ERROR_INVALID_INPUT);
        break;
    case GHCB_NAE_HV_DOORBELL: doorbell(request); break;
    case GHCB_NAE_APIC_ID_LIST: apic_id_list(request); break;
    case GHCB_NAE_RUN_VMPL:
        if (!honest_run_vmpl(machine, exit->cpu, exit->target_vmpl))
            fail(request, GHCB_ERROR_INVALID_INPUT);
        break;
    case GHCB_NAE_HV_FEATURES: request->info2 = HV_FEATURES; break;
    default: fail(request, GHCB_ERROR_INVALID_EVENT); break;
    }
}

void honest_page(struct machine *machine, const struct hv_exit *exit)
{
    struct request request = {.machine = machine, .exit = exit};
    if (hv_read(machine, exit->ghcb_spa, &request.ghcb, sizeof(request.ghcb)) != HV_OK)
        return;
    if (machine->honest.cpu[exit->cpu].ghcb_gpa[exit->vmpl] != exit->ghcb_gpa)
        fail(&request, GHCB_ERROR_NOT_REGISTERED);
    else if (request.ghcb.usage != 0)
        fail(&request, GHCB_ERROR_BAD_USAGE);
    else if (!ghcb_valid(&request.ghcb, GHCB_AT(sw_exitcode)) ||
             !ghcb_valid(&request.ghcb, GHCB_AT(sw_exitinfo1)) ||
             !ghcb_valid(&request.ghcb, GHCB_AT(sw_exitinfo2)))
        fail(&request, GHCB_ERROR_MISSING_INPUT);
    else
        dispatch(&request);
    request.ghcb.sw_exitinfo1 = request.info1;
    request.ghcb.sw_exitinfo2 = request.info2;
    ghcb_set_valid(&request.ghcb, GHCB_AT(sw_exitinfo1));
    ghcb_set_valid(&request.ghcb, GHCB_AT(sw_exitinfo2));
    hv_write(machine, exit->ghcb_spa, &request.ghcb, sizeof(request.ghcb));
    honest_answer_event(machine, exit, request.info1, request.info2);
}
