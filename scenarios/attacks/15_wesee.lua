-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- WeSee (A30): a #VC that no instruction caused. While the guest makes a page private again, the
-- hypervisor binds the system page of VMPCK0 to it, as in 01_double_map_on_validate, and maps it
-- read-only. The monitor's scrub, one instruction, exits at its first store. Now the hypervisor
-- injects vector 29 with the error code of VMMCALL.
--
-- Source: WeSee, IEEE S&P 2024, CVE-2024-25742; attack catalogue A30.
-- Preconditions: a launch without restricted injection.
-- Shows, on no-restricted-injection (whose #VC handler does what the error code says, as guest
--   kernels did): the registers of VMPL0 go to the hypervisor, one of them comes back as it
--   likes, and execution goes on behind the instruction: the scrub is skipped. fail-stop finds
--   that VMPL0 goes on at all, the others find the grant of a page that was not overwritten. The
--   monitor ends stuck when it needs VMPCK0, too late.
-- Shows, on default: no instruction of the monitor's causes #VC, so any one ends the machine.
--   With restricted injection (--set restricted_injection=on) VMRUN itself is refused.
-- Schedule: any.

scenario {
  title   = "WeSee: a #VC that no instruction caused",
  source  = "WeSee, IEEE S&P 2024; attack catalogue A30",
  monitor = "default",
  guest   = "page-cycle",
  expect  = {
    ["no-restricted-injection"] = {
      violates = {
        "fail-stop",             -- VMPL0 calls the hypervisor after a #VC that was injected
        "grant-before-scrub",    -- the scrub was the instruction that it took for VMMCALL
        "vmpl0-confidentiality", -- VMPCK0's page
        "vmpl0-integrity",
        "secret-containment",
      },
      ends    = "stuck",
      console = "page-cycle: page after SetPagePrivate: found ",
    },
    default = {
      holds   = "all",
      ends    = "terminated:5:93", -- 0x40 + 29
      fault   = { { name = "vc", vmpl = 0 }, "terminate:5:93" },
      console = "monitor: cpu 0: exception 29 error 0x81",
    },
  },
}

local VC, VMMCALL = 29, 0x81
local secret = hv.spa_of(monitor.symbol("vmpck0"))
local shared, page = {}, nil -- page: that becomes private again

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local change = exit.kind == "page_state_change"
    if exit.kind == "npf" and exit.gpa == page then -- the scrub
      hv.npt_map(page, secret)
      hv.inject(vcpu.id, VC, { type = "exception", error = VMMCALL })
      page = false
    elseif exit.nae == VMMCALL then
      hv.log(("VMPL0's RAX is 0x%x, RCX 0x%x"):format(exit.rax, exit.rcx))
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
