-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A vCPU that was replaced runs on (A64). The guest makes a vCPU by CREATE_VCPU, then another in
-- its place, and at last deletes the first one. The monitor tells the hypervisor that the first
-- VMSA is not to be run any more; the hypervisor goes on running it, in turn with the new one.
--
-- Source: COCONUT-SVSM 50ad98e2 (vulnerable before it); attack catalogue A64.
-- Preconditions: two processors. The page of a replaced vCPU stays a VMSA until DELETE_VCPU.
-- Shows, on delete-running (which relies on what it told the hypervisor): the old vCPU counts on
--   beside the new one, on the same processor, with registers that the guest has given up.
--   vmsa-current finds the first VMRUN of it. Only DELETE_VCPU ends it, as the RMPADJUST that
--   gives the page back clears its VMSA bit.
-- Shows, on default: EFER.SVME of the old VMSA is cleared by a store, so VMRUN is refused. That
--   the VMSA's next exit does not write the old value back rests on the platform: a store to the
--   page of a VMSA that runs waits until it has left (setting inuse_write, npf_retry).
-- Schedule: any.

scenario {
  title   = "A vCPU that was replaced runs on",
  source  = "COCONUT-SVSM 50ad98e2; attack catalogue A64",
  monitor = "default",
  guest   = "attack-11",
  cpus    = 2,
  expect  = {
    ["delete-running"] = {
      violates = "vmsa-current",
      ends     = "terminated:1:1",
      console  = "attack-11: FAILED the old one does not run any more",
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      fault   = "invalid",
      console = "attack-11: 7 passed, 0 failed",
    },
  },
}

local DESTROY, REFUSED = 2, -1
local old -- the VMSA that must not run any more

function hypervisor(vcpu)
  local turn = true
  while true do
    turn = not turn
    local again = vcpu.id == 1 and turn and old
    local exit = again and vcpu:run { vmsa = again } or vcpu:run()
    if exit.kind == "ap_creation" and exit.nae_info1 & 0xffff == DESTROY then
      old = hv.vmsa(1, 3)
    end
    if again and exit.kind == "invalid" then
      if exit.code == REFUSED then old = nil end
    else
      hv.honest(exit)
    end
  end
end
