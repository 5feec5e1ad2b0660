/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CREATE_VCPU and DELETE_VCPU (58019 sections 6.3, 6.4), and WakeUpAP beside them: what makes a
 * vCPU, what must be refused without having changed anything, and that a deleted or replaced vCPU
 * runs no instruction any more. Needs two vCPUs.
 */
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { OTHER = 1, WAIT_PAUSES = 10000000, SETTLE_PAUSES = 20000 };

/* What a vCPU that is made here does; its number is where its stack would begin (RDI). */
enum job { JOB_CALLS = 1, JOB_SPINS, JOB_SPINS_TOO, JOB_DELETES_ITSELF };

static uint8_t vmsa_page[2][4096] __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area area[2] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t stack[8][4096] __attribute__((aligned(4096), section(".bss.page")));
static volatile uint64_t count[8];
static volatile uint32_t code[8];

static uint32_t call(struct svsm_calling_area *through, uint32_t number, uint64_t rcx)
{
    struct guest vcpu = {.area = through};
    struct guest_call regs = {.rcx = rcx};
    uint32_t protocol = number == 0 ? SVSM_PROTOCOL_VERISMO : SVSM_PROTOCOL_CORE;
    return guest_call(&vcpu, protocol, number, &regs) ? (uint32_t)regs.rax : UINT32_MAX;
}

static _Noreturn void job_run(uint64_t job)
{
    switch ((enum job)job) {
    case JOB_CALLS: code[job] = call(&area[0], SVSM_VERISMO_SWITCH, 0); break;
    case JOB_DELETES_ITSELF:
        code[job] = call(&area[0], SVSM_CORE_DELETE_VCPU, (uint64_t)vmsa_page[0]);
        break;
    case JOB_SPINS:
    case JOB_SPINS_TOO:
        for (;;) {
            count[job]++;
        }
    }
    count[job]++;
    for (;;) {
        insn_hlt();
    }
}

/* A VMSA in a page of the guest: the state of team_state_make(), another entry. */
static struct vmsa *vmsa_make(struct checks *checks, unsigned page, enum job job)
{
    struct vmsa *vmsa = (struct vmsa *)vmsa_page[page];
    memcpy(vmsa, team_state_make(checks->guest, OTHER), sizeof *vmsa);
    vmsa->rip = (uint64_t)job_run;
    vmsa->rdi = (uint64_t)job;
    vmsa->rsp = (uint64_t)stack[job] + sizeof stack[job] - sizeof(uint64_t);
    vmsa->efer |= EFER_SVME;
    count[job] = 0;
    return vmsa;
}

