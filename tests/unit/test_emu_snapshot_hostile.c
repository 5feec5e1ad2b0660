/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine made of a file is the one that was saved for a hostile hypervisor too: what the honest
 * one never looks at or makes use of - ciphertext, other intercepts, refused entries, replayed
 * requests - has the same outcome. What it does is drawn from a seed.
 */
#include <string.h>

#include "emu/honest.h"
#include "emu/splitmix.h"
#include "tests/unit/snapshot_twins.h"

enum { PAGES_MAX = 64 };

struct meddler {
    uint64_t random;
    uint32_t odds;     /* one in so many steps */
    uint32_t only;     /* this deed alone; DEEDS: any */
    uint64_t request;  /* GPAs of the last guest request */
    uint64_t response;
};

static uint64_t draw(struct meddler *meddler, uint64_t limit)
{
    return splitmix_next(&meddler->random) % limit;
}

/* ------------------------------------------------------------------ deeds */

/* A system page of the guest; often one of the monitor's, which lies at 8 MiB. */
static uint64_t page_draw(struct meddler *meddler, struct machine *machine)
{
    enum { MONITOR_GPA = 8 << 20, MONITOR_PAGES = 1024, PAGES = (64 << 20) / PAGE_BYTES };
    const bool monitor = draw(meddler, 2) == 0;
    const uint64_t page = monitor ? MONITOR_GPA / PAGE_BYTES + draw(meddler, MONITOR_PAGES)
                                  : draw(meddler, PAGES);
    return honest_spa_of(machine, page * PAGE_BYTES);
}

/* Of any VMPL of any processor. */
static uint64_t vmsa_draw(struct meddler *meddler, struct machine *machine)
{
    const uint32_t cpu = (uint32_t)draw(meddler, hv_cpus(machine));
    const uint64_t vmsa = honest_vmsa(machine, cpu, (uint8_t)draw(meddler, VMPL_COUNT));
    return vmsa ? vmsa : honest_vmsa(machine, 0, 0);
}

static void peek(struct meddler *meddler, struct machine *machine)
{
    uint8_t bytes[PAGE_BYTES];
    hv_read(machine, page_draw(meddler, machine), bytes, sizeof(bytes));
}

static void poke(struct meddler *meddler, struct machine *machine)
{
    const uint64_t value = draw(meddler, UINT64_MAX);
    hv_write(machine, page_draw(meddler, machine) + draw(meddler, 511) * 8, &value, sizeof(value));
}

/* The page's ciphertext as it is, but written by the hypervisor to a page that it takes back. */
static void swap(struct meddler *meddler, struct machine *machine)
{
    const uint64_t spa = page_draw(meddler, machine);
    struct rmp_operand before = {0};
    uint8_t bytes[PAGE_BYTES];
    hv_rmpread(machine, spa, &before);
    hv_read(machine, spa, bytes, sizeof(bytes));
    if (hv_rmpupdate(machine, spa, &(struct rmp_operand){0}) != RMP_RC_SUCCESS)
        return;
    hv_write(machine, spa, bytes, sizeof(bytes));
    hv_rmpupdate(machine, spa, &before);
}

static void remap(struct meddler *meddler, struct machine *machine)
{
    const uint64_t spa = page_draw(meddler, machine), other = page_draw(meddler, machine);
    struct rmp_operand entry = {0};
    hv_psmash(machine, page_base_of(spa, PAGE_2M));
    hv_rmpread(machine, spa, &entry);
    if (draw(meddler, 2) == 0)
        hv_npt_unmap(machine, entry.gpa, PAGE_4K);
    else
        hv_npt_map(machine, entry.gpa, draw(meddler, 2) ? spa : other, PAGE_4K, NPT_RWX);
}

static void control(struct meddler *meddler, struct machine *machine)
{
    struct vmcb *vmcb = hv_vmcb(machine, vmsa_draw(meddler, machine));
    switch (draw(meddler, 6)) {
    case 0: vmcb->eventinj = EVENTINJ_VALID | draw(meddler, 0x1000); break;
    case 1: vmcb->intercepts ^= 1U << draw(meddler, 15); break;
    case 2: vmcb->tlb_control = draw(meddler, 2) ? 1 : 0; break;
    case 3: vmcb->ghcb_msr ^= UINT64_C(1) << draw(meddler, 64); break;
    case 4:
        vmcb->v_irq = 1;
        vmcb->v_irq_vector = (uint8_t)(32 + draw(meddler, 224));
        break;
    default:
        vmcb->allow_features = 1;
        vmcb->sev_features_mask = draw(meddler, 2) ? UINT64_MAX : 1;
        break;
    }
}

/* VMRUN would refuse it: NMI that is none, a vector that is no exception, all of them. */
static void inject(struct meddler *meddler, struct machine *machine)
{
    struct vmcb *vmcb = hv_vmcb(machine, vmsa_draw(meddler, machine));
    vmcb->eventinj = EVENTINJ_VALID | (uint64_t)(4 + draw(meddler, 4)) << 8 | draw(meddler, 256);
}

static void interrupt(struct meddler *meddler, struct machine *machine)
{
    const uint32_t cpu = (uint32_t)draw(meddler, hv_cpus(machine));
    const uint8_t vmpl = (uint8_t)draw(meddler, VMPL_COUNT);
    if (draw(meddler, 4) == 0)
        honest_nmi(machine, cpu, vmpl);
    else
        honest_interrupt(machine, cpu, vmpl, (uint8_t)(32 + draw(meddler, 224)));
}

