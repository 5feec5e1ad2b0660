/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of the GHCB page, 56421 section 4.1. */

#include "emu/honest_page.h"

/* SW_EXITINFO1 results, and the events that SW_EXITINFO2 may ask the guest to take. */
enum { RESULT_OK = 0, RESULT_EXCEPTION = 1, RESULT_ERROR = 2 };
#define EVENT_GP UINT64_C(0x80000b0d) /* valid, type exception, error code, vector 13 */

void request_fail(struct honest_request *request, enum ghcb_error error)
{
    request->info1 = RESULT_ERROR;
    request->info2 = error;
}

bool request_needs(struct honest_request *request, size_t offset)
{
    if (ghcb_valid(&request->ghcb, offset))
        return true;
    request_fail(request, GHCB_ERROR_MISSING_INPUT);
    return false;
}

void request_give_rax(struct honest_request *request, uint64_t value)
{
    request->ghcb.rax = value;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rax));
}

void request_give_rbx(struct honest_request *request, uint64_t value)
{
    request->ghcb.rbx = value;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rbx));
}

static void give_rdx(struct honest_request *request, uint64_t value)
{
    request->ghcb.rdx = value;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rdx));
}

static void cpuid(struct honest_request *request)
{
    if (!request_needs(request, GHCB_AT(rax)) || !request_needs(request, GHCB_AT(rcx)))
        return;
    struct cpuid_entry entry;
    honest_cpuid(request->machine, request->exit->cpu, (uint32_t)request->ghcb.rax,
                 (uint32_t)request->ghcb.rcx, &entry);
    request_give_rax(request, entry.eax);
    request_give_rbx(request, entry.ebx);
    give_rdx(request, entry.edx);
    request->ghcb.rcx = entry.ecx;
    ghcb_set_valid(&request->ghcb, GHCB_AT(rcx));
}

enum msr_number {
    MSR_APIC_BASE = 0x1b,
    MSR_PATCH_LEVEL = 0x8b,
    MSR_SYSCFG = (int)0xc0010010,
    MSR_HWCR = (int)0xc0010015,
    MSR_NB_CFG = (int)0xc001001f,
    MSR_DE_CFG = (int)0xc0011029,
};

/* Configuration of a processor that has nothing to configure: 0, and writes are swallowed. */
static bool msr_ignored(uint64_t index)
{
    switch ((enum msr_number)(int)(uint32_t)index) {
    case MSR_PATCH_LEVEL:
    case MSR_SYSCFG:
    case MSR_HWCR:
    case MSR_NB_CFG:
    case MSR_DE_CFG: return true;
    default: return false;
    }
}

/* x2APIC mode, for good. */
static uint64_t apic_base(uint32_t cpu)
{
    enum { APIC_BASE_BSP = 1 << 8 };
    return 0xfee00c00 | (cpu == 0 ? APIC_BASE_BSP : 0);
}

static bool msr_read(struct honest_request *request, uint64_t index)
{
    uint64_t value = 0;
    if (index == MSR_APIC_BASE)
        value = apic_base(request->exit->cpu);
    else if (!msr_ignored(index) &&
             !honest_x2apic_read(request->machine, request->exit, index, &value))
        return false;
    request_give_rax(request, (uint32_t)value);
    give_rdx(request, value >> 32);
    return true;
}

static bool msr_write(struct honest_request *request, uint64_t index)
{
    uint64_t value = (uint32_t)request->ghcb.rax | request->ghcb.rdx << 32;
    if (index == MSR_APIC_BASE)
        return value == apic_base(request->exit->cpu);
    return msr_ignored(index) ||
           honest_x2apic_write(request->machine, request->exit, index, value);
}

/* The APIC and little else; others are #GP, as KVM answers unknown ones. */
static void msr(struct honest_request *request)
{
    bool write = request->exit->nae_info1 != 0;
    if (!request_needs(request, GHCB_AT(rcx)) ||
        (write && (!request_needs(request, GHCB_AT(rax)) || !request_needs(request, GHCB_AT(rdx)))))
        return;
    uint64_t index = request->ghcb.rcx;
    if (!(write ? msr_write(request, index) : msr_read(request, index))) {
        request->info1 = RESULT_EXCEPTION;
        request->info2 = EVENT_GP;
    }
}

static void tsc(struct honest_request *request)
{
    uint64_t now = hv_time(request->machine, request->exit->cpu);
    request_give_rax(request, (uint32_t)now);
    give_rdx(request, now >> 32);
    if (request->exit->nae == GHCB_NAE_RDTSCP) {
        request->ghcb.rcx = request->exit->cpu;
        ghcb_set_valid(&request->ghcb, GHCB_AT(rcx));
    }
}

