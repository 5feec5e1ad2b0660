-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Double mapping on SetPagePrivate, the attack of VeriSMo's section 8.4.1 (A01).
--
-- The guest makes a page B shared and then private again. When the monitor asks the hypervisor for
-- B's change back to private, the hypervisor gives it the system page X in which the monitor keeps
-- its secret VMPCK0: it binds X to B in the RMP and maps B to X. The monitor validates "B" and
-- grants it to the guest. X still holds the secret, under the same encryption key and the same
-- system address, so whoever reads B reads the secret.
--
-- Beside VMPCK0 the guest gets, in the same call, a page with page tables of the monitor's (A01 b)
-- and one of its code (A01 c); and by a call for 2 MiB, of which one page alone is not what it
-- seems, a stack of the monitor's (A01 d). swap_before_grant.lua exchanges the page later (A01 e).
--
-- Source: VeriSMo, OSDI'24, section 8.4.1.
-- Shows, on no-scrub (which grants pages as it found them): the secret reaches the guest. The rule
--   grant-before-scrub and the invariants find it at the RMPADJUST that grants the page.
-- Shows, on default (which overwrites a page through its new mapping before it grants it): the
--   secret is gone before anybody can read it. When the monitor next needs VMPCK0, its access ends
--   in a nested page fault: the RMP says that X belongs to B and not to VMPCK0's address.

scenario {
  title   = "Double mapping on SetPagePrivate",
  source  = "VeriSMo, OSDI'24, section 8.4.1",
  monitor = "default",
  guest   = "attack-01",
  expect  = {
    ["no-scrub"] = {
      violates = {
        "grant-before-scrub",    -- the bytes that were granted are not those that were scrubbed
        "vmpl0-confidentiality", -- a page private to VMPL0 became readable at VMPL3
        "vmpl0-integrity",       -- and writable
        "secret-containment",    -- VMPCK0 itself stands in the page that was granted
      },
      console = { -- the guest prints the secret, page tables, code
        "attack-01: page 0 after SetPagePrivate: found ",
        "attack-01: page 1 after SetPagePrivate: found ",
        "attack-01: page 2 after SetPagePrivate: found ",
        "attack-01: 2 MiB after SetPagePrivate: found ",
      },
    },
    default = {
      holds   = "all",
      console = {
        "attack-01: page 0 after SetPagePrivate: all zero",
        "attack-01: page 1 after SetPagePrivate: all zero",
        "attack-01: page 2 after SetPagePrivate: all zero",
        "attack-01: 2 MiB after SetPagePrivate: all zero",
      },
      fault   = { name = "npf-rmp", gpa = "vmpck0", vmpl = 0 },
      ends    = "stuck",
    },
  },
}

local pages, large = guest.symbol("pages"), 0x400000
local bind = { -- the guest's pages, and whose system pages the hypervisor gives for them
  [pages]          = monitor.symbol("vmpck0"),
  [pages + 0x1000] = monitor.symbol("layout_launch_page_tables"),
  -- Code of the key that signs, in a page that has nothing else: how the file is laid out differs.
  [pages + 0x2000] = (monitor.symbol("point_mul") + 0xfff) & ~0xfff,
  [large + 0x5000] = monitor.symbol("cpu_boot"),
}

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "private" then
      if exit.size == "2m" then hv.psmash(exit.spa) end
      for gpa, victim in pairs(bind) do
        if gpa >= exit.gpa and gpa < exit.gpa + (exit.size == "2m" and 0x200000 or 0x3000) then
          local spa = hv.spa_of(victim)
          hv.rmpupdate { spa = spa, gpa = gpa, assigned = true }
          hv.npt_map(gpa, spa)
          hv.log(("bound the monitor's page 0x%x to GPA 0x%x"):format(victim, gpa))
        end
      end
    end
  end
end
