-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "A vCPU that was replaced runs on",
  source  = "x",
  monitor = "default",
  guest   = "attack-11",
  cpus    = 2,
  expect  = {
    default = { holds = "all" },
  },
}

local DESTROY = 2
local old    -- VMSA that the monitor has taken away

function hypervisor(vcpu)
  local turn = true
  while true do
    turn = not turn
    local again = vcpu.id == 1 and turn and old
    local exit = again and vcpu:run { vmsa = again } or vcpu:run()
    if exit.kind == "ap_creation" and exit.nae_info1 & 0xffff == DESTROY then
      old = hv.vmsa(1, 3)
    end
    if again and exit.kind == "invalid" then
      hv.log("the old vCPU cannot be run:", exit.code)
      if exit.code == -1 then old = nil end
    else
      hv.honest(exit)
    end
  end
end
