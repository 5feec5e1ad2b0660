/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_random.h"

#include <stddef.h>

#include "tests/unit/stream_themes.h"

theme_fn *const themes[] = {
    NULL, /* none: only what every stream has */
    theme_platform, theme_injection,  theme_messages, theme_kernel_lock, theme_fail_stop,
    theme_discipline, theme_memory, theme_vmsa, theme_processors,
};
const unsigned themes_count = sizeof(themes) / sizeof(themes[0]);

unsigned pick(unsigned below)
{
    return (unsigned)g_test_rand_int_range(0, (gint)below);
}

uint64_t pick_spn(bool wide)
{
    return !wide || pick(4) != 0 ? pick(5) : 512 + (pick(2) != 0 ? 0 : pick(3));
}

uint64_t pick_gpn(void)
{
    return pick(4) != 0 ? pick(4) : 512 + pick(3);
}

void step_plausible(struct stream *s, bool wide)
{
    uint64_t spn = pick_spn(wide);

    switch (pick(14)) {
    case 0:
    case 1:
        s_assign(s, spn, pick_gpn(), PAGE_4K);
        break;
    case 2:
        if (wide)
            s_assign(s, 512, 512 * pick(2), PAGE_2M);
        else
            s_assign(s, spn, pick_gpn(), PAGE_4K);
        break;
    case 3:
        s_unassign(s, spn);
        break;
    case 4:
    case 5:
    case 6:
        s_validate(s, spn, pick(4) != 0);
        break;
    case 7:
    case 8:
        s_adjust(s, spn, 1 + pick(3), (uint8_t)(pick(3) != 0 ? pick(16) : 0), pick(6) == 0);
        break;
    case 9:
        s_smash(s, spn);
        break;
    case 10:
        s_store(s, spn);
        break;
    case 11:
        s_scrub(s, spn);
        break;
    case 12:
        if (pick(2) != 0)
            s_vmrun(s, (uint16_t)pick(3), pick(3), (uint8_t)(pick(4) == 0));
        else
            s_exit(s, (uint16_t)pick(3), pick(3));
        break;
    default:
        if (pick(3) == 0)
            s_secret(s, spn, pick(2) != 0);
        else
            s_launch(s, pick(5), pick_gpn(), pick(2) != 0, (uint8_t)(pick(4) == 0));
        break;
    }
    /* Some instructions fail: refused, or ended by an exception. */
    if (pick(12) == 0) {
        struct event *last = &g_array_index(s->events, struct event, s->events->len - 1);

        if (last->kind == EVENT_RMP && pick(2) != 0) {
            last->rmp.outcome = (uint8_t)(1 + pick(5));
        } else if (last->kind == EVENT_RMP) {
            last->rmp.rc = 1 + pick(6);
            last->rmp.after_lo = last->rmp.before_lo;
            last->rmp.after_hi = last->rmp.before_hi;
        }
    }
}

static struct rmp_entry entry_any(bool wide)
{
    struct rmp_entry entry = {.assigned = pick(4) != 0, .size = wide && pick(8) == 0,
                              .validated = pick(2) != 0, .vmsa = pick(8) == 0, .asid = pick(3),
                              .immutable = pick(8) == 0, .lock = pick(9) == 0,
                              .in_use = pick(5) == 0};

    entry.gpn = pick_gpn() & 0x7fffffffff;
    for (unsigned vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
        entry.perm[vmpl] = pick(2) != 0 ? 0 : (uint8_t)pick(32);
    return entry;
}

void step_any(struct stream *s, bool wide)
{
    struct event *event;

    if (pick(4) == 0) {
        step_plausible(s, wide);
        return;
    }
    event = stream_rmp(s, (uint8_t)(1 + pick(7)), pick_spn(wide), entry_any(wide));
    if (pick(2) != 0) {
        struct rmp_entry before = entry_any(wide);

        event->rmp.before_lo = rmp_raw_of(&before).lo;
        event->rmp.before_hi = rmp_raw_of(&before).hi;
    }
    event->rmp.spa |= pick(3) == 0 ? pick(4096) : 0;
    event->rmp.size = wide && pick(10) == 0;
    event->rmp.outcome = (uint8_t)(pick(10) == 0 ? pick(6) : 0);
    event->rmp.rc = pick(10) == 0;
    event->rmp.cf = pick(3) == 0;
    event->rmp.operand = (uint8_t)pick(4);
    event->rmp.bytes_monitor = pick(2) * pick(100);
}

enum { RMP_RC_FIRST = offsetof(struct event_rmp, rc) };

/*
 * Whatever else the stream says of it. The first word is mostly a system page, and no event has one
 * that is not in memory: its high bytes stay. Of an entry only what says how it went is changed:
 * else another page would be the next event's.
 */
void mangle_last(struct stream *s)
{
    struct event *event = &g_array_index(s->events, struct event, s->events->len - 1);
    unsigned at = pick(sizeof(event->bytes) - 5);

    switch (pick(3)) {
    case 0:
        event->vcpu = (uint16_t)pick(3);
        break;
    case 1:
        event->vmpl = (uint8_t)pick(4);
        break;
    default: /* a small field of the payload: flags, phases, results */
        if (event->kind == EVENT_RMP)
            at = RMP_RC_FIRST + pick(sizeof(event->rmp) - RMP_RC_FIRST);
        else
            at = at < 3 ? at : at + 5;
        if (event->kind == EVENT_LAUNCH_PAGE)
            break;
        event->bytes[at] = (uint8_t)pick(4);
        if (event->kind == EVENT_RMP && event->rmp.insn == 0)
            event->rmp.insn = RMP_INSN_PVALIDATE; /* 0 stands for a launch */
        break;
    }
}
