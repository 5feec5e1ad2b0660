-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "CREATE_VCPU fails while the page changes hands",
  source  = "x",
  monitor = "default",
  guest   = "attack-09",
  cpus    = 2,
  expect  = {
    default = { holds = "all" },
  },
}

local page, secret = guest.symbol("target"), hv.spa_of(monitor.symbol("vmpck0"))
local failed = false

at { event = "instruction", symbol = "guest_page_grant", vcpu = 0, nth = 1 } (function ()
  hv.npt_unmap(page) -- the grant of the error path exits
end)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if vcpu.id == 1 and exit.vmpl == 3 and exit.ghcb_msr == 2 and not failed then
      vcpu:park() -- until the other one's call has failed
    elseif vcpu.id == 0 and exit.kind == "npf" and exit.gpa == page then
      failed = true
      hv.resume(1)
      vcpu:park() -- in front of the grant
    elseif exit.kind == "page_state_change" and exit.to == "private" and exit.gpa == page then
      hv.rmpupdate { spa = secret, gpa = page, assigned = true }
      hv.npt_map(page, secret, { flags = "r" }) -- enough for PVALIDATE, not for the scrub
    elseif vcpu.id == 1 and exit.kind == "npf" and exit.gpa == page then
      hv.resume(0)
      vcpu:park()
    end
  end
end
