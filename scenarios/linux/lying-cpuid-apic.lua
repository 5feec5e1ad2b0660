-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- One bit of CPUID that Linux lets the hypervisor choose: bit 9 of EDX of leaf 1, "the APIC is
-- on". The hypervisor says that it is off, and is honest in all else.
--
--   prova run scenarios/linux/lying-cpuid-apic.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A45; Linux 6.12, snp_cpuid_postprocess() in
--   arch/x86/coco/sev/shared.c.
-- Preconditions: none.
-- Shows: a kernel without an APIC, though the CPUID page has one, and x2APIC besides. Linux does
--   not come far: it reads the APIC id from where an APIC that it has not mapped would be, and
--   the page fault is the end of its first process. A hypervisor can always refuse to run a
--   guest; what matters is that the kernel stops, and does not go on with a machine that is not
--   there.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: the hypervisor says that there is no APIC",
  source  = "attack catalogue A45; Linux 6.12 snp_cpuid_postprocess()",
  monitor = "default",
  guest   = "linux",
  expect  = {
    holds   = "all",
    ends    = "panic",
    console = "BUG: unable to handle page fault",
  },
}

local CPUID <const>, APIC <const> = 0x72, 1 << 9

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.vmpl == 2 and exit.nae == CPUID and exit.rax == 1 then
      exit.ghcb.rdx = exit.ghcb.rdx & ~APIC
    end
  end
end
