/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variants with one named defect each, for the scenarios: built from the same sources with
 * -DMONITOR_DEFECT=DEFECT_..., so that whatever else they do is what the correct monitor does.
 */
#ifndef MONITOR_DEFECT_H
#define MONITOR_DEFECT_H

enum monitor_defect {
    DEFECT_NONE,
    DEFECT_NO_SCRUB, /* SetPagePrivate grants a page with the bytes that it found there */
};

#ifndef MONITOR_DEFECT
#define MONITOR_DEFECT DEFECT_NONE
#endif

static const enum monitor_defect monitor_defect = MONITOR_DEFECT;

#endif
