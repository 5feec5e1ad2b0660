/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer that a program made by hand, delivered as an honest one is. */
#include "emu/honest_internal.h"

#include <string.h>

/* Offsets in the GHCB, in the order of enum honest_field. */
static const size_t field_offset[HONEST_FIELD_COUNT] = {
    [HONEST_INFO1] = offsetof(struct ghcb, sw_exitinfo1),
    [HONEST_INFO2] = offsetof(struct ghcb, sw_exitinfo2),
    [HONEST_RAX] = offsetof(struct ghcb, rax),
    [HONEST_RBX] = offsetof(struct ghcb, rbx),
    [HONEST_RCX] = offsetof(struct ghcb, rcx),
    [HONEST_RDX] = offsetof(struct ghcb, rdx),
};

static enum hv_status ghcb_answer(struct machine *machine, const struct hv_exit *exit,
                                  const struct honest_answer *answer)
{
    struct ghcb ghcb;
    enum hv_status status = hv_read(machine, exit->ghcb_spa, &ghcb, sizeof(ghcb));
    if (status != HV_OK)
        return status;
    for (int field = 0; field < HONEST_FIELD_COUNT; field++) {
        size_t offset = field_offset[field];
        if (answer->given >> field & 1) {
            memcpy((uint8_t *)&ghcb + offset, &answer->value[field], sizeof(uint64_t));
            ghcb_set_valid(&ghcb, offset);
        }
        if (answer->invalid >> field & 1)
            ghcb_clear_valid(&ghcb, offset);
    }
    return hv_write(machine, exit->ghcb_spa, &ghcb, sizeof(ghcb));
}

enum hv_status honest_answer(struct machine *machine, const struct hv_exit *exit,
                             const struct honest_answer *answer)
{
    enum hv_status status = HV_OK;
    bool page = exit->page_protocol && exit->kind != HV_EXIT_BAD_GHCB;
    honest_reinject(machine, exit);
    if (page && (answer->given | answer->invalid) != 0)
        status = ghcb_answer(machine, exit, answer);
    struct vmcb *vmcb = hv_vmcb(machine, exit->vmsa_spa);
    if (answer->msr_given && vmcb != NULL)
        vmcb->ghcb_msr = answer->msr;
    if (page)
        honest_answer_event(machine, exit, answer->value[HONEST_INFO1],
                            answer->value[HONEST_INFO2]);
    else
        honest_answer_event(machine, exit, answer->msr_given ? answer->msr : exit->ghcb_msr, 0);
    machine->honest.cpu[exit->cpu].roused = false;
    honest_events_post(machine, exit->cpu);
    return status;
}
