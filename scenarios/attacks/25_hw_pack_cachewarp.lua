-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- OUTSIDE THE ARCHITECTURE: three modelled hardware bugs against the correct monitor. No monitor
-- can resist them; the run says what is lost when the platform does not keep its promises.
--
-- 1. Lost writes (CacheWarp): VeriSMo's 8.4.1, with the page of VMPCK0 under a page of the guest.
-- The monitor overwrites every byte, as it must; then the hypervisor has the caches drop what was
-- written since the page was last in memory. The zeros are gone, the key is back, and the monitor
-- grants the page.
-- 2. Aliased DRAM (BadRAM): a second address of the same memory that the RMP does not know. The
-- hypervisor writes an old ciphertext back; the guest reads what it had written before.
-- 3. RMP not protected (RMPocalypse): the hypervisor stores into the RMP and gives VMPL 3 a page of
-- the monitor's.
--
-- Source: CVE-2023-20592 (CacheWarp), CVE-2024-21944 (BadRAM), CVE-2025-0033 (RMPocalypse); attack
-- catalogue B1, B2, B3.
-- Preconditions: a processor with these bugs.
-- Schedule: any.
-- Shows, with --monitor default: the guest reads VMPCK0, old text and the monitor's INFO page.
-- vm-integrity finds the writes that no RMP check saw, vmpl0-confidentiality and vmpl0-integrity
-- the grant of the key's page, secret-containment the key in it. There is no defence to name.

scenario {
  title         = "Outside the architecture: lost writes, aliased DRAM, an open RMP",
  source        = "CVE-2023-20592, CVE-2024-21944, CVE-2025-0033; attack catalogue B1, B2, B3",
  monitor       = "default",
  guest         = "attack-25",
  hardware_bugs = { "cachewarp", "alias", "rmp-write" },
  expect        = {
    violates = { "vm-integrity", "vmpl0-confidentiality", "vmpl0-integrity", "secret-containment" },
    ends     = "terminated:0:0",
    console  = {
      "attack-25: the page after SetPagePrivate: found ",
      "attack-25: the page written twice has the old text",
      "attack-25: the monitor's memory reads 0x4f464e494c504e53", -- SNPLINFO
    },
  },
}

local key = hv.spa_of(monitor.symbol("vmpck0"))
local cycled, twice = guest.symbol("cycled"), hv.spa_of(guest.symbol("twice"))
local info = 0x808000 -- docs/monitor.md, "Memory"
local yields, old = 0, nil

-- 1. The two operations between which the monitor overwrites the page.
at { event = "pvalidate", gpa = cycled, spa = key } (function () hw.writeback(key) end)
at { event = "rmpadjust", gpa = cycled, spa = key } (function () hw.invd(key) end)

local function yielded()
  yields = yields + 1
  if yields == 1 then
    old = hw.alias_read(twice, 4096)
  elseif yields == 2 then
    hw.alias_write(twice, old) -- 2.
    hw.rmp_write { spa = hv.spa_of(info), gpa = info, validated = true, perm = { [3] = 1 } } -- 3.
  end
end

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "private" and exit.gpa == cycled then
      hv.rmpupdate { spa = key, gpa = cycled, assigned = true }
      hv.npt_map(cycled, key)
    elseif exit.kind == "msr_protocol" and exit.vmpl == 3 and exit.ghcb_msr & 0xfff == 2 then
      yielded()
    end
  end
end
