-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Switch under an honest hypervisor: the guest goes to the monitor and back, a hundred times on
-- each vCPU, and makes calls of numbers and protocols that there are not.
--
-- Source: VeriSMo, OSDI'24, section 3.4, Switch; SVSM 58019 section 5.
-- Shows: the way to the monitor works from every vCPU, and changes no register but the result.
-- Expects: every check of the guest `switch` holds on every vCPU (any --cpus), termination with
-- reason 0:0, every invariant and rule.

scenario {
  title   = "Switch: there and back",
  source  = "VeriSMo, OSDI'24, section 3.4, Switch; SVSM 58019 section 5",
  monitor = "default",
  guest   = "switch",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "switch: all passed on every vCPU",
  },
}
