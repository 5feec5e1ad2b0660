-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- DeriveKey under an honest hypervisor: keys for several contexts, before and after the
-- measurement went on, until there is no room for more.
--
-- Source: VeriSMo, OSDI'24, section 3.4, DeriveKey.
-- Shows: keys are the same for the same measurement and context only, and handles that there are
-- not are refused.
-- Expects: every check of the guest `derive-key` holds on every vCPU (any --cpus), termination
-- with reason 0:0, every invariant and rule.

scenario {
  title   = "DeriveKey",
  source  = "VeriSMo, OSDI'24, section 3.4, DeriveKey",
  monitor = "default",
  guest   = "derive-key",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "derive-key: all passed on every vCPU",
  },
}
