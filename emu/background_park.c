/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * park-at-fault: VMPL0 loses a page in the middle of its work on it, and its processor stays
 * outside at the nested page fault while others go on.
 *
 *   visible operation of VMPL0 on page P      a hole: P, or a page of late, is unmapped or
 *                                             made read-only
 *   nested page fault at a hole               that processor is parked
 *     now and then                            another system page is bound and mapped to P
 *   so many exits of others, or nobody left   P is mapped again, those parked at it go on
 *
 * A processor that spins for a lock whose owner is parked would never leave the guest: while
 * somebody is parked, the others are interrupted from time to time, as by a hypervisor's timer.
 */
#include "emu/background.h"
#include "emu/honest.h"

enum {
    TICK_CYCLES = 200000,  /* 200 us of virtual time */
    UNHIT_OPERATIONS = 24, /* after so many, a page that nobody misses comes back */
};

void park_start(struct background *background)
{
    static const uint32_t odds[] = {3, 10, 30, 100, 300};
    static const uint32_t rebind_odds[] = {0, 0, 8, 64};
    background->park.odds = odds[background_draw(background, G_N_ELEMENTS(odds))];
    background->park.rebind_odds =
        rebind_odds[background_draw(background, G_N_ELEMENTS(rebind_odds))];
}

static void seen_add(struct background *background, uint64_t gpa)
{
    background->park.seen[background->park.seen_count++ % BACKGROUND_SEEN] = page_base(gpa);
}

/* Of what the processor would run next; NULL if that is nothing. */
static struct vmcb *next_vmcb(struct machine *machine, uint32_t cpu)
{
    const uint64_t vmsa_spa = honest_next_vmsa(machine, cpu);
    return vmsa_spa != 0 ? hv_vmcb(machine, vmsa_spa) : NULL;
}

static void flush_later(struct background *background, struct machine *machine)
{
    for (uint32_t cpu = 0; cpu < hv_cpus(machine); cpu++) {
        struct vmcb *vmcb = next_vmcb(machine, cpu);
        if (vmcb == NULL || vmcb->tlb_control != 0)
            continue;
        vmcb->tlb_control = 1;
        background->park.flushing[cpu] = true;
    }
}

static struct background_hole *hole_at(struct background *background, uint64_t gpa)
{
    for (uint32_t i = 0; i < BACKGROUND_HOLES_MAX; i++) {
        struct background_hole *hole = &background->park.hole[i];
        if (hole->open && gpa >= hole->was.gpa && gpa - hole->was.gpa < page_bytes(hole->was.size))
            return hole;
    }
    return NULL;
}

/* Takes the page away. The processor that is about to touch it leaves first, and forgets it. */
static void hole_open(struct background *background, struct machine *machine, uint32_t cpu,
                      uint64_t gpa)
{
    struct background_hole *hole = background->park.hole;
    while (hole < background->park.hole + BACKGROUND_HOLES_MAX && hole->open)
        hole++;
    struct npt_mapping map = hv_npt_lookup(machine, gpa);
    if (hole == background->park.hole + BACKGROUND_HOLES_MAX || !map.present ||
        !(map.flags & NPT_W))
        return;
    bool read_only = background_chance(background, 3);
    *hole = (struct background_hole){
        .open = true, .was = map, .flags = read_only ? NPT_R : 0, .left = UNHIT_OPERATIONS};
    if (read_only)
        hv_npt_map(machine, map.gpa, map.spa, map.size, map.flags & (uint8_t)~NPT_W);
    else
        hv_npt_unmap(machine, map.gpa, map.size);
    flush_later(background, machine);
    hv_kick(machine, cpu);
}

/* The page comes back, unless somebody has mapped it meanwhile; those that wait for it go on. */
static void hole_close(struct background *background, struct machine *machine,
                       struct background_hole *hole)
{
    uint32_t index = (uint32_t)(hole - background->park.hole);
    struct npt_mapping now = hv_npt_lookup(machine, hole->was.gpa);
    if (hole->flags == 0 ? !now.present : now.present && !(now.flags & NPT_W))
        hv_npt_map(machine, hole->was.gpa, hole->was.spa, hole->was.size, hole->was.flags);
    hole->open = false;
    flush_later(background, machine);
    for (uint32_t cpu = 0; cpu < hv_cpus(machine); cpu++) {
        struct background_parked *parked = &background->park.cpu[cpu];
        if (!parked->parked || parked->hole != index)
            continue;
        parked->hole = BACKGROUND_HOLES_MAX;
        hv_resume(machine, cpu);
    }
}

/* RMPUPDATE of another page of the guest to the page that is missing, which it then becomes. */
static void rebind(struct background *background, struct machine *machine,
                   struct background_hole *hole)
{
    const struct background_park *park = &background->park;
    uint32_t late = MIN(park->seen_count, BACKGROUND_SEEN);
    uint64_t spa = UINT64_MAX;
    if (late > 0)
        spa = honest_spa_of(machine, park->seen[background_draw(background, late)]);
    if (spa == UINT64_MAX || hole->was.size != PAGE_4K || page_base(spa) == hole->was.spa)
        return;
    const struct rmp_operand operand = {
        .gpa = hole->was.gpa, .assigned = 1, .asid = hv_asid(machine)};
    if (hv_rmpupdate(machine, page_base(spa), &operand) == RMP_RC_SUCCESS)
        hole->was.spa = page_base(spa);
}

