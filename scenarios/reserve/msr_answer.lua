-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A lie in the GHCB MSR (A44). The monitor registers its GHCB; the hypervisor does so, and answers
-- with the number of another page, one that it could fill as it likes.
--
-- Source: GHCB 56421 section 2.3.1; attack catalogue A44.
-- Preconditions: none; the MSR's value is the hypervisor's when the monitor is run again.
-- Schedule: any.
-- Shows, with --monitor default (which wants its own page's number back and nothing else):
-- termination with code 0x12.

scenario {
  title   = "The GHCB is registered elsewhere",
  source  = "GHCB 56421 section 2.3.1; attack catalogue A44",
  monitor = "default",
  guest   = "hello",
  expect  = { holds = "all", fault = "terminate:5:18", ends = "terminated:5:18" },
}

local REGISTER = 0x012

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local request = exit.kind == "msr_protocol" and exit.vmpl == 0 and exit.ghcb_msr & 0xfff
    hv.honest(exit)
    if request == REGISTER then
      local vmcb = hv.vmcb(exit.vmsa)
      vmcb.ghcb_msr = vmcb.ghcb_msr + 0x1000
    end
  end
end
