-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- An exception that no instruction caused (A32). As Sigy does with signals: when the monitor is run
-- for a call, the hypervisor injects #UD. A handler that repairs, skips or passes on what it takes
-- for its own fault would do so wherever the hypervisor likes.
--
-- Source: Sigy, 2024 (SGX: forged signals), carried over to SNP; attack catalogue A32.
-- Preconditions: a launch without restricted injection.
-- Schedule: any.
-- Shows, with --monitor default (which causes no exception): termination with code 0x46. With
-- restricted injection VMRUN itself is refused (15_wesee.lua), unless the processor has a bug
-- (inject_unchecked.lua).

scenario {
  title   = "An exception that no instruction caused",
  source  = "Sigy, 2024; attack catalogue A32",
  monitor = "default",
  guest   = "hello",
  expect  = {
    holds = "all",
    fault = { { name = "ud", vmpl = 0 }, { name = "terminate:5:70" } },
    ends  = "terminated:5:70", -- 0x40 + 6
  },
}

local UD = 6
local done = false

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if not done and exit.kind == "run_vmpl" and exit.target_vmpl == 0 then
      done = true
      hv.inject(vcpu.id, UD, { type = "exception" })
    end
  end
end
