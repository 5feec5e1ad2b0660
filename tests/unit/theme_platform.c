/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Themes of random streams: guest memory, injection, firmware messages, the discipline of VMPL0. */
#include "tests/unit/stream_platform.h"
#include "tests/unit/stream_themes.h"

/* Half of them on a page that has just become private to VMPL0. */
static void any_alias(struct stream *s, uint64_t spn)
{
    if (pick(2) != 0) {
        s_unassign(s, spn);
        s_page(s, spn, pick_gpn());
        s_store(s, spn);
    }
    s_alias(s, spn, (uint8_t)(1 + (pick(4) == 0)), 1, 1);
}

void theme_platform(struct stream *s, bool wide)
{
    switch (pick(5)) {
    case 0:
    case 1:
        s_move(s, pick_gpn(), pick_spn(wide));
        stream_last(s)->vmpl = (uint8_t)(pick(3) == 0);
        break;
    case 2:
        s_hv_write(s, (pick_spn(wide) << PAGE_SHIFT) + pick(3) * 1365,
                   pick(4) * 1365 * (pick(8) == 0 ? 100 : 1));
        stream_last(s)->hv_access.refused = pick(4) == 0;
        break;
    case 3:
        s_hv_read(s, pick_spn(wide), pick(2) != 0);
        stream_last(s)->hv_access.refused = pick(4) == 0;
        break;
    default:
        any_alias(s, pick_spn(false));
        break;
    }
}

void theme_injection(struct stream *s, bool wide)
{
    static const uint8_t vectors[] = {28, 28, 29, 2, 32, 13};

    (void)wide;
    s_inject(s, UINT64_C(1) << 31 | pick(2) * UINT64_C(0x300) | vectors[pick(6)],
             1 | pick(2) * 8 | (pick(6) == 0) * 16);
    stream_last(s)->inject.result = pick(3) == 0;
}

void theme_messages(struct stream *s, bool wide)
{
    (void)wide;
    s_psp(s, pick(2) != 0, (uint8_t)pick(2), pick(6), (uint8_t)pick(4));
    if (pick(16) == 0)
        stream_last(s)->psp.seqno += UINT64_C(1) << 63;
    stream_last(s)->psp.status = pick(3) == 0 ? 0x16 : 0;
    if (pick(8) == 0)
        stream_last(s)->psp.command = 0x95;
}

void theme_kernel_lock(struct stream *s, bool wide)
{
    uint64_t spn = pick_spn(wide);
    unsigned vmpl = 1 + pick(2);

    switch (pick(4)) {
    case 0:
        s_adjust(s, spn, vmpl, 0xf, false);
        s_adjust(s, spn, vmpl, RMP_PERM_R | RMP_PERM_XS, false);
        break;
    case 1:
        s_validate(s, spn, true);
        break;
    default:
        s_adjust(s, spn, vmpl, (uint8_t)pick(16), false);
        break;
    }
    stream_last(s)->vmpl = (uint8_t)(pick(6) == 0);
}

void theme_fail_stop(struct stream *s, bool wide)
{
    static const uint64_t errors[] = {0x404, 0x400, 0x72};
    static const uint8_t vectors[] = {29, 28, 2, 14, 32};
    static const uint64_t codes[] = {0x7b, 0x80000010, 0x100, 0x1100, 0};

    switch (pick(6)) {
    case 0:
        s_exception(s, 29, 0, errors[pick(3)], pick_gpn());
        break;
    case 1:
        s_exception(s, vectors[pick(5)], 1, 0, 0);
        break;
    case 2:
    case 3:
        s_request(s, (uint8_t)(1 + pick(2)), codes[pick(5)]);
        stream_last(s)->vmgexit.phase = pick(6) == 0;
        break;
    case 4:
        s_vmrun(s, 0, pick(3), pick(3) == 0);
        stream_last(s)->vmpl = (uint8_t)pick(3);
        break;
    default:
        s_validate(s, pick_spn(wide), pick(2) != 0);
        break;
    }
    stream_last(s)->vcpu = (uint16_t)(pick(4) == 0);
    if (pick(8) == 0)
        stream_last(s)->vmpl = 1;
}

void theme_discipline(struct stream *s, bool wide)
{
    uint64_t spn = pick_spn(wide);

    switch (pick(6)) {
    case 0:
        s_table(s, pick_gpn());
        break;
    case 1:
        s_launch(s, pick(5), pick_gpn(), pick(3) != 0, 0);
        break;
    case 2:
        s_validate(s, spn, true);
        s_validate(s, spn, false);
        stream_last(s)->rmp.bytes_secret = pick(2) * 16;
        break;
    case 3:
        s_validate(s, spn, true);
        s_validate(s, spn, true);
        break;
    default:
        s_adjust(s, spn, 1 + pick(3), (uint8_t)pick(16), false);
        stream_last(s)->rmp.bytes_monitor = pick(2) * 100;
        break;
    }
    if (pick(8) == 0)
        stream_last(s)->vmpl = 1;
}
