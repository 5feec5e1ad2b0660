-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The monitor runs code of the guest's. A monitor has a call by which a guest may have a routine of
-- its own executed, "at its own risk"; for this its windows into guest memory are executable. The
-- routine runs at VMPL 0 and reads what it likes.
--
-- Source: attack catalogue A83 (executable guest mappings: linux-svsm 975c44c, 5443c10), I21.
-- Preconditions: none beyond the call; an honest hypervisor will do.
-- Schedule: any.
-- Shows, with --monitor guest-code: the routine reads the monitor's INFO page ("SNPLINFO").
-- measured-code finds the first fetch of VMPL 0 from a page with bytes of the guest.
-- Shows, with --monitor default: there is no such call, and no window that could execute anything.

scenario {
  title   = "The monitor runs code of the guest's",
  source  = "linux-svsm 975c44c, 5443c10; attack catalogue A83",
  monitor = "default",
  guest   = "attack-hook",
  expect  = {
    ["guest-code"] = {
      violates = { "measured-code" },
      ends     = "terminated:0:0",
      console  = "the routine saw 0x4f464e494c504e53",
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = "attack-hook: the call gave 0x80000002, the routine saw 0x0",
    },
  },
}
