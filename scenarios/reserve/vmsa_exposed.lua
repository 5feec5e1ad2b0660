-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A VMSA that the guest can reach. The guest makes a vCPU by CREATE_VCPU, from a page of its own.
-- That page has become a VMSA: it holds the registers of the vCPU, and the VMPL at which it runs.
-- The guest reads it, then writes VMPL 0 into it, and lets the hypervisor run it once more.
--
-- Source: COCONUT SVSM 911877ef (RMPADJUST gave more than it should); attack catalogue A66, A60.
-- Preconditions: two processors; an honest hypervisor will do.
-- Schedule: any.
-- Shows, with --monitor half-revoke (which leaves VMPL 3 its R when it sets the VMSA bit): the
-- guest reads the registers, then is stopped at the store. vmsa-grant finds the first RMPADJUST
-- that does so; that is at start-up already, for the VMSA that the monitor makes for itself on the
-- second processor, and which the guest could reach as well.
-- Shows, with --monitor open-vmsa (R and W): the store succeeds, the vCPU runs the guest's code at
-- VMPL 0 and reads the monitor's memory. vmsa-grant and vmsa-sealed find the RMPADJUST,
-- vmsa-privileged the first VMRUN of a VMPL0 VMSA that VMPL 3 could have written, measured-code the
-- fetch.
-- Shows, with --monitor default: the page is nobody's below VMPL 0 from before the check on, and
-- afterwards the guest may read it, as Linux does; its store ends in a nested page fault.

scenario {
  title   = "A VMSA that the guest can reach",
  source  = "COCONUT SVSM 911877ef; attack catalogue A60, A66",
  monitor = "default",
  guest   = "attack-vmsa",
  cpus    = 2,
  expect  = {
    ["half-revoke"] = {
      violates = { "vmsa-grant" },
      fault    = { name = "npf-vmpl", gpa = "guest:vmsa", vmpl = 3 },
      console  = "attack-vmsa: its RIP is 0x",
    },
    ["open-vmsa"] = {
      violates = { "vmsa-grant", "vmsa-sealed", "vmsa-privileged", "measured-code" },
      console  = "attack-vmsa: the monitor's memory reads 4c504e534f464e49", -- SNPLINFO
    },
    default = {
      holds   = "all",
      fault   = { name = "npf-vmpl", gpa = "guest:vmsa", vmpl = 3 },
      ends    = "stuck",
      console = "attack-vmsa: its RIP is 0x",
    },
  },
}

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if vcpu.id == 0 and exit.kind == "msr_protocol" and exit.vmpl == 3 then
      hv.wake(1) -- the guest waits for its other vCPU
    end
  end
end
