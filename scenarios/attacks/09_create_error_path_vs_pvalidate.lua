-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The error path of CREATE_VCPU against a page that changes hands (A63). The guest names a page P
-- that is no VMSA, so the call fails and gives P back. The hypervisor stops the first processor
-- in front of the RMPADJUST that grants P again: P is not mapped there, so it leaves by a nested
-- page fault. Meanwhile the second processor makes P shared and private again; the hypervisor
-- binds the system page of VMPCK0 to P, mapped read-only: PVALIDATE passes, the scrub's first
-- store exits. Now the first processor goes on, and its grant meets a page that is validated and
-- not overwritten.
--
-- Source: COCONUT-SVSM d162b9df (vulnerable before it); attack catalogue A63, A22.
-- Preconditions: two vCPUs of the guest that work together.
-- Shows, on error-grant (which lets go of the page before it grants it): VMPL3 reads VMPCK0. All
--   is decided at one RMPADJUST: unlocked-shared-state says that another processor was at work on
--   the page, grant-before-scrub that it was not overwritten, the invariants what it held.
-- Shows, on default: the page is held until it is granted, so the second processor finds it busy.
-- Schedule: any.

scenario {
  title   = "CREATE_VCPU fails while the page changes hands",
  source  = "COCONUT-SVSM d162b9df; attack catalogue A63, A22",
  monitor = "default",
  guest   = "attack-09",
  cpus    = 2,
  expect  = {
    ["error-grant"] = {
      violates = {
        "unlocked-shared-state", -- the page is the other processor's, between PVALIDATE and grant
        "grant-before-scrub",    -- which has not overwritten it yet
        "vmpl0-confidentiality", -- it is VMPL0's page of before, now readable at VMPL3
        "vmpl0-integrity",       -- and writable
        "secret-containment",    -- VMPCK0 stands in it
      },
      console = { "attack-09: SetPageShared meanwhile: 0x0", "attack-09: found 0x" },
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      fault   = { name = "npf", gpa = "guest:target", vmpl = 0 }, -- it was stopped there as well
      console = {
        "attack-09: SetPageShared meanwhile: 0x80000007", -- busy
        "attack-09: the page is as it was",
      },
    },
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
