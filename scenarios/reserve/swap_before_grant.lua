-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Double mapping between the scrub and the grant (A01 e, A06): one vCPU is enough when the monitor
-- accepts pages that it runs into.
--
-- The guest has a page B made private. The monitor validates and scrubs it. Right before the
-- RMPADJUST that grants B, the hypervisor interrupts the processor, binds the system page with the
-- monitor's secret to B and maps it there. That page is not validated, so RMPADJUST does not change
-- it: #VC 0x404.
--
-- Source: VeriSMo, OSDI'24, section 8.4.1; APM 2 15.36.9.
-- Shows, on auto-accept (the handler validates the page and goes on): RMPADJUST, executed again,
--   grants a page that nobody has scrubbed, and the guest reads the secret.
-- Shows, on default: the #VC ends the machine, with code 0x60.

scenario {
  title   = "Another page between scrub and grant",
  source  = "VeriSMo, OSDI'24, section 8.4.1; APM 2 15.36.9",
  monitor = "default",
  guest   = "page-cycle",
  expect  = {
    ["auto-accept"] = {
      violates = {
        "fail-stop",             -- PVALIDATE in the handler of #VC 0x404
        "single-binding",        -- of a second page for B: the first is valid there still
        "double-validate",
        "grant-before-scrub",    -- then the page is granted
        "vmpl0-confidentiality", -- with VMPL0's content from an earlier binding
        "vmpl0-integrity",
        "secret-containment",    -- VMPCK0
      },
      console = "page-cycle: page after SetPagePrivate: found ",
    },
    default = {
      holds = "all",
      fault = { { name = "vc-not-validated", gpa = "guest:pages", vmpl = 0 }, "terminate:5:96" },
      ends  = "terminated:5:96",
    },
  },
}

local page = guest.symbol("pages") -- B
local secret = hv.spa_of(monitor.symbol("vmpck0"))
local given, stopped = false, false -- B was given to the monitor; it is stopped

at { event = "rmpadjust", gpa = page } (function (cpu)
  if given and not stopped then
    stopped = true
    hv.kick(cpu)
  end
end)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.gpa == page and exit.to == "private" then
      given = true
    elseif exit.kind == "intr" and stopped then
      hv.rmpupdate { spa = secret, gpa = page, assigned = true }
      hv.npt_map(page, secret)
      hv.vmcb(exit.vmsa).tlb_control = 1
    end
  end
end
