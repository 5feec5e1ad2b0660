-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "WeSee: a #VC that no instruction caused",
  source  = "x",
  monitor = "default",
  guest   = "page-cycle",
  expect  = {
    default = { holds = "all" },
  },
}

local VC, VMMCALL = 29, 0x81
local secret = hv.spa_of(monitor.symbol("vmpck0"))
local shared = {}
local page -- that becomes private again

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local change = exit.kind == "page_state_change"
    if exit.kind == "npf" and exit.gpa == page then
      hv.npt_map(page, secret)
      hv.inject(vcpu.id, VC, { type = "exception", error = VMMCALL })
      page = false
    elseif exit.nae == VMMCALL then
      hv.log(("VMPL0's RAX is 0x%x"):format(exit.rax))
      hv.answer(exit, { rax = 0 })
    else
      hv.honest(exit)
    end
    if change and exit.to == "shared" then shared[exit.gpa] = true end
    if change and exit.to == "private" and shared[exit.gpa] and page == nil then
      page = exit.gpa
      hv.rmpupdate { spa = secret, gpa = page, assigned = true }
      hv.npt_map(page, secret, { flags = "r" })
    end
  end
end
