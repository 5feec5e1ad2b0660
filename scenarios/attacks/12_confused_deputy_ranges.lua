-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "The monitor as a confused deputy",
  source  = "x",
  monitor = "default",
  guest   = "attack-12",
  cpus    = 2,
  expect  = {
    ["no-range"] = { holds = "all" },
    default = { holds = "all" },
  },
}

local mailbox = guest.symbol("mailbox")
local told = string.pack("<I8I8", monitor.symbol("vmpck0"), monitor.symbol("call_derive_key"))

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "shared" and exit.gpa == mailbox then
      hv.write(hv.spa_of(mailbox), told)
    end
  end
end
