-- SPDX-License-Identifier: GPL-2.0-or-later
-- Large pages that are taken out of the nested page table come back at the access, wherever in the
-- 2 MiB it is: the RMP entry that counts is that of the first page.
scenario {
  title   = "unmapped large pages",
  monitor = "default",
  guest   = "hello",
  expect  = { holds = "all", ends = "terminated:0:0", console = "hello: guest at VMPL 3" },
}

local LARGE <const> = 2 << 20
local inside, unmapped = 0, 0

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.kind == "npf" and exit.gpa % LARGE >= 4096 then
      inside = inside + (hv.rmpread(exit.spa // LARGE * LARGE).size == "2m" and 1 or 0)
    end
    if exit.kind == "terminate" then assert(unmapped > 0 and inside > 0) end
    hv.honest(exit)
    if unmapped == 0 and exit.kind == "run_vmpl" and exit.target_vmpl == 3 then
      for gpa = 0, (64 << 20) - LARGE, LARGE do
        local map = hv.npt_lookup(gpa)
        if map and map.size == "2m" and hv.rmpread(map.spa).assigned then
          hv.npt_unmap(gpa, "2m")
          unmapped = unmapped + 1
        end
      end
      hv.vmcb(hv.vmsa(vcpu.id, 3)).tlb_control = 1
    end
  end
end
