/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * response-fuzz: when an exit has been answered, and before the guest runs on, one thing of the
 * answer is changed now and then: a field of the GHCB or its valid bit, a word of its buffer, the
 * GHCB MSR, the doorbell, a word of a guest request's response page. It becomes 0, all ones, what
 * it was in an answer before, or one more or less.
 */
#include <string.h>

#include "emu/background.h"
#include "emu/ghcb.h"
#include "emu/honest.h"

enum fuzz_change {
    CHANGE_INVALID,
    CHANGE_ZERO,
    CHANGE_ONES,
    CHANGE_PREVIOUS,
    CHANGE_UP,
    CHANGE_DOWN,
    CHANGES,
};
/* Places in `last`: the fields below, then these. */
enum { LAST_BUFFER = 10, LAST_MSR, LAST_DOORBELL, LAST_RESPONSE, LAST_COUNT };
_Static_assert((int)LAST_COUNT <= (int)BACKGROUND_FUZZ_FIELDS, "there is a place for each");

static const uint16_t fields[] = {
    offsetof(struct ghcb, rax),          offsetof(struct ghcb, rbx),
    offsetof(struct ghcb, rcx),          offsetof(struct ghcb, rdx),
    offsetof(struct ghcb, sw_exitcode),  offsetof(struct ghcb, sw_exitinfo1),
    offsetof(struct ghcb, sw_exitinfo2), offsetof(struct ghcb, sw_scratch),
    offsetof(struct ghcb, xcr0),
};
_Static_assert(G_N_ELEMENTS(fields) <= (size_t)LAST_BUFFER, "there is a place for each");

void fuzz_start(struct background *background)
{
    static const uint32_t odds[] = {4, 16, 64, 256, 1024};
    background->fuzz.odds = odds[background_draw(background, G_N_ELEMENTS(odds))];
}

static uint64_t changed(enum fuzz_change change, uint64_t value, uint64_t previous)
{
    switch (change) {
    case CHANGE_ZERO: return 0;
    case CHANGE_ONES: return UINT64_MAX;
    case CHANGE_PREVIOUS: return previous;
    case CHANGE_UP: return value + 1;
    default: return value - 1;
    }
}

static enum fuzz_change change_draw(struct background *background)
{
    return (enum fuzz_change)(CHANGE_ZERO +
                              background_draw(background, CHANGES - CHANGE_ZERO));
}

/* A word of shared memory; what is not shared, a hypervisor cannot write. */
static void word_change(struct background *background, struct machine *machine, uint64_t spa,
                        uint64_t *previous)
{
    uint64_t value;
    if (hv_read(machine, spa, &value, sizeof(value)) != HV_OK)
        return;
    uint64_t other = changed(change_draw(background), value, *previous);
    *previous = value;
    hv_write(machine, spa, &other, sizeof(other));
}

static void valid_clear(struct machine *machine, uint64_t ghcb_spa, size_t offset)
{
    uint64_t spa = ghcb_spa + offsetof(struct ghcb, valid_bitmap) + ghcb_valid_byte(offset);
    uint8_t bits;
    if (hv_read(machine, spa, &bits, sizeof(bits)) != HV_OK)
        return;
    bits &= (uint8_t)~ghcb_valid_mask(offset);
    hv_write(machine, spa, &bits, sizeof(bits));
}

static void ghcb_change(struct background *background, struct machine *machine,
                        const struct hv_exit *exit)
{
    uint32_t field = background_draw(background, G_N_ELEMENTS(fields) + 2);
    uint64_t *last = background->fuzz.last[exit->cpu];
    if (field >= G_N_ELEMENTS(fields)) { /* the buffer: its first words are a list's head */
        uint32_t word = background_draw(background, background_chance(background, 4) ? 254 : 4);
        word_change(background, machine,
                    exit->ghcb_spa + offsetof(struct ghcb, shared) + word * sizeof(uint64_t),
                    &last[LAST_BUFFER]);
    } else if (background_chance(background, CHANGES)) {
        valid_clear(machine, exit->ghcb_spa, fields[field]);
    } else {
        word_change(background, machine, exit->ghcb_spa + fields[field], &last[field]);
    }
}

/* Half of the changes leave the response code alone: a wrong one is too easily seen. */
static void msr_change(struct background *background, struct machine *machine,
                       const struct hv_exit *exit)
{
    enum { CODE_BITS = 0xfff };
    struct vmcb *vmcb = hv_vmcb(machine, exit->vmsa_spa);
    uint64_t *last = &background->fuzz.last[exit->cpu][LAST_MSR];
    if (vmcb == NULL)
        return;
    uint64_t value = vmcb->ghcb_msr;
    enum fuzz_change change = change_draw(background);
    if (background_chance(background, 2))
        vmcb->ghcb_msr = changed(change, value, *last);
    else
        vmcb->ghcb_msr = (value & CODE_BITS) | changed(change, value >> 12, *last >> 12) << 12;
    *last = value;
}

/* The system page behind a GPA of the guest; false if there is none. */
static bool page_find(struct machine *machine, uint64_t gpa, uint64_t *spa)
{
    struct npt_mapping map = hv_npt_lookup(machine, gpa);
    *spa = map.spa + (page_base(gpa) - map.gpa);
    return map.present;
}

static void response_change(struct background *background, struct machine *machine,
                            const struct hv_exit *exit)
{
    enum { WORDS = PAGE_BYTES / sizeof(uint64_t), HEAD_WORDS = 12 };
    uint64_t spa;
    if (!page_find(machine, exit->nae_info2, &spa))
        return;
    uint32_t words = background_chance(background, 4) ? WORDS : HEAD_WORDS; /* the message's head */
    word_change(background, machine,
                spa + background_draw(background, words) * sizeof(uint64_t),
                &background->fuzz.last[exit->cpu][LAST_RESPONSE]);
}

static void doorbell_change(struct background *background, struct machine *machine,
                            const struct hv_exit *exit)
{
    uint64_t gpa = honest_doorbell(machine, exit->cpu, exit->vmpl), spa;
    if (gpa != UINT64_MAX && page_find(machine, gpa, &spa))
        word_change(background, machine, spa, &background->fuzz.last[exit->cpu][LAST_DOORBELL]);
}

void fuzz_after_step(struct background *background, struct machine *machine,
                     const struct hv_exit *exit)
{
    enum { GUEST_ODDS = 8, DOORBELL_ODDS = 16 };
    bool vmgexit = exit->code == SVM_EXIT_VMGEXIT && exit->kind != HV_EXIT_BAD_GHCB;
    /* The monitor's exits above all: a guest's answers are the guest's to check. */
    if (machine_end_reason(machine) != RUN_END_NONE ||
        !background_chance(background, background->fuzz.odds) ||
        (exit->vmpl != 0 && !background_chance(background, GUEST_ODDS)))
        return;
    if (background_chance(background, DOORBELL_ODDS))
        doorbell_change(background, machine, exit);
    else if (exit->kind == HV_EXIT_GUEST_REQUEST && background_chance(background, 2))
        response_change(background, machine, exit);
    else if (vmgexit && exit->page_protocol)
        ghcb_change(background, machine, exit);
    else if (vmgexit)
        msr_change(background, machine, exit);
}
