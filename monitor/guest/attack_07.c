/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/07_vmsa_privileged.lua: tries to make a vCPU that runs at VMPL 0.
 * Needs two vCPUs.
 */
#include "monitor/guest/attack.h"
#include "monitor/guest/attack_spy.h"
#include "monitor/guest/check.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { OTHER = 1, RMPADJUST_VMSA = 1 << 16, RMPADJUST_RWX = VMPL_RWX << 8 };

static struct vmsa vmsa __attribute__((aligned(4096), section(".bss.page")));
static uint8_t told[4096] __attribute__((aligned(4096), section(".bss.page")));

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-07"};
    const uint64_t secret = *attack_told(guest, told);
    memcpy(&vmsa, spy_state_make(guest, 0, secret), sizeof vmsa);

    /* By its own means: RMPADJUST is for masks of VMPLs below its own. */
    const uint32_t adjusted =
        insn_rmpadjust((uint64_t)&vmsa, PAGE_4K, 3 | RMPADJUST_RWX | RMPADJUST_VMSA);
    check_true(&checks, "RMPADJUST is refused", adjusted == RMP_CODE_FAIL_PERMISSION);
    guest_yield(); /* the hypervisor tries to run the page as it is */

    vmsa.sev_features ^= SEV_FEATURE_RESTRICTED_INJECTION;
    check_equal(&checks, "CREATE_VCPU with other SEV_FEATURES", spy_create(guest, &vmsa, OTHER),
                (uint32_t)SVSM_INVALID_PARAMETER);
    vmsa.sev_features ^= SEV_FEATURE_RESTRICTED_INJECTION;
    guest_print(guest, "attack-07: CREATE_VCPU at VMPL 0: 0x%x\n",
                spy_create(guest, &vmsa, OTHER));
    spy_print(guest, "attack-07");
    return checks.failed;
}
