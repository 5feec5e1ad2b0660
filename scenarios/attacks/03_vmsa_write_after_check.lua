-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The answer of a call is written into a page that has become a VMSA in the meantime (A76): code of
-- the guest's at VMPL 0, without any flaw of hardware or translation.
--
-- The guest has a VMSA for VMPL 0 encrypted under a key of the monitor's, and then decrypted again,
-- so that the text goes to page P. The hypervisor maps P read-only: the monitor reads the request,
-- decrypts it, and stops with a nested page fault at its first store to P. There the hypervisor
-- leaves it. Another vCPU writes a faultless VMSA into P and calls CREATE_VCPU, which checks it.
-- Then the hypervisor lets the store be done, and runs the new vCPU.
--
-- Source: found by review of how monitors write answers; AMD 58019 chapters 6 to 8.
-- Shows, on write-after-check (a buffer is checked, then written, and not held in between): the
--   VMSA that was checked is not the one that runs.
-- Shows, on default (the page is held from the check to the last byte): CREATE_VCPU gives "busy",
--   0x80000007.
-- Schedule: any

scenario {
  title   = "A VMSA overwritten after its check by another call",
  source  = "AMD 58019 chapters 6 to 8",
  monitor = "default",
  guest   = "attack-03",
  cpus    = 3,
  expect  = {
    ["write-after-check"] = {
      violates = {
        "vmsa-checked",    -- it runs with another state than the one that was checked
        "vmsa-privileged", -- at VMPL 0, though VMPL 3 had written to the page
        "measured-code",   -- and VMPL 0 executes the guest's code
      },
      console = {
        "attack-03: CREATE_VCPU meanwhile: 0x0",
        "attack-03: the monitor's page: found ",
      },
    },
    default = {
      holds   = "all",
      console = {
        "attack-03: CREATE_VCPU meanwhile: 0x80000007",
        "attack-03: ok Decrypt",
        "attack-03: the monitor's page: not read",
      },
      ends    = "terminated:0:0",
    },
  },
}

local page, told = guest.symbol("target") + 0x1000, guest.symbol("told")
local closed, stopped = false, false -- P is read-only; the monitor stands before it

local function yields(exit) -- as the guest does where the hypervisor shall act
  return exit.kind == "msr_protocol" and exit.vmpl == 3 and exit.ghcb_msr == 2
end

local program = { [0] = function (vcpu, exit)
  if exit.kind == "page_state_change" and exit.gpa == told then
    hv.write(exit.spa, ("<I8"):pack(monitor.symbol("vmpck0")))
  elseif exit.kind == "npf" and closed and exit.gpa & ~0xfff == page then
    closed, stopped = false, true
    hv.npt_map(page, hv.spa_of(page))
    hv.resume(1)
    vcpu:park()
  elseif yields(exit) and not stopped then
    closed = true
    hv.npt_map(page, hv.spa_of(page), { flags = "rx" })
  elseif yields(exit) then
    hv.resume(2)
  end
end, function (vcpu, exit, yielded)
  if yielded == 1 and not stopped then
    vcpu:park()
  elseif yielded == 2 then
    hv.resume(0)
  end
end, function () end }

function hypervisor(vcpu)
  if vcpu.id == 2 then vcpu:park() end -- until the guest says so
  local yielded = 0
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if yields(exit) then yielded = yielded + 1 end
    program[vcpu.id](vcpu, exit, yielded)
  end
end
