-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- CPUID as the hypervisor answers it: every bit of every register is 1, by the MSR protocol and
-- by the GHCB page, from the kernel's first request to its last.
--
--   prova run scenarios/linux/lying-cpuid.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A45; Linux 6.12, snp_cpuid_postprocess() in
--   arch/x86/coco/sev/shared.c.
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: the kernel takes what the CPU can do from the CPUID page, which the firmware has
--   checked: of leaf 1 it asks the hypervisor for two things that no page can know, the APIC id
--   and whether the APIC is on. So the CPU has no AVX, though the answer says so, and the APIC
--   id is a firmware's bug ("APIC ID mismatch"), for the APIC itself says 0. Nothing else comes
--   of it.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: the hypervisor answers CPUID with all ones",
  source  = "attack catalogue A45; Linux 6.12 snp_cpuid_postprocess()",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  expect  = {
    holds   = "all",
    ends    = "powered-off",
    console = {
      "APIC ID mismatch. CPUID: 0x00ff APIC: 0x0000", "initial apicid\t: 255", "AVX-0"
    },
  },
}

local CPUID <const>, CPUID_REQUEST <const>, CPUID_ANSWER <const> = 0x72, 4, 5
local ONES <const> = 0xffffffff
local LOOK <const> = "dmesg | grep mismatch; grep initial /proc/cpuinfo; " ..
                     "echo AVX-$(grep -c avx /proc/cpuinfo); exit\n"
local typed

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.vmpl == 2 and exit.nae == CPUID then
      hv.answer(exit, { rax = ONES, rbx = ONES, rcx = ONES, rdx = ONES })
    elseif exit.vmpl == 2 and exit.kind == "msr_protocol" and
           exit.ghcb_msr & 0xfff == CPUID_REQUEST then
      local register = exit.ghcb_msr & 0xc0000000
      hv.answer(exit, { msr = ONES << 32 | register | CPUID_ANSWER })
    else
      hv.honest(exit)
    end
    if not typed and hv.printed("~ # ") then
      typed = true
      hv.type(LOOK)
    end
  end
end
