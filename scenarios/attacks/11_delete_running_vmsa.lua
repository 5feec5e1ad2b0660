-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A vCPU that was replaced runs on (A64). The guest makes a vCPU by CREATE_VCPU, then another in
-- its place, and at last deletes the first one. The monitor tells the hypervisor that the first
-- VMSA is not to be run any more; the hypervisor says yes, and goes on running it, in turn with
-- the new one.
--
-- Source: COCONUT-SVSM 50ad98e2 (vulnerable before it); attack catalogue A64.
-- Preconditions: two processors. The page of a replaced vCPU stays a VMSA until DELETE_VCPU.
-- Shows, on delete-running (which relies on what it told the hypervisor): the old vCPU counts on
--   beside the new one, on the same processor. vmsa-current finds the first VMRUN of it after the
--   new one was made. Only DELETE_VCPU ends it: the RMPADJUST that gives the page back waits
--   until it has left, and clears the page's VMSA bit.
-- Shows, on default: it clears EFER.SVME in the old VMSA. The page of a VMSA that runs is in use,
--   so the store is a nested page fault until it has left, and the next VMRUN is refused. This
--   rests on the platform: where such a store is done at once, the VMSA's exit writes the old
--   value back, and the old vCPU runs on (--set inuse_write=allow: vmsa-current is violated).
-- Schedule: any.

scenario {
  title   = "A vCPU that was replaced runs on",
  source  = "COCONUT-SVSM 50ad98e2; attack catalogue A64",
  monitor = "default",
  guest   = "attack-11",
  cpus    = 2,
  slice_insns = 1000,
  expect  = {
    ["delete-running"] = {
      violates = "vmsa-current",
      ends     = "terminated:1:1",
      console  = "attack-11: FAILED the old one does not run any more",
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      fault   = { { name = "npf-rmp", gpa = "guest:vmsa_page", vmpl = 0 }, "invalid" },
      console = "attack-11: 7 passed, 0 failed",
    },
  },
}

local DESTROY = 2
local old         -- the VMSA that must not run any more
local at_once = 0 -- so many times it is run without a turn of the new one: when the monitor stores

function hypervisor(vcpu)
  local turn = true
  while true do
    turn = not turn or at_once > 0
    local again = vcpu.id == 1 and turn and old
    if again then at_once = math.max(at_once - 1, 0) end
    local exit = again and vcpu:run { vmsa = again } or vcpu:run()
    if exit.kind == "ap_creation" and exit.nae_info1 & 0xffff == DESTROY then
      old, at_once = hv.vmsa(1, 3), 4
      hv.answer(exit, {}) -- "done": it runs on
      vcpu:park(1)        -- the other processor has left the guest, and runs it again right now
    elseif exit.kind == "invalid" then -- until there is another one
      old = nil
      vcpu:park(1)
    else
      hv.honest(exit)
    end
  end
end