static bool somebody_is_parked(const struct background *background)
{
    for (uint32_t cpu = 0; cpu < MACHINE_CPUS_MAX; cpu++)
        if (background->park.cpu[cpu].parked)
            return true;
    return false;
}

static void ticks_set(struct background *background, struct machine *machine)
{
    for (uint32_t cpu = 0; cpu < hv_cpus(machine); cpu++)
        if (!background->park.cpu[cpu].parked)
            hv_timer_set(machine, cpu,
                         hv_time(machine, cpu) + 1 + background_draw(background, TICK_CYCLES));
}

/* For how many exits of others. */
static uint32_t patience(struct background *background)
{
    static const uint32_t most[] = {2, 8, 32, 256};
    uint32_t limit = most[background_draw(background, G_N_ELEMENTS(most))];
    return 1 + background_draw(background, limit);
}

static void park(struct background *background, struct machine *machine,
                 struct background_hole *hole, const struct hv_exit *exit)
{
    background->park.cpu[exit->cpu] = (struct background_parked){
        .parked = true,
        .hole = (uint32_t)(hole - background->park.hole),
        .exit = *exit,
    };
    if (!hole->hit) {
        hole->hit = true;
        hole->left = patience(background);
        background->park.parks++;
        uint32_t odds = background->park.rebind_odds;
        if (odds != 0 && background_chance(background, odds))
            rebind(background, machine, hole);
    }
    ticks_set(background, machine);
}

/* Exits are what those that are parked wait for, operations what a page waits for that is missing
 * to nobody. */
static void holes_count(struct background *background, struct machine *machine, bool hit)
{
    for (uint32_t i = 0; i < BACKGROUND_HOLES_MAX; i++) {
        struct background_hole *hole = &background->park.hole[i];
        if (hole->open && hole->hit == hit && --hole->left == 0)
            hole_close(background, machine, hole);
    }
}

bool park_before_step(struct background *background, struct machine *machine, uint32_t cpu,
                      const struct hv_exit **exit)
{
    struct background_parked *parked = &background->park.cpu[cpu];
    if (parked->parked && parked->hole < BACKGROUND_HOLES_MAX)
        return false; /* woken for something that it will find later */
    if (parked->parked) {
        parked->parked = false;
        honest_handle(machine, &parked->exit); /* an event whose delivery the fault interrupted */
        *exit = NULL;
        return machine_end_reason(machine) == RUN_END_NONE;
    }
    if (*exit == NULL)
        return true;
    struct background_hole *hole =
        (*exit)->kind == HV_EXIT_NPF ? hole_at(background, (*exit)->info2) : NULL;
    if (hole == NULL) {
        if ((*exit)->kind == HV_EXIT_PAGE_STATE_CHANGE)
            seen_add(background, (*exit)->psc_gpa);
        holes_count(background, machine, true);
        if (somebody_is_parked(background))
            ticks_set(background, machine);
        return true;
    }
    park(background, machine, hole, *exit);
    if (hv_cpus(machine) > 1)
        return false;
    /* Nobody else would ever end the wait. */
    hole_close(background, machine, hole);
    parked->parked = false;
    honest_handle(machine, *exit);
    *exit = NULL;
    return machine_end_reason(machine) == RUN_END_NONE;
}

void park_after_step(struct background *background, struct machine *machine, uint32_t cpu)
{
    struct vmcb *vmcb = next_vmcb(machine, cpu);
    if (!background->park.flushing[cpu] || vmcb == NULL)
        return;
    background->park.flushing[cpu] = false;
    vmcb->tlb_control = 0; /* VMRUN has seen it */
}

bool park_idle(struct background *background, struct machine *machine)
{
    for (uint32_t i = 0; i < BACKGROUND_HOLES_MAX; i++) {
        struct background_hole *hole = &background->park.hole[i];
        if (!hole->open || !hole->hit)
            continue;
        hole_close(background, machine, hole);
        return true;
    }
    return false;
}

/* The hypervisor looks for a GHCB where the guest says it is: it must be mapped by then. */
static void shared_holes_close(struct background *background, struct machine *machine)
{
    for (uint32_t i = 0; i < BACKGROUND_HOLES_MAX; i++) {
        struct background_hole *hole = &background->park.hole[i];
        struct rmp_operand entry = {0};
        if (hole->open && !hole->hit)
            hv_rmpread(machine, hole->was.spa, &entry);
        if (hole->open && !hole->hit && !entry.assigned)
            hole_close(background, machine, hole);
    }
}

void park_visible(struct background *background, struct machine *machine, uint32_t cpu,
                  const struct vcpu_exit *operation)
{
    struct background_park *park = &background->park;
    uint64_t gpa = page_base(operation->gpa);
    if (!(background->kinds & BACKGROUND_PARK_AT_FAULT))
        return;
    if (operation->visible == VISIBLE_VMGEXIT)
        shared_holes_close(background, machine);
    if (operation->vmpl != 0 || operation->visible == VISIBLE_BREAKPOINT ||
        operation->visible == VISIBLE_VMGEXIT)
        return;
    seen_add(background, gpa);
    holes_count(background, machine, false);
    if (park->parks >= BACKGROUND_PARKS_MAX || hole_at(background, gpa) != NULL ||
        !background_chance(background, park->odds))
        return;
    if (background_chance(background, 3)) {
        gpa = park->seen[background_draw(background, MIN(park->seen_count, BACKGROUND_SEEN))];
        if (hole_at(background, gpa) != NULL)
            return;
    }
    hole_open(background, machine, cpu, gpa);
}
