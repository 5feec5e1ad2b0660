-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A VMSA that is changed through an old translation after it was checked (A62, A21).
--
-- One vCPU of the guest stores the VMPL into a page that looks like a VMSA, again and again.
-- Another has CREATE_VCPU make a vCPU of that page. The monitor takes the page from the guest,
-- checks what is in it and sets the VMSA bit; but the first vCPU has never left the guest, and its
-- translation still says that it may write. When CREATE_VCPU has returned it stores a 0. Then the
-- hypervisor runs the new vCPU.
--
-- Source: APM 2 15.36.15 (RMPADJUST invalidates the caller's translations only); COCONUT-SVSM
--   6dd9b5c1, 08cb11d5; linux-svsm e9d7c30.
-- Shows, on flush-own (only the caller's vCPU is flushed) with tlb_mode arch (only what the manual
--   promises is flushed): the guest's code at VMPL 0.
-- Shows, on default: CREATE_VCPU returns when every other vCPU has left the guest and dropped its
--   translations. The store faults, and the new vCPU runs at VMPL 3, where the monitor's page does.
-- Schedule: any

scenario {
  title    = "A VMSA changed after its check by an old translation",
  source   = "APM 2 15.36.15; COCONUT-SVSM 6dd9b5c1, 08cb11d5",
  monitor  = "default",
  guest    = "attack-08",
  cpus     = 3,
  tlb_mode = "arch",
  expect   = {
    ["flush-own"] = {
      violates = {
        "stale-translation", -- a store to the page after it became a VMSA
        "vmsa-checked",      -- it runs with another state than the one that was checked
        "vmsa-privileged",   -- at VMPL 0, though VMPL 3 had written it
        "measured-code",     -- and VMPL 0 executes the guest's code
      },
      console = {
        "attack-08: the VMSA is written to after CREATE_VCPU: yes",
        "attack-08: the monitor's page: found ",
      },
    },
    default = {
      holds   = "all",
      fault   = {
        { name = "npf-vmpl", gpa = "guest:vmsa", vmpl = 3 },
        { name = "npf-vmpl", gpa = "vmpck0", vmpl = 3 },
      },
      console = {
        "attack-08: the VMSA is written to after CREATE_VCPU: no",
        "attack-08: the monitor's page: not read",
      },
      ends    = "terminated:0:0",
    },
  },
}

local page, told = guest.symbol("vmsa"), guest.symbol("told")
local secret = monitor.symbol("vmpck0")
local waits = true -- the new vCPU

function hypervisor(vcpu)
  if vcpu.id == 2 then vcpu:park() end -- until the guest says so
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    local fault = exit.kind == "npf" and exit.vmpl == 3 and exit.gpa & ~0xfff
    if fault == page or fault == secret then
      vcpu:park() -- no hypervisor can help it
    end
    if exit.kind == "page_state_change" and exit.gpa == told then
      hv.write(exit.spa, ("<I8"):pack(secret))
    elseif exit.kind == "msr_protocol" and exit.vmpl == 3 and exit.ghcb_msr == 2 and waits then
      waits = not hv.resume(2)
    end
  end
end