static void doorbell(struct honest_request *request)
{
    enum { GET_PREFERRED = 0, SET = 1, QUERY = 2, CLEAR = 3 };
    struct machine *machine = request->machine;
    uint64_t *gpa = &machine->honest.cpu[request->exit->cpu].doorbell_gpa[request->exit->vmpl];
    switch (request->exit->nae_info1) {
    case GET_PREFERRED: request->info2 = UINT64_MAX; break;
    case SET:
        if (honest_shared_spa(machine, request->exit->nae_info2) == UINT64_MAX) {
            request_fail(request, GHCB_ERROR_INVALID_INPUT);
            break;
        }
        *gpa = request->info2 = request->exit->nae_info2;
        break;
    case QUERY: request->info2 = *gpa == UINT64_MAX ? 0 : *gpa; break;
    case CLEAR: *gpa = UINT64_MAX; break;
    default: request_fail(request, GHCB_ERROR_INVALID_INPUT);
    }
}

static void apic_id_list(struct honest_request *request)
{
    struct machine *machine = request->machine;
    uint64_t spa = honest_shared_spa(machine, request->exit->nae_info1);
    if (!request_needs(request, GHCB_AT(rax)))
        return;
    if (request->ghcb.rax == 0 || spa == UINT64_MAX) {
        request_give_rax(request, 1); /* pages needed */
        return;
    }
    uint32_t list[1 + HONEST_CPUS_MAX] = {machine->cpus};
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        list[1 + cpu] = cpu;
    hv_write(machine, spa, list, sizeof(uint32_t) * (1 + machine->cpus));
}

static void dispatch(struct honest_request *request)
{
    struct machine *machine = request->machine;
    const struct hv_exit *exit = request->exit;
    switch (exit->nae) {
    case GHCB_NAE_IOIO: request_ioio(request); break;
    case GHCB_NAE_MMIO_READ: request_mmio(request, false); break;
    case GHCB_NAE_MMIO_WRITE: request_mmio(request, true); break;
    case GHCB_NAE_CPUID: cpuid(request); break;
    case GHCB_NAE_MSR: msr(request); break;
    case GHCB_NAE_RDTSC:
    case GHCB_NAE_RDTSCP: tsc(request); break;
    case GHCB_NAE_WBINVD: break;
    case GHCB_NAE_NMI_COMPLETE:
        machine->honest.cpu[exit->cpu].events[exit->vmpl].nmi_masked = false;
        break;
    case GHCB_NAE_AP_RESET_HOLD: /* SW_EXITINFO2 is 0 until a startup comes */
        honest_halt(machine, exit, HONEST_HOLD_PAGE);
        break;
    case GHCB_NAE_PSC: request->info2 = honest_psc_list(machine, &request->ghcb); break;
    case GHCB_NAE_GUEST_REQUEST: request_firmware(request); break;
    case GHCB_NAE_EXT_GUEST_REQUEST: request_firmware_extended(request); break;
    case GHCB_NAE_AP_CREATION:
        if (!ghcb_valid(&request->ghcb, GHCB_AT(sw_exitinfo1)) ||
            !honest_ap_creation(machine, exit))
            request_fail(request, GHCB_ERROR_INVALID_INPUT);
        break;
    case GHCB_NAE_HV_DOORBELL: doorbell(request); break;
    case GHCB_NAE_HV_IPI:
        if (!honest_ipi(machine, exit->cpu, exit->vmpl, exit->nae_info1))
            request_fail(request, GHCB_ERROR_INVALID_INPUT);
        break;
    case GHCB_NAE_APIC_ID_LIST: apic_id_list(request); break;
    case GHCB_NAE_RUN_VMPL:
        if (!honest_run_vmpl(machine, exit->cpu, exit->target_vmpl))
            request_fail(request, GHCB_ERROR_INVALID_INPUT);
        break;
    case GHCB_NAE_HV_FEATURES: request->info2 = HV_FEATURES; break;
    default: request_fail(request, GHCB_ERROR_INVALID_EVENT); break;
    }
}

void honest_page(struct machine *machine, const struct hv_exit *exit)
{
    struct honest_request request = {.machine = machine, .exit = exit};
    if (hv_read(machine, exit->ghcb_spa, &request.ghcb, sizeof(request.ghcb)) != HV_OK)
        return;
    if (machine->honest.cpu[exit->cpu].ghcb_gpa[exit->vmpl] != exit->ghcb_gpa)
        request_fail(&request, GHCB_ERROR_NOT_REGISTERED);
    else if (request.ghcb.usage != 0)
        request_fail(&request, GHCB_ERROR_BAD_USAGE);
    else if (!ghcb_valid(&request.ghcb, GHCB_AT(sw_exitcode)) ||
             !ghcb_valid(&request.ghcb, GHCB_AT(sw_exitinfo1)) ||
             !ghcb_valid(&request.ghcb, GHCB_AT(sw_exitinfo2)))
        request_fail(&request, GHCB_ERROR_MISSING_INPUT);
    else
        dispatch(&request);
    request.ghcb.sw_exitinfo1 = request.info1;
    request.ghcb.sw_exitinfo2 = request.info2;
    ghcb_set_valid(&request.ghcb, GHCB_AT(sw_exitinfo1));
    ghcb_set_valid(&request.ghcb, GHCB_AT(sw_exitinfo2));
    hv_write(machine, exit->ghcb_spa, &request.ghcb, sizeof(request.ghcb));
    honest_answer_event(machine, exit, request.info1, request.info2);
}
