-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- WakeUpAP under an honest hypervisor: the first vCPU starts all others, tries states and pages
-- that must be refused, and at last replaces the second vCPU by CREATE_VCPU and DELETE_VCPU.
--
-- Source: VeriSMo, OSDI'24, section 3.4, WakeUpAP; SVSM 58019 sections 6.3, 6.4.
-- Shows: vCPUs start with the state that the guest gave, once each, and no VMSA is the guest's
-- to write while it can run.
-- Expects: every check of the guest `wake-up-ap` holds on every vCPU (any --cpus), termination
-- with reason 0:0, every invariant and rule.

scenario {
  title   = "WakeUpAP",
  source  = "VeriSMo, OSDI'24, section 3.4, WakeUpAP; SVSM 58019 sections 6.3, 6.4",
  monitor = "default",
  guest   = "wake-up-ap",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "wake-up-ap: all passed on every vCPU",
  },
}
