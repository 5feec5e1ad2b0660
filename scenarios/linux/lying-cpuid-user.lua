-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- CPUID of a process. Until the shell waits the hypervisor is honest; then two programs execute
-- CPUID, leaf 1, and every bit of the hypervisor's answers is 1.
--
--   prova run scenarios/linux/lying-cpuid-user.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A45; Linux 6.12, vc_handle_cpuid() and snp_cpuid_postprocess() in
--   arch/x86/coco/sev/.
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: CPUID is #VC in a process too, and the kernel answers from the CPUID page, whatever the
--   hypervisor says: no AVX (ECX[28]). The APIC id (EBX[31:24]) is asked for again each time, and
--   the process gets 255, where the kernel itself has had 0 since it booted: programs that tell
--   processors apart by it believe the hypervisor.
-- Schedule: any.
-- Recorded with Debian's 6.12.118, cloud and full.

scenario {
  title   = "Linux: a process asks for CPUID, and the hypervisor answers with all ones",
  source  = "attack catalogue A45; Linux 6.12 snp_cpuid_postprocess()",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "powered-off",
    console = { "APIC-ID-255", "AVX-0" },
  },
}

local CPUID <const>, ONES <const> = 0x72, 0xffffffff
local BASE <const> = 0x400000
local ASK <const> = "\xb8\1\0\0\0\x0f\xa2" -- mov $1,%eax; cpuid
local EXIT <const> = "\xb8\x3c\0\0\0\x0f\x05" -- mov $60,%eax; syscall
local ID <const> = ASK .. "\xc1\xeb\x18\x89\xdf" .. EXIT -- shr $24,%ebx; mov %ebx,%edi
-- shr $28,%ecx; and $1,%ecx; mov %ecx,%edi
local AVX <const> = ASK .. "\xc1\xe9\x1c\x83\xe1\x01\x89\xcf" .. EXIT

-- Shell commands that put the code into a program of that name.
local function program(name, code)
  local elf = string.pack("<c16I2I2I4I8I8I8I4I2I2I2I2I2I2", "\x7fELF\2\1\1", 2, 62, 1, BASE + 120,
                          64, 0, 0, 64, 56, 1, 0, 0, 0) ..
              string.pack("<I4I4I8I8I8I8I8I8", 1, 5, 0, BASE, BASE, 120 + #code, 120 + #code,
                          4096) .. code
  local hex = elf:gsub(".", function (c) return ("%02x"):format(c:byte()) end)
  return "echo " .. hex .. " | xxd -r -p >/tmp/" .. name .. "; chmod +x /tmp/" .. name .. "\n"
end

hv.type(program("id", ID) .. program("avx", AVX) ..
        "/tmp/id; echo APIC-ID-$?; /tmp/avx; echo AVX-$?; exit\n")

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.vmpl == 2 and exit.nae == CPUID then
      hv.answer(exit, { rax = ONES, rbx = ONES, rcx = ONES, rdx = ONES })
    else
      hv.honest(exit)
    end
  end
end
