-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- ExtendPCR under an honest hypervisor: single calls, whose result the guest computes itself,
-- then calls of all vCPUs at once.
--
-- Source: VeriSMo, OSDI'24, section 3.4, ExtendPCR.
-- Shows: the PCR is the hash of all calls in a row, and none is lost between vCPUs.
-- Expects: every check of the guest `extend-pcr` holds on every vCPU (any --cpus), termination
-- with reason 0:0, every invariant and rule.

scenario {
  title   = "ExtendPCR",
  source  = "VeriSMo, OSDI'24, section 3.4, ExtendPCR",
  monitor = "default",
  guest   = "extend-pcr",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "extend-pcr: all passed on every vCPU",
  },
}
