-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A vCPU of the guest that runs at VMPL 0 (A60), and what is tried beside it (A61, A67).
--
-- The guest fills a page with a VMSA that says VMPL 0, has it made a vCPU by CREATE_VCPU, and the
-- hypervisor runs it: the guest's code then runs where the monitor does, and reads the page of
-- VMPCK0. Before that the guest tries RMPADJUST itself, the hypervisor runs the page while it is an
-- ordinary one, and the guest offers a VMSA with other SEV_FEATURES than the monitor's.
--
-- Source: AMD 58019 section 6.3; linux-svsm c684df3, e9d7c30; COCONUT-SVSM 53962427.
-- Shows, on any-vmpl (CREATE_VCPU does not look at the VMPL): the guest's code at VMPL 0, found at
--   the VMRUN and at its first instruction.
-- Shows, on default: CREATE_VCPU gives 0x80000005. On both: RMPADJUST is refused, for the page that
--   is no VMSA VMRUN gives VMEXIT_INVALID, other SEV_FEATURES are refused.
-- Schedule: any

scenario {
  title   = "A VMSA for VMPL 0",
  source  = "AMD 58019 section 6.3; linux-svsm c684df3, e9d7c30; COCONUT-SVSM 53962427",
  monitor = "default",
  guest   = "attack-07",
  cpus    = 2,
  expect  = {
    ["any-vmpl"] = {
      violates = {
        "vmsa-privileged", -- VMRUN at VMPL 0 of a page that VMPL 3 had written
        "measured-code",   -- VMPL 0 executes the guest's code
      },
      console = {
        "attack-07: CREATE_VCPU at VMPL 0: 0x0",
        "attack-07: the monitor's page: found ",
      },
    },
    default = {
      holds   = "all",
      fault   = "invalid",
      console = {
        "attack-07: ok RMPADJUST is refused",
        "attack-07: ok CREATE_VCPU with other SEV_FEATURES",
        "attack-07: CREATE_VCPU at VMPL 0: 0x80000005",
        "attack-07: the monitor's page: not read",
      },
      ends    = "terminated:0:0",
    },
  },
}

local page, told = guest.symbol("vmsa"), guest.symbol("told")

function hypervisor(vcpu)
  if vcpu.id == 1 then
    vcpu:park() -- until the page is filled
    assert(vcpu:run { vmsa = hv.spa_of(page) }.kind == "invalid")
  end
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.gpa == told then
      hv.write(exit.spa, ("<I8"):pack(monitor.symbol("vmpck0")))
    elseif exit.kind == "msr_protocol" and exit.vmpl == 3 and exit.ghcb_msr == 2 then
      hv.resume(1)
    end
  end
end
