-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A page-state change the other way: Linux asks for a page to be shared, the hypervisor says
-- "done", and leaves it the guest's.
--
--   prova run scenarios/linux/psc-shared.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A43; Linux 6.12, early_set_pages_state() in arch/x86/coco/sev/core.c.
-- Preconditions: none.
-- Shows: the page has been rescinded before (PVALIDATE comes first, then the request), so that
--   it is nobody's now: for an access without C-bit it is not shared, for one with it, not
--   validated. Linux goes on until it clears the page, a nested page fault that does not end.
--   The guest waits; nothing of it is where it should not be.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: a page is not shared, though the hypervisor says so",
  source  = "attack catalogue A43; Linux 6.12 early_set_pages_state()",
  monitor = "default",
  guest   = "linux",
  expect  = {
    holds   = "all",
    ends    = "stuck",
    fault   = { name = "npf-rmp", vmpl = 2 },
  },
}

local NTH <const>, DONE <const> = 100, 0x15 -- of the 512 pages of .bss..decrypted
local changes = 0
local kept -- the page

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.kind == "page_state_change" and exit.vmpl == 2 and exit.to == "shared" then
      changes = changes + 1
    end
    if changes == NTH and not kept then
      kept = exit.gpa
      hv.answer(exit, { msr = DONE })
    else
      if exit.kind == "npf" and kept then assert(exit.gpa // 4096 == kept // 4096) end
      hv.honest(exit)
    end
  end
end
