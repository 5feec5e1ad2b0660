-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A page list that changes while it is worked on (A71, A72, A73, A74). The guest asks for one page
-- of its own to be made shared, by a list. While the monitor waits for the hypervisor's page-state
-- change, another vCPU writes into the list the address of the monitor's page with VMPCK0, which
-- the hypervisor has told it. Then the guest asks for that page, by its address, to be made
-- private; the hypervisor gives a fresh system page for it. Lists that name their own page, or
-- reach beyond it, come first.
--
-- Source: COCONUT-SVSM's PValidateRequest, which copies; the attack catalogue.
-- Preconditions: two vCPUs of the guest that work together with the hypervisor.
-- Shows, on list-refetch (which reads the address again when it notes the page's new state): the
--   monitor's own page counts as shared memory of the guest's, so the last call validates it a
--   second time and grants it: VMPL0 goes on with a key that the guest has written.
-- Shows, on default: what was checked is what is noted, and the last call is refused.
-- Schedule: any.

scenario {
  title   = "A page list that changes while it is worked on",
  source  = "COCONUT-SVSM, PValidateRequest; attack catalogue A71, A72, A73, A74",
  monitor = "default",
  guest   = "attack-14",
  cpus    = 2,
  expect  = {
    ["list-refetch"] = {
      violates = {
        "double-fetch",    -- the entry; later the key, which is VMPL3's to change by then
        "single-binding",  -- two system pages are valid at the address of VMPCK0
        "double-validate", -- VMPL0 has validated what was valid
        "translation",     -- and reaches a page of its own in another place than before
      },
      ends    = "terminated:1:2",
      console = {
        "attack-14: wrote to the monitor's page",
        "attack-14: FAILED DeriveKey: got 0x80001100", -- the firmware does not know this key
      },
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = {
        "attack-14: the list names another page now",
        "attack-14: SetPageShared of the list's page meanwhile: 0x80000007", -- busy
        "attack-14: ok SetPagePrivate of the monitor's page: refused",
        "attack-14: 11 passed, 0 failed",
      },
    },
  },
}

local mailbox, target = guest.symbol("mailbox"), guest.symbol("target")
local key = monitor.symbol("vmpck0")
local listed = false -- the monitor has read the list

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local to = exit.kind == "page_state_change" and exit.to
    hv.honest(exit)
    if to == "shared" and exit.gpa == mailbox then
      hv.write(hv.spa_of(mailbox), string.pack("<I8", key))
    elseif to == "shared" and exit.gpa == target then
      listed = true
      hv.resume(1)
      vcpu:park() -- until the other one has nothing to do any more
    elseif to == "private" and exit.gpa == key then
      local frame = hv.page_alloc()
      hv.rmpupdate { spa = frame, gpa = key, assigned = true }
      hv.npt_map(key, frame)
      hv.vmcb(exit.vmsa).tlb_control = 1 -- no old translation
    elseif vcpu.id == 1 and exit.vmpl == 3 and exit.ghcb_msr == 2 and not listed then
      vcpu:park()
    end
  end
end
