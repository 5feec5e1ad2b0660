-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The hypervisor lies about the position of the C-bit, in both places where a guest may look. In
-- the CPUID page it is 47, in the SEV information of the GHCB MSR protocol (0x002) it is 23. Every
-- address of the monitor, 0x80_0000 to 0xff_ffff, has bit 23 set already: page tables made with it
-- look right, map every page where it is, and not one of them encrypted.
--
-- Source: COCONUT SVSM d72a9aac, b193fa20; Linux verify_cbit; attack catalogue A15, A44, A45.
-- Preconditions: the monitor asks the hypervisor before it looks at the CPUID page.
-- Schedule: any.
-- Shows, with --monitor hv-cbit (which believes it): page tables and fetches are private whatever
-- the C-bit says, so the monitor goes on after it has loaded CR3, up to its next access to data:
-- its own stack, private and validated, read with C=0. alias finds it there. What it reads is
-- ciphertext; what it would write, the hypervisor could read. Here it is the end of the run.
-- Shows, with --monitor default (for which the field does not exist): nothing. The position is that
-- of the CPUID page, which the firmware has corrected, and of the first page tables, which are
-- measured.

scenario {
  title   = "The hypervisor lies about the C-bit",
  source  = "COCONUT SVSM d72a9aac, b193fa20; attack catalogue A15, A44, A45",
  monitor = "default",
  guest   = "hello",
  cpuid   = { { leaf = 0x8000001f, ebx = 47 } },
  expect  = {
    ["hv-cbit"] = { violates = { "alias" }, ends = "shutdown" },
    default = { holds = "all", ends = "terminated:0:0", console = "hello: Switch returned 0x0" },
  },
}

local SEV_INFO, POSITION = 0x002, 23

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local asked = exit.kind == "msr_protocol" and exit.ghcb_msr & 0xfff == SEV_INFO
    hv.honest(exit)
    if asked and exit.vmpl == 0 then
      local vmcb = hv.vmcb(exit.vmsa)
      vmcb.ghcb_msr = vmcb.ghcb_msr & ~(0xff << 24) | POSITION << 24
      hv.log("the C-bit is bit", POSITION)
    end
  end
end
