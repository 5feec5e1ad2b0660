-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The monitor as a confused deputy (A09, A14, A70, A75). The guest names pages of the monitor's
-- in calls about pages: as a VMSA, to be made shared, as a buffer for a report, as a calling
-- area. A page that turns out to be no VMSA is given "back" to the guest. Where the key and the
-- code are, the hypervisor tells it in a shared page: the monitor's binary is public.
--
-- Source: Linux SVSM c684df3, COCONUT-SVSM db8d2d79 (vulnerable before them); attack catalogue
--   A09, A14, A70, A75.
-- Preconditions: none that the hypervisor could not do without; it only knows addresses.
-- Shows, on no-range (for which its own pages pass for the guest's): three failing calls give
--   VMPL3 page tables of the launch, VMPCK0 and a page of the monitor's code; the guest reads the
--   key, writes a function, and VMPL0 runs it.
-- Shows, on default: each address is refused before anything is touched. So are addresses with
--   the C-bit or higher bits, and one that is not a page's.
-- Schedule: any.

scenario {
  title   = "The monitor as a confused deputy",
  source  = "Linux SVSM c684df3, COCONUT-SVSM db8d2d79; attack catalogue A09, A14, A70, A75",
  monitor = "default",
  guest   = "attack-12",
  cpus    = 2,
  expect  = {
    ["no-range"] = {
      violates = {
        "grant-private",         -- the launch gave these pages to VMPL0 alone
        "vmpl0-confidentiality", -- page tables, code
        "vmpl0-integrity",
        "secret-containment",    -- VMPCK0
        "one-to-one",            -- VMPL0 has its own pages in a window for the guest's
        "page-table-exposed",    -- the launch's page tables are granted
        "validate-page-table",   -- and given back to the hypervisor
        "measured-code",         -- VMPL0 runs what VMPL3 wrote
        "double-fetch",          -- and uses a key that VMPL3 can change while it does
      },
      ends    = "terminated:1:6",
      console = {
        "attack-12: VMPCK0 begins with 0x",
        "attack-12: the monitor runs the guest's code",
      },
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = {
        "attack-12: ok code as a VMSA: refused",
        "attack-12: ok page tables to shared: refused",
        "attack-12: ok a report into the monitor: refused",
        "attack-12: ok calling area in the monitor: refused",
        "attack-12: 12 passed, 0 failed",
      },
    },
  },
}

local mailbox = guest.symbol("mailbox")
local told = string.pack("<I8I8", monitor.symbol("vmpck0"), monitor.symbol("call_derive_key"))

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "shared" and exit.gpa == mailbox then
      hv.write(hv.spa_of(mailbox), told)
    end
  end
end
