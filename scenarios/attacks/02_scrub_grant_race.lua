-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The double mapping of 01_double_map_on_validate, brought back by a race in a monitor that scrubs
-- every page (A22).
--
-- Two vCPUs ask for the same page P. The hypervisor stops the first one after it has validated and
-- scrubbed P, right before the RMPADJUST that grants it. The second one asks for the page-state
-- change again, and the hypervisor now gives P the system page with the monitor's secret, mapped
-- read-only: PVALIDATE succeeds (CF=0, the page is a new one), the scrub's first store faults, and
-- the processor is kept there. The first one goes on and grants P, which it has not scrubbed.
--
-- Source: VeriSMo, OSDI'24, sections 6.3 and 8.4.1; COCONUT-SVSM d162b9df.
-- Shows, on no-lock (a page that one call works on is open to others): the guest reads the secret.
-- Shows, on default (a page is held from the check to the end of the call): the second call is
--   refused with "busy" (0x80000007) before it has touched anything.
-- Schedule: any

scenario {
  title   = "Two vCPUs race between scrub and grant",
  source  = "VeriSMo, OSDI'24, section 8.4.1; COCONUT-SVSM d162b9df",
  monitor = "default",
  guest   = "attack-02",
  cpus    = 2,
  expect  = {
    ["no-lock"] = {
      violates = {
        "unlocked-shared-state", -- the second PVALIDATE, on a page that the first call has open
        "grant-before-scrub",    -- the first call's RMPADJUST grants a page that it did not scrub
        "vmpl0-confidentiality", -- which is private to VMPL0
        "vmpl0-integrity",
        "secret-containment",    -- and holds VMPCK0
      },
      console = "attack-02: page after SetPagePrivate: found ",
    },
    default = {
      holds   = "all",
      console = {
        "attack-02: SetPagePrivate by vCPU 1: 0x80000007",
        "attack-02: page after SetPagePrivate: all zero",
      },
      ends    = "terminated:0:0",
    },
  },
}

local page = guest.symbol("page")
local secret = hv.spa_of(monitor.symbol("vmpck0"))
local given, stopped = false, false -- P was given to the first call; it is stopped

at { event = "rmpadjust", vcpu = 0 } (function (cpu)
  if given and not stopped then
    hv.kick(cpu)
    stopped = true
  end
end)

local function first(vcpu, exit)
  if exit.kind == "page_state_change" and exit.to == "private" and exit.gpa == page then
    given = true
  elseif exit.kind == "intr" and stopped then
    hv.resume(1)
    vcpu:park()
    hv.vmcb(exit.vmsa).tlb_control = 1
  end
end

local function second(vcpu, exit)
  if exit.kind == "run_vmpl" and exit.vmpl == 3 and not stopped then
    vcpu:park() -- until the first call is where it shall be
  elseif exit.kind == "page_state_change" and exit.gpa == page then
    hv.rmpupdate { spa = hv.spa_of(page) }
    hv.rmpupdate { spa = secret, gpa = page, assigned = true }
    hv.npt_map(page, secret, { flags = "rx" })
  elseif exit.kind == "npf" and exit.gpa == page then
    hv.npt_map(page, secret)
    hv.resume(0)
    vcpu:park()
  end
end

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit);
    (vcpu.id == 0 and first or second)(vcpu, exit)
  end
end