static void hurry(struct meddler *meddler, struct machine *machine)
{
    const uint32_t cpu = (uint32_t)draw(meddler, hv_cpus(machine));
    switch (draw(meddler, 4)) {
    case 0: hv_kick(machine, cpu); break;
    case 1: hv_resume(machine, cpu); break;
    case 2: honest_wake(machine, cpu); break;
    default: hv_timer_set(machine, cpu, hv_time(machine, cpu) + draw(meddler, 20000)); break;
    }
}

/* The last one again, or in the other's place. */
static void request(struct meddler *meddler, struct machine *machine)
{
    const uint64_t ask = honest_spa_of(machine, meddler->request);
    uint64_t spa;
    if (meddler->request == 0 || hv_page_alloc(machine, PAGE_4K, &spa) != HV_OK)
        return;
    hv_guest_request(machine, ask, spa);
}

static void allocate(struct meddler *meddler, struct machine *machine)
{
    uint64_t spa;
    if (hv_page_alloc(machine, draw(meddler, 4) ? PAGE_4K : PAGE_2M, &spa) != HV_OK)
        return;
    hv_write(machine, spa, &spa, sizeof(spa));
}

static void type(struct meddler *meddler, struct machine *machine)
{
    const char letter = (char)('a' + draw(meddler, 26));
    hv_console_type(machine, &letter, 1);
}

static void elsewhere(struct meddler *meddler, struct machine *machine)
{
    const uint32_t cpu = (uint32_t)draw(meddler, hv_cpus(machine));
    hv_vmrun(machine, cpu, vmsa_draw(meddler, machine));
}

typedef void deed_fn(struct meddler *meddler, struct machine *machine);
static const struct {
    const char *name;
    deed_fn *deed;
    uint32_t odds;
} deeds[] = {
    {"peek", peek, 1},           {"poke", poke, 8},           {"swap", swap, 8},
    {"remap", remap, 8},         {"control", control, 8},     {"inject", inject, 1},
    {"interrupt", interrupt, 2}, {"hurry", hurry, 2},         {"request", request, 2},
    {"allocate", allocate, 2},   {"type", type, 2},           {"elsewhere", elsewhere, 8},
};
enum { DEEDS = G_N_ELEMENTS(deeds) };

static void meddle(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct meddler *meddler = user;
    if (exit != NULL && exit->kind == HV_EXIT_GUEST_REQUEST)
        meddler->request = exit->nae_info1;
    if (draw(meddler, meddler->odds) == 0) {
        const uint32_t which =
            meddler->only < DEEDS ? meddler->only : (uint32_t)draw(meddler, DEEDS);
        deeds[which].deed(meddler, machine);
    }
    machine_step_honest(machine, cpu, exit);
}

/* ------------------------------------------------------------------ the tests */

static struct meddler running; /* one machine at a time */

static void meddler_start(void *user, struct machine *machine)
{
    running = *(const struct meddler *)user;
    const struct hv_program program = {.user = &running, .step = meddle};
    machine_program_set(machine, &program);
}

static void test_deeds(const void *data)
{
    const struct guest *guest = data;
    uint32_t compared = 0, exit = guest->first;
    for (uint32_t which = 0; which <= DEEDS; which++, exit += guest->step) {
        if (exit > guest->last)
            exit = guest->first + which;
        struct meddler meddler = {
            .random = which, .only = which, .odds = which < DEEDS ? deeds[which].odds : 16};
        compared += twins_compare(guest, exit, meddler_start, &meddler);
    }
    g_assert_cmpuint(compared, ==, DEEDS + 1);
}

int main(int argc, char **argv)
{
#define GUEST(name) .monitor = PROVA_MONITOR, .guest = PROVA_GUESTS "/" name ".elf"
    static const struct guest services = {
        GUEST("services"), .cpus = 2, .sev_features = SEV_FEATURE_RESTRICTED_INJECTION,
        .first = 300, .last = 12000, .step = 907};
    static const struct guest linuxlike = {GUEST("linuxlike"), .cpus = 2, .first = 150,
                                           .last = 1000, .step = 61};
    static const struct guest vcpus = {GUEST("vcpus"), .cpus = 4, .schedule = SCHEDULE_RANDOM,
                                       .first = 200, .last = 4000, .step = 331};
    static const struct guest events = {.monitor = PROVA_IMAGES "/events.elf", .cpus = 1,
                                        .first = 2, .last = 15, .step = 1};
    static const struct guest apic = {.monitor = PROVA_IMAGES "/apic.elf", .cpus = 2, .first = 20,
                                      .last = 100, .step = 7};
    g_test_init(&argc, &argv, NULL);
    twins_begin();
    g_test_add_data_func("/emu/snapshot/hostile/services", &services, test_deeds);
    g_test_add_data_func("/emu/snapshot/hostile/linuxlike", &linuxlike, test_deeds);
    g_test_add_data_func("/emu/snapshot/hostile/vcpus", &vcpus, test_deeds);
    g_test_add_data_func("/emu/snapshot/hostile/events", &events, test_deeds);
    g_test_add_data_func("/emu/snapshot/hostile/apic", &apic, test_deeds);
    int code = g_test_run();
    twins_end();
    return code;
}
