/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/check.h"

void check_equal(struct checks *checks, const char *what, uint64_t got, uint64_t wanted)
{
    if (got != wanted) {
        checks->failed++;
        guest_print(checks->guest, "%s: FAILED %s: got 0x%lx, wanted 0x%lx (vCPU %u)\n",
                    checks->kernel, what, got, wanted, checks->guest->index);
        return;
    }
    checks->passed++;
    if (!checks->quiet) {
        guest_print(checks->guest, "%s: ok %s\n", checks->kernel, what);
    }
}

void check_true(struct checks *checks, const char *what, bool holds)
{
    check_equal(checks, what, holds, true);
}