static uint32_t create(struct checks *checks, uint64_t vmsa_gpa, uint64_t area_gpa,
                       uint64_t apic_id)
{
    struct guest_call regs = {.rcx = vmsa_gpa, .rdx = area_gpa, .r8 = apic_id};
    return guest_call_must(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
}

static uint32_t create_on_other(struct checks *checks, unsigned page)
{
    return create(checks, (uint64_t)vmsa_page[page], (uint64_t)&area[page],
                  checks->guest->boot->apic_id[OTHER]);
}

static uint32_t core(struct checks *checks, uint32_t number, uint64_t rcx)
{
    struct guest_call regs = {.rcx = rcx};
    return guest_call_must(checks->guest, SVSM_PROTOCOL_CORE, number, &regs);
}

static uint32_t delete (struct checks *checks, const void *page)
{
    return core(checks, SVSM_CORE_DELETE_VCPU, (uint64_t)page);
}

static bool counts(enum job job)
{
    uint64_t before = count[job];
    for (unsigned i = 0; i < WAIT_PAUSES && count[job] == before; i++) {
        insn_pause();
    }
    return count[job] != before;
}

static bool is_done(enum job job)
{
    return count[job] != 0 || counts(job);
}

static bool rests(enum job job)
{
    uint64_t before = count[job];
    for (unsigned i = 0; i < SETTLE_PAUSES; i++) {
        insn_pause();
    }
    return count[job] == before;
}

static void refused(struct checks *checks)
{
    const struct guest_boot *boot = checks->guest->boot;
    const uint64_t vmsa = (uint64_t)vmsa_page[0], calls = (uint64_t)&area[0];
    const uint64_t other = boot->apic_id[OTHER];
    const struct {
        const char *what;
        uint64_t vmsa, area, apic_id;
        uint32_t code;
    } cases[] = {
        {"CREATE_VCPU, APIC ID of none", vmsa, calls, 0x7fffffff, (uint32_t)SVSM_INVALID_PARAMETER},
        {"CREATE_VCPU, the caller's", vmsa, calls, boot->apic_id[0],
         (uint32_t)SVSM_INVALID_PARAMETER},
        {"CREATE_VCPU, one page for both", vmsa, vmsa, other, (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, VMSA not aligned", vmsa + 8, calls, other, (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, area not aligned", vmsa, calls + 8, other, (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, C-bit", vmsa | UINT64_C(1) << boot->c_bit, calls, other,
         (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, VMSA in the monitor", boot->monitor_gpa, calls, other,
         (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, area in the monitor", vmsa, boot->monitor_gpa, other,
         (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, the caller's area", vmsa, boot->calling_area_gpa, other,
         (uint32_t)SVSM_INVALID_ADDRESS},
        {"CREATE_VCPU, VMSA in an area", boot->calling_area_gpa, calls, other,
         (uint32_t)SVSM_INVALID_ADDRESS},
    };
    vmsa_make(checks, 0, JOB_CALLS);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_equal(checks, cases[i].what,
                    create(checks, cases[i].vmsa, cases[i].area, cases[i].apic_id), cases[i].code);
    }
    check_equal(checks, "DELETE_VCPU of a page that is none", delete (checks, vmsa_page[0]),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "DELETE_VCPU in the monitor", delete (checks, (void *)boot->monitor_gpa),
                (uint32_t)SVSM_INVALID_ADDRESS);
}

/* The contents of a VMSA that must not become one. The page is the guest's again afterwards. */
static void refused_contents(struct checks *checks)
{
    const uint32_t wrong = (uint32_t)SVSM_INVALID_PARAMETER;
    vmsa_make(checks, 0, JOB_CALLS)->vmpl = 0;
    check_equal(checks, "CREATE_VCPU at VMPL 0", create_on_other(checks, 0), wrong);
    vmsa_make(checks, 0, JOB_CALLS)->vmpl = (uint8_t)(checks->guest->boot->vmpl - 1);
    check_equal(checks, "CREATE_VCPU at a higher VMPL", create_on_other(checks, 0), wrong);
    vmsa_make(checks, 0, JOB_CALLS)->efer &= ~EFER_SVME;
    check_equal(checks, "CREATE_VCPU without EFER.SVME", create_on_other(checks, 0), wrong);
    vmsa_make(checks, 0, JOB_CALLS)->sev_features ^= 1 << 3;
    check_equal(checks, "CREATE_VCPU with other SEV_FEATURES", create_on_other(checks, 0), wrong);
    vmsa_make(checks, 0, JOB_CALLS)->cr4 = 0;
    check_equal(checks, "CREATE_VCPU with a state that cannot run", create_on_other(checks, 0),
                wrong);
    vmsa_make(checks, 0, JOB_CALLS)->vintr_ctrl = UINT64_C(1) << 63;
    check_equal(checks, "CREATE_VCPU that is busy", create_on_other(checks, 0), wrong);
    memset(vmsa_page[0], 0x5a, sizeof vmsa_page[0]);
    check_equal(checks, "CREATE_VCPU of garbage", create_on_other(checks, 0), wrong);
    check_equal(checks, "the page is the guest's again", vmsa_page[0][4095], 0x5a);
}

static void lives(struct checks *checks)
{
    vmsa_make(checks, 0, JOB_CALLS);
    code[JOB_CALLS] = UINT32_MAX;
    check_equal(checks, "CREATE_VCPU", create_on_other(checks, 0), SVSM_SUCCESS);
    check_true(checks, "it runs", is_done(JOB_CALLS));
    check_equal(checks, "its calls are served", code[JOB_CALLS], SVSM_SUCCESS);
    check_equal(
        checks, "SetPageShared of its VMSA",
        guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_SHARED, (uint64_t)vmsa_page[0], 1),
        (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(
        checks, "SetPagePrivate of its VMSA",
        guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_PRIVATE, (uint64_t)vmsa_page[0], 1),
        (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "SetPageShared of its calling area",
                guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_SHARED, (uint64_t)&area[0], 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "REMAP_CA to its VMSA",
                core(checks, SVSM_CORE_REMAP_CA, (uint64_t)vmsa_page[0]),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "CREATE_VCPU with its VMSA once more", create_on_other(checks, 0),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "DELETE_VCPU", delete (checks, vmsa_page[0]), SVSM_SUCCESS);
    memset(vmsa_page[0], 0, sizeof vmsa_page[0]);
    check_equal(checks, "the page is the guest's", vmsa_page[0][0x3c0], 0);
    check_equal(checks, "DELETE_VCPU again", delete (checks, vmsa_page[0]),
                (uint32_t)SVSM_INVALID_ADDRESS);
}

static void ends(struct checks *checks)
{
    vmsa_make(checks, 0, JOB_SPINS);
    check_equal(checks, "CREATE_VCPU of one that spins", create_on_other(checks, 0), SVSM_SUCCESS);
    check_true(checks, "it spins", counts(JOB_SPINS));
    vmsa_make(checks, 1, JOB_SPINS_TOO);
    check_equal(checks, "CREATE_VCPU that replaces it", create_on_other(checks, 1), SVSM_SUCCESS);
    check_true(checks, "the new one spins", counts(JOB_SPINS_TOO));
    check_true(checks, "the old one does not", rests(JOB_SPINS));
    check_equal(checks, "its area is an ordinary page",
                guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_PRIVATE, (uint64_t)&area[0], 1),
                (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "DELETE_VCPU of the old one", delete (checks, vmsa_page[0]), SVSM_SUCCESS);
    check_true(checks, "the new one still spins", counts(JOB_SPINS_TOO));
    check_equal(checks, "DELETE_VCPU while it runs", delete (checks, vmsa_page[1]), SVSM_SUCCESS);
    check_true(checks, "it runs no more", rests(JOB_SPINS_TOO));

    vmsa_make(checks, 0, JOB_DELETES_ITSELF);
    check_equal(checks, "CREATE_VCPU after DELETE_VCPU", create_on_other(checks, 0), SVSM_SUCCESS);
    check_true(checks, "it runs", is_done(JOB_DELETES_ITSELF));
    check_equal(checks, "it cannot delete itself", code[JOB_DELETES_ITSELF], (uint32_t)SVSM_IN_USE);
    check_equal(checks, "DELETE_VCPU by another", delete (checks, vmsa_page[0]), SVSM_SUCCESS);
}

/* A processor that was offline and comes back: another VMSA, the calling area of before. */
static void comes_back(struct checks *checks)
{
    const uint64_t other = checks->guest->boot->apic_id[OTHER];
    const uint64_t calls = (uint64_t)&area[0];
    vmsa_make(checks, 0, JOB_SPINS);
    check_equal(checks, "CREATE_VCPU", create_on_other(checks, 0), SVSM_SUCCESS);
    check_true(checks, "it spins", counts(JOB_SPINS));
    vmsa_make(checks, 1, JOB_CALLS);
    code[JOB_CALLS] = UINT32_MAX;
    check_equal(checks, "CREATE_VCPU with the area of the one that it replaces",
                create(checks, (uint64_t)vmsa_page[1], calls, other), SVSM_SUCCESS);
    check_true(checks, "the new one runs", is_done(JOB_CALLS));
    check_equal(checks, "its calls are served", code[JOB_CALLS], SVSM_SUCCESS);
    check_true(checks, "the old one does not run", rests(JOB_SPINS));
    check_equal(checks, "DELETE_VCPU of the old one", delete (checks, vmsa_page[0]), SVSM_SUCCESS);
    check_equal(checks, "SetPageShared of the area",
                guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_SHARED, calls, 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    vmsa_make(checks, 0, JOB_SPINS)->vmpl = 0;
    check_equal(checks, "CREATE_VCPU with that area, at VMPL 0",
                create(checks, (uint64_t)vmsa_page[0], calls, other),
                (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "SetPageShared of the area after that",
                guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_SHARED, calls, 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "DELETE_VCPU of the new one", delete (checks, vmsa_page[1]), SVSM_SUCCESS);
    check_equal(checks, "the area is an ordinary page",
                guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_PRIVATE, calls, 1),
                (uint32_t)SVSM_NO_CHANGE);
}

static void wakes(struct checks *checks)
{
    const uint64_t other = checks->guest->boot->apic_id[OTHER];
    const uint64_t state = (uint64_t)vmsa_page[0], calls = (uint64_t)&area[0];
    vmsa_make(checks, 0, JOB_CALLS)->vmpl = 0;
    check_equal(checks, "WakeUpAP at VMPL 0",
                team_wake(checks->guest, (uint32_t)other, state, calls),
                (uint32_t)SVSM_INVALID_PARAMETER);
    vmsa_make(checks, 0, JOB_CALLS);
    check_equal(checks, "WakeUpAP of one that was deleted",
                team_wake(checks->guest, (uint32_t)other, state, calls), SVSM_SUCCESS);
    check_true(checks, "it runs", is_done(JOB_CALLS));
    check_equal(checks, "WakeUpAP of one that is awake",
                team_wake(checks->guest, (uint32_t)other, state, (uint64_t)&area[1]),
                (uint32_t)SVSM_INVALID_REQUEST);
    vmsa_make(checks, 1, JOB_SPINS);
    check_equal(checks, "CREATE_VCPU that replaces it", create_on_other(checks, 1), SVSM_SUCCESS);
    check_true(checks, "the new one spins", counts(JOB_SPINS));
    check_equal(checks, "DELETE_VCPU", delete (checks, vmsa_page[1]), SVSM_SUCCESS);
    check_true(checks, "it runs no more", rests(JOB_SPINS));
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "vcpus"};
    if (guest->boot->vcpu_count <= OTHER) {
        guest_print(guest, "vcpus: FAILED: needs two vCPUs\n");
        return 1;
    }
    refused(&checks);
    refused_contents(&checks);
    lives(&checks);
    ends(&checks);
    comes_back(&checks);
    wakes(&checks);
    guest_print(guest, "vcpus: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}
