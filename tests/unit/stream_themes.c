/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_themes.h"

#include "tests/unit/stream_monitor.h"

/* Mostly VMPL0. */
static uint8_t pick_vmpl(void)
{
    return (uint8_t)(pick(6) == 0 ? pick(4) : 0);
}

static uint16_t pick_vcpu(void)
{
    return (uint16_t)pick(3);
}

void theme_memory(struct stream *s, bool wide)
{
    switch (pick(10)) {
    case 0:
        s_table(s, pick_gpn());
        break;
    case 1:
        s_alias(s, pick_spn(wide), (uint8_t)(1 + pick(2)), pick(2) != 0, pick(2) != 0);
        break;
    case 2:
        s_refetch(s, pick_spn(wide));
        break;
    case 3:
        s_fetch(s, pick_spn(wide), pick(3), pick(3));
        break;
    case 4:
        s_not_validated(s, pick_spn(wide), pick_gpn());
        if (pick(4) == 0)
            s_by(s, pick_vcpu(), pick_vmpl());
        break;
    case 5:
    case 6:
    case 7:
        s_fault(s, pick_vcpu(), (uint8_t)(31 + pick(4)), (uint8_t)pick(3));
        break;
    default:
        s_validate(s, pick_spn(wide), pick(3) != 0);
        s_by(s, pick_vcpu(), pick_vmpl());
        break;
    }
}

/* A VMSA that is made and then destroyed or replaced, and runs once the call is over, or before. */
static void vmsa_step(struct stream *s, uint64_t spn)
{
    uint16_t vcpu = pick_vcpu();

    s_vmsa(s, spn, VMSA_CREATE, 0, 1);
    if (pick(2) != 0)
        s_vmsa(s, spn, VMSA_DESTROY, 0, 1);
    else
        s_vmsa(s, pick_spn(false), VMSA_ON_INIT, 0, 1);
    s_by(s, vcpu, pick_vmpl());
    if (pick(4) != 0)
        s_run_vmpl(s, pick(4) != 0 ? vcpu : pick_vcpu());
    s_enter(s, pick_vcpu(), 1, spn, 0);
}

void theme_vmsa(struct stream *s, bool wide)
{
    uint64_t spn = pick_spn(wide);

    if (pick(8) == 0) {
        s_run_vmpl(s, pick_vcpu());
        return;
    }
    switch (pick(10)) {
    case 9:
        vmsa_step(s, spn);
        break;
    case 0:
        s_seal(s, spn, pick(4));
        break;
    case 1:
    case 2:
        s_adjust(s, spn, 1 + pick(3), (uint8_t)(pick(2) != 0 ? pick(16) : 0), pick(4) == 0);
        s_by(s, pick_vcpu(), pick_vmpl());
        break;
    case 3:
    case 4:
        s_enter(s, pick_vcpu(), (uint8_t)pick(4), spn, pick(4));
        break;
    case 5:
        s_vmsa(s, spn, (uint8_t)(VMSA_LAUNCHED + pick(4)), pick(2), (uint8_t)pick(2));
        stream_last(s)->vmsa.result = pick(5) == 0;
        s_by(s, pick_vcpu(), pick_vmpl());
        break;
    case 6:
    case 7:
        s_stale(s, spn);
        break;
    default:
        s_validate(s, spn, pick(2) != 0);
        s_by(s, pick_vcpu(), pick_vmpl());
        break;
    }
}

static void doorbell_step(struct stream *s)
{
    static const uint16_t words[] = {0, 0x8000, 0x40, 0x8100};
    static const uint64_t exits[] = {0x78, 0x78, 0x403, 0x403, 0x60};
    uint16_t vcpu = pick_vcpu();

    switch (pick(7)) {
    case 6:
        if (pick(2) != 0)
            s_shared_write(s, pick(4), (uint8_t)pick(3));
        else
            s_map(s, pick(4), pick(6) == 0 ? PAGE_2M : PAGE_4K);
        break;
    case 0:
        s_hv_write(s, pick(4) << PAGE_SHIFT | pick(4096), pick(4) != 0 ? 2 : pick(0x3000));
        stream_last(s)->hv_access.refused = pick(6) == 0;
        stream_last(s)->hv_access.write = pick(6) != 0;
        break;
    case 1:
    case 2:
        s_fault(s, vcpu, (uint8_t)(28 + pick(2)), 1);
        break;
    case 3:
    case 4:
        s_leave(s, vcpu, exits[pick(5)], pick(3), words[pick(4)]);
        if (pick(2) == 0)
            break;
        s_run_vmpl(s, vcpu);
        break;
    default:
        s_run_vmpl(s, vcpu);
        break;
    }
    if (pick(8) == 0)
        s_by(s, pick_vcpu(), pick_vmpl());
}

void theme_processors(struct stream *s, bool wide)
{
    uint64_t spn = pick_spn(wide);

    switch (pick(4)) {
    case 0:
        s_validate(s, spn, pick(3) != 0);
        s_by(s, pick_vcpu(), pick_vmpl());
        break;
    case 1:
        s_adjust(s, spn, 1 + pick(3), (uint8_t)(pick(2) != 0 ? pick(16) : 0), pick(4) == 0);
        s_by(s, pick_vcpu(), pick_vmpl());
        break;
    default:
        doorbell_step(s);
        break;
    }
}
