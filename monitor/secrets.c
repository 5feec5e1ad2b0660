/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/secrets.h"

#include "monitor/defect.h"
#include "monitor/layout.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/psc.h"
#include "monitor/pvalidate.h"
#include "monitor/svsm.h"

uint8_t vmpck0[PAGE_BYTES] __attribute__((aligned(4096), section(".bss.page")));

void secrets_take(void)
{
    const struct secrets_page *secrets = (const struct secrets_page *)layout_launch_secrets;
    memcpy(vmpck0, secrets->vmpck[0], VMPCK_BYTES);
}

void secrets_copy_for_guest(const struct cpu *cpu, struct secrets_page *copy,
                            uint64_t calling_area_gpa)
{
    const struct launch_info *info = &cpu->monitor->info;
    memcpy(copy, layout_launch_secrets, sizeof *copy);
    memset(copy->vmpck, 0, info->guest_vmpl * sizeof copy->vmpck[0]);
    copy->svsm_base = info->monitor_gpa;
    copy->svsm_bytes = info->monitor_bytes;
    copy->svsm_calling_area = calling_area_gpa;
    copy->svsm_max_version = SVSM_PROTOCOL_VERSION;
    copy->svsm_guest_vmpl = (uint8_t)info->guest_vmpl;
}

void secrets_wipe(void)
{
    if (monitor_defect == DEFECT_SHARE_SECRET) {
        page_invalidate(layout_launch_secrets);
        psc_msr((uint64_t)layout_launch_secrets, PSC_SHARED);
        return;
    }
    page_scrub(layout_launch_secrets);
}
