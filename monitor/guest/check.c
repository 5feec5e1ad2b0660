/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/check.h"

void check_equal(struct checks *checks, const char *what, uint64_t got, uint64_t wanted)
{
    if (got == wanted) {
        checks->passed++;
        guest_print(checks->guest, "%s: ok %s\n", checks->kernel, what);
    } else {
        checks->failed++;
        guest_print(checks->guest, "%s: FAILED %s: got 0x%lx, wanted 0x%lx\n", checks->kernel, what,
                    got, wanted);
    }
}

void check_true(struct checks *checks, const char *what, bool holds)
{
    check_equal(checks, what, holds, true);
}
