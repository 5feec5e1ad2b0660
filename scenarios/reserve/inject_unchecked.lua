-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- OUTSIDE THE ARCHITECTURE: a processor that does not enforce restricted injection. The launch asks
-- for it, the monitor relies on it; the hypervisor injects #PF into VMPL 0 all the same, while the
-- monitor is about to serve a call.
--
-- Source: synthetic, after WeSee and Heckler (CVE-2024-25742, CVE-2024-25743), which restricted
-- injection ends; APM 2 15.36.16; attack catalogue A30, B.
-- Preconditions: a processor with this bug.
-- Schedule: any.
-- Shows, with --monitor default: injection finds the event that should have been refused. The
-- monitor causes no exception itself, so it ends at one: termination with code 0x4e, as without
-- restricted injection.

scenario {
  title                = "Outside the architecture: restricted injection not enforced",
  source               = "APM 2 15.36.16; attack catalogue A30",
  monitor              = "default",
  guest                = "hello",
  restricted_injection = true,
  hardware_bugs        = { "inject-unchecked" },
  expect               = {
    violates = { "injection" },
    fault    = { { name = "pf", vmpl = 0 }, { name = "terminate:5:78" } },
    ends     = "terminated:5:78",
  },
}

hw.inject_unchecked(true)
local done = false

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if not done and exit.kind == "run_vmpl" and exit.vmpl == 3 then
      done = true
      hv.inject(vcpu.id, 14, { type = "exception", error = 2 })
    end
  end
end
