/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WakeUpAP: starts the guest's vCPUs; that they are there at all is its work (team.c). And
 * CREATE_VCPU and DELETE_VCPU of the Core protocol, which replace a vCPU by another.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/exercise.h"
#include "monitor/guest/stack.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"

enum { APIC_ID_NONE = 0xfe, PATIENCE = 100000 };

static uint8_t spare[2][4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t own[LAUNCH_CPUS_MAX][2][4096] __attribute__((aligned(4096), section(".bss.page")));
static uint32_t alive, again;

/* Pages that no state can be taken from, and no calling area be made of. */
static void bad_pages(struct checks *checks, uint32_t apic_id)
{
    struct guest *guest = checks->guest;
    const uint64_t c_bit = UINT64_C(1) << guest->boot->c_bit;
    const uint64_t good = (uint64_t)spare[0];
    const uint64_t bad[] = {
        guest->boot->monitor_gpa,
        (uint64_t)guest->area,
        (uint64_t)spare[1] + 8,
        (uint64_t)spare[1] | c_bit,
        ~UINT64_C(0xfff),
        c_bit >> 1,
        good, /* as both */
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_equal(checks, "WakeUpAP, state that is no page of the guest's",
                    team_wake(guest, apic_id, bad[i], good), (uint32_t)SVSM_INVALID_ADDRESS);
        check_equal(checks, "WakeUpAP, calling area that is no page of the guest's",
                    team_wake(guest, apic_id, good, bad[i]), (uint32_t)SVSM_INVALID_ADDRESS);
    }
}

/* Before the others run. */
static void alone(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint64_t area = (uint64_t)spare[1];
    const uint32_t self = guest->boot->apic_id[0], parameter = (uint32_t)SVSM_INVALID_PARAMETER;
    struct vmsa *state = team_state_make(guest, 1);
    bad_pages(checks, self);
    check_equal(checks, "WakeUpAP of the caller", team_wake(guest, self, (uint64_t)state, area),
                (uint32_t)SVSM_INVALID_REQUEST);
    check_equal(checks, "WakeUpAP of nobody", team_wake(guest, APIC_ID_NONE, (uint64_t)state, area),
                parameter);
    if (guest->boot->vcpu_count == 1) {
        return;
    }
    const uint32_t other = guest->boot->apic_id[1];
    state->vmpl = 0;
    check_equal(checks, "WakeUpAP, state of VMPL 0", team_wake(guest, other, (uint64_t)state, area),
                parameter);
    state = team_state_make(guest, 1);
    state->sev_features ^= 1 << 3;
    check_equal(checks, "WakeUpAP, other SEV_FEATURES",
                team_wake(guest, other, (uint64_t)state, area), parameter);
    state = team_state_make(guest, 1);
    state->event_inj = UINT64_C(0x80000306);
    check_equal(checks, "WakeUpAP with an event", team_wake(guest, other, (uint64_t)state, area),
                parameter);
    state = team_state_make(guest, 1);
    state->cr0 &= ~UINT64_C(1); /* paging without protection */
    check_equal(checks, "WakeUpAP, state that no processor has",
                team_wake(guest, other, (uint64_t)state, area), parameter);
}

static void together(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint32_t vcpus = guest->boot->vcpu_count;
    const uint64_t stack = (uint64_t)__builtin_frame_address(0);
    __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST);
    guest_print(guest, "wake-up-ap: vCPU %u of %u runs\n", guest->index, vcpus);
    check_true(checks, "the vCPU has its own stack",
               stack > (uint64_t)stacks[guest->index] &&
                   stack < (uint64_t)stacks[guest->index + 1]);
    check_equal(checks, "and its VMPL", insn_rdmsr(MSR_SEV_STATUS) & SEV_STATUS_SNP,
                SEV_STATUS_SNP);
    team_barrier();
    check_equal(checks, "all vCPUs run", alive, vcpus);
    for (uint32_t i = 0; i < vcpus; i++) {
        check_equal(checks, "WakeUpAP of a vCPU that runs",
                    team_wake(guest, guest->boot->apic_id[i], (uint64_t)own[guest->index][0],
                              (uint64_t)own[guest->index][1]),
                    (uint32_t)SVSM_INVALID_REQUEST);
    }
}

