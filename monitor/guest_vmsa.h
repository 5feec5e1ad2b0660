/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's register state as the monitor sets it up and as calls use it. Pure. */
#ifndef MONITOR_GUEST_VMSA_H
#define MONITOR_GUEST_VMSA_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/snp.h"

/* Of Linux's 64-bit boot protocol, which says nothing of a table behind them. */
enum { GUEST_SELECTOR_CODE = 0x10, GUEST_SELECTOR_DATA = 0x18 };

struct guest_start {
    uint64_t entry, cr3, rdi, rsi, sev_features;
    uint16_t code_selector, data_selector;
    uint8_t vmpl;
};

/* vmsa is zero. EFER.SVME stays clear: not runnable until guest_vmsa_release(). */
void guest_vmsa_init(struct vmsa *vmsa, const struct guest_start *start);

/* SVSM 58019 section 5: while a call is served the VMSA must not be runnable, so VMRUN checks for
 * EFER.SVME are made to fail. */
void guest_vmsa_seize(struct vmsa *vmsa);
void guest_vmsa_release(struct vmsa *vmsa);

/* PCPU_ID := 0: translations are dropped before the VMSA runs again (APM 2 15.36.15). */
void guest_vmsa_flush(struct vmsa *vmsa);

/* True if the VMSA has been entered since guest_vmsa_reset_exit(). */
bool guest_vmsa_has_run(const struct vmsa *vmsa);

/* True if the VMSA of a vCPU that the guest made may run at the guest's VMPL: that VMPL, the
 * guest's SEV_FEATURES, no state that VMRUN refuses (APM 2 15.5.1). EFER.SVME is not
 * looked at. Nobody else may be able to write the page. */
bool guest_vmsa_check(const struct vmsa *vmsa, unsigned vmpl, uint64_t sev_features);

/* Clears what the processor and not the guest has to say: exit codes, TLB tags, events. */
void guest_vmsa_reset_exit(struct vmsa *vmsa);

/* True if the guest left by VMGEXIT: the processor writes the exit code, a hypervisor cannot. */
bool guest_vmsa_left_by_vmgexit(const struct vmsa *vmsa);

#endif
