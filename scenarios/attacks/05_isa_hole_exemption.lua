-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Pages that a monitor does not scrub because "the firmware is there" (A02), and the way around a
-- scrub that the hypervisor can block (A03).
--
-- A PC has video memory and ROM at 0xa0000 to 0xfffff. Monitors have left that range unscrubbed
-- (COCONUT-SVSM, linux-svsm), since a hypervisor can map it read-only and the store would never
-- come to an end. But what is there is the hypervisor's choice: its memory map calls it RAM (A08),
-- and the guest makes pages of it shared and private again. The hypervisor maps the first one
-- read-only, so that the scrub faults fifty times, before it relents; behind the second one it puts
-- the system page with the monitor's secret, as in 01_double_map_on_validate.
--
-- Source: COCONUT-SVSM 361e4980; linux-svsm 0de111e.
-- Shows, on isa-hole (no scrub in that range): no fault at the first page, since nobody writes to
--   it, and the secret in the second. Found at the RMPADJUST that grants the page.
-- Shows, on default (no page is granted unscrubbed): the first page stops the processor for as
--   long as the hypervisor wants and is empty then; the secret is gone, and the monitor's next use
--   of it faults, because the RMP says that the page is not VMPCK0's.

scenario {
  title   = "No scrub in the ISA hole",
  source  = "COCONUT-SVSM 361e4980; linux-svsm 0de111e",
  monitor = "default",
  guest   = "attack-05",
  expect  = {
    ["isa-hole"] = {
      violates = {
        "grant-before-scrub",    -- nobody wrote to the page since PVALIDATE
        "vmpl0-confidentiality", -- a page private to VMPL0 became readable at VMPL3
        "vmpl0-integrity",       -- and writable
        "secret-containment",    -- VMPCK0 stands in it
      },
      console = "attack-05: page at 0xa0000: found ",
    },
    default = {
      holds   = "all",
      console = {
        "attack-05: page at 0xf0000: all zero",
        "attack-05: page at 0xa0000: all zero",
      },
      fault   = {
        { name = "npf", gpa = 0xf0000, vmpl = 0 }, -- the scrub is blocked, not skipped
        { name = "npf-rmp", gpa = "vmpck0", vmpl = 0 },
      },
      ends    = "stuck",
    },
  },
}

local firmware, video = 0xf0000, 0xa0000
local secret = hv.spa_of(monitor.symbol("vmpck0"))
local faults = 0 -- that the read-only page may still cost

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local private = exit.kind == "page_state_change" and exit.to == "private" and exit.gpa
    if exit.kind == "npf" and exit.gpa == firmware and faults > 0 then
      faults = faults - 1 -- not answered: the store is tried again
      if faults == 0 then hv.npt_map(firmware, hv.spa_of(firmware)) end
    else
      hv.honest(exit)
    end
    if private == firmware then
      hv.npt_map(firmware, hv.spa_of(firmware), { flags = "rx" })
      faults = 50
    elseif private == video then
      hv.rmpupdate { spa = secret, gpa = video, assigned = true }
      hv.npt_map(video, secret)
    end
  end
end
