-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Double mapping on SetPagePrivate, the attack of VeriSMo's section 8.4.1.
--
-- The guest makes a page B shared and then private again. When the monitor asks the hypervisor for
-- B's change back to private, the hypervisor gives it the system page X in which the monitor keeps
-- its secret VMPCK0: it binds X to B in the RMP and maps B to X. The monitor validates "B" and
-- grants it to the guest. X still holds the secret, under the same encryption key and the same
-- system address, so whoever reads B reads the secret.
--
-- Source: VeriSMo, OSDI'24, section 8.4.1.
-- Shows, with --monitor no-scrub (which grants the page as it found it): the secret reaches the
-- guest.
--   The rule grant-before-scrub and the invariants find it at the RMPADJUST that grants the page.
-- Shows, with --monitor default (which overwrites the page before it grants it): the secret is gone
--   before anybody can read it. When the monitor next needs VMPCK0, its access ends in a nested
-- page
--   fault: the RMP says that X belongs to B and not to VMPCK0's address.
-- Expects: as said, by the name of the monitor.

scenario {
  title   = "Double mapping on SetPagePrivate",
  source  = "VeriSMo, OSDI'24, section 8.4.1",
  monitor = "default",
  guest   = "page-cycle",
  expect  = {
    ["no-scrub"] = {
      violates = {
        "grant-before-scrub",    -- the bytes that were granted are not those that were scrubbed
        "vmpl0-confidentiality", -- a page private to VMPL0 became readable at VMPL3
        "vmpl0-integrity",       -- and writable
        "secret-containment",    -- VMPCK0 itself stands in the page that was granted
      },
      console = "page-cycle: page after SetPagePrivate: found ", -- the guest prints the secret
    },
    default = {
      holds   = "all",
      console = "page-cycle: page after SetPagePrivate: all zero",
      fault   = { name = "npf-rmp", gpa = "vmpck0", vmpl = 0 },
    },
  },
}

local secret = hv.spa_of(monitor.symbol("vmpck0")) -- X
local shared = {}   -- guest pages that were made shared
local done = false

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local change = exit.kind == "page_state_change"
    if change and exit.to == "shared" then
      shared[exit.gpa] = true
    end
    hv.honest(exit)
    if change and exit.to == "private" and shared[exit.gpa] and not done then
      hv.rmpupdate { spa = secret, gpa = exit.gpa, assigned = true }
      hv.npt_map(exit.gpa, secret)
      hv.log(("bound the secret's page 0x%x to GPA 0x%x"):format(secret, exit.gpa))
      done = true
    end
  end
end
