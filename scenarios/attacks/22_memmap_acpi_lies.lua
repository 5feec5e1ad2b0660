-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A memory map that names the monitor. It calls the page in which the firmware has put the secrets
-- RAM of the guest. A monitor that believes it validates the page, overwrites it and grants it. The
-- hypervisor gives it an empty page F for PVALIDATE and for the overwriting, and puts the real page
-- S back for the grant: both are valid at that address now, so it can change between them at will.
-- When the monitor wipes the secrets, it wipes F; when the guest reads, it reads S.
--
-- Source: COCONUT SVSM b6d1f2c3 (issue 114), 9a13e865; attack catalogue A08, A48 (this monitor
-- reads no ACPI tables; what it is told of processors and memory is in PARAMS).
-- Preconditions: the memory map is the hypervisor's, as in PARAMS (docs/launch-abi.md) or fw_cfg.
-- Schedule: any.
-- Shows, with --monitor map-overlap (which cuts its own range out of the entry that holds its
-- start, and looks at no other): the guest reads VMPCK0. double-validate and single-binding find
-- the PVALIDATE of a page that is valid elsewhere; grant-private, vmpl0-confidentiality,
-- vmpl0-integrity and secret-containment the RMPADJUST that grants S; translation and vm-integrity
-- the changes between F and S.
-- Shows, with --monitor default: its own range is its own whatever the map says. It never validates
-- the page, and the guest that reads it gets a nested page fault.

local SECRETS = 0x80a000 -- docs/monitor.md, "Memory"

scenario {
  title      = "A memory map that names the monitor",
  source     = "COCONUT SVSM b6d1f2c3 (issue 114); attack catalogue A08, A48",
  monitor    = "default",
  guest      = "attack-22",
  memory_map = { { gpa = 0, bytes = 0x800000 }, { gpa = SECRETS, bytes = 0x1000 },
                 { gpa = 0x1000000, bytes = 0x3000000 } },
  expect = {
    ["map-overlap"] = {
      violates = { "double-validate", "single-binding", "grant-private", "vmpl0-confidentiality",
                   "vmpl0-integrity", "secret-containment", "translation", "vm-integrity" },
      ends     = "terminated:0:0",
      console  = "attack-22: found ",
    },
    default = {
      holds   = "all",
      fault   = { name = "npf-vmpl", gpa = SECRETS, vmpl = 3 },
      ends    = "stuck",
      console = "attack-22: RAM within the monitor at 0x80a000",
    },
  },
}

local S, F = hv.spa_of(SECRETS), hv.page_alloc()
local granted = false

at { event = "pvalidate", gpa = SECRETS, nth = 1 } (function ()
  hv.rmpupdate { spa = F, gpa = SECRETS, assigned = true }
  hv.npt_map(SECRETS, F)
end)

at { event = "rmpadjust", gpa = SECRETS, nth = 1 } (function ()
  hv.npt_map(SECRETS, S)
  granted = true
end)

at { event = "instruction", symbol = "secrets_wipe", nth = 1 } (function ()
  if granted then hv.npt_map(SECRETS, F) end
end)

at { event = "instruction", symbol = "guest_main", guest = true, nth = 1 } (function ()
  hv.npt_map(SECRETS, S)
end)