static uint32_t create(struct checks *checks, const void *vmsa, const void *area, uint32_t apic_id)
{
    struct guest_call regs = {.rcx = (uint64_t)vmsa, .rdx = (uint64_t)area, .r8 = apic_id};
    return guest_call_must(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
}

/* A vCPU that has not come to rest yet is tried again. */
static uint32_t delete (struct checks *checks, const void *vmsa)
{
    uint32_t code = (uint32_t)SVSM_IN_USE;
    for (unsigned i = 0; i < PATIENCE && code == (uint32_t)SVSM_IN_USE; i++) {
        struct guest_call regs = {.rcx = (uint64_t)vmsa};
        code = guest_call_must(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_DELETE_VCPU, &regs);
    }
    return code;
}

static void second_life(struct guest *guest)
{
    guest_verismo(guest, SVSM_VERISMO_SWITCH, 0, 0);
    __atomic_fetch_add(&again, 1, __ATOMIC_SEQ_CST);
}

static void state_put(struct checks *checks, struct vmsa *to)
{
    *to = *team_state_make(checks->guest, 1);
    to->efer |= EFER_SVME; /* 58019 section 6.3 */
}

/* The second vCPU, halted by now, gets another VMSA, and that one is taken back. */
static void replace(struct checks *checks, uint32_t round)
{
    const uint32_t apic_id = checks->guest->boot->apic_id[1];
    struct vmsa *vmsa = (struct vmsa *)spare[0];
    state_put(checks, vmsa);
    guest_vcpu(1)->area = (struct svsm_calling_area *)spare[1];
    check_equal(checks, "CREATE_VCPU", create(checks, vmsa, spare[1], apic_id), SVSM_SUCCESS);
    for (unsigned i = 0; i < PATIENCE && __atomic_load_n(&again, __ATOMIC_SEQ_CST) < round; i++) {
        guest_yield();
    }
    check_equal(checks, "the new vCPU runs", again, round);
    check_equal(checks, "its VMSA is no page to be shared", ask_share(checks->guest, vmsa, 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "its calling area neither", ask_share(checks->guest, spare[1], 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "DELETE_VCPU", delete (checks, vmsa), SVSM_SUCCESS);
    check_equal(checks, "both pages are the guest's again", ask_private(checks->guest, spare, 2),
                (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "DELETE_VCPU again", delete (checks, vmsa), (uint32_t)SVSM_INVALID_ADDRESS);
}

static void finish(struct checks *checks)
{
    const struct guest_boot *boot = checks->guest->boot;
    struct vmsa *vmsa = (struct vmsa *)spare[0];
    check_equal(checks, "CREATE_VCPU of nobody", create(checks, vmsa, spare[1], APIC_ID_NONE),
                (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "CREATE_VCPU of the caller",
                create(checks, vmsa, spare[1], boot->apic_id[0]), (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "DELETE_VCPU of the monitor's memory",
                delete (checks, (const void *)boot->monitor_gpa), (uint32_t)SVSM_INVALID_ADDRESS);
    if (boot->vcpu_count == 1) {
        return;
    }
    state_put(checks, vmsa);
    vmsa->vmpl = 0;
    check_equal(checks, "CREATE_VCPU, state of VMPL 0",
                create(checks, vmsa, spare[1], boot->apic_id[1]), (uint32_t)SVSM_INVALID_PARAMETER);
    vmsa->vmpl = 1; /* the page can still be written */
    check_equal(checks, "CREATE_VCPU into the monitor",
                create(checks, (const void *)boot->monitor_gpa, spare[1], boot->apic_id[1]),
                (uint32_t)SVSM_INVALID_ADDRESS);
    team_function_set(second_life);
    replace(checks, 1);
    replace(checks, 2);
}

const struct exercise exercise_wake_up_ap = {
    .name = "wake-up-ap", .alone = alone, .together = together, .finish = finish};
