-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "A page list that changes while it is worked on",
  source  = "x",
  monitor = "default",
  guest   = "attack-14",
  cpus    = 2,
  expect  = {
    default = { holds = "all" },
  },
}

local mailbox, target = guest.symbol("mailbox"), guest.symbol("target")
local key = monitor.symbol("vmpck0")
local changed = false

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local change = exit.kind == "page_state_change"
    hv.honest(exit)
    if change and exit.to == "shared" and exit.gpa == mailbox then
      hv.write(hv.spa_of(mailbox), string.pack("<I8", key))
    elseif change and exit.to == "shared" and exit.gpa == target then
      hv.resume(1)     -- the monitor has the list: now it changes
      vcpu:park(1000)
    elseif change and exit.to == "private" and exit.gpa == key then
      local frame = hv.page_alloc()
      hv.rmpupdate { spa = frame, gpa = key, assigned = true }
      hv.npt_map(key, frame)
      hv.vmcb(exit.vmsa).tlb_control = 1 -- no old translation
    elseif vcpu.id == 1 and exit.vmpl == 3 and exit.ghcb_msr == 2 then
      vcpu:park()
    end
  end
end
