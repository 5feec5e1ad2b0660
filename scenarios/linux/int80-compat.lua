-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Heckler against a Linux guest whose owner has asked for 32-bit system calls
-- (ia32_emulation=on). A process has 1 in EAX, 77 in EBX, and does nothing but jump to where it
-- is: it never makes a system call. The hypervisor injects vector 0x80 into it, first as
-- EVENTINJ, then through the APIC.
--
--   prova run scenarios/linux/int80-compat.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: Heckler, USENIX Security 2024, CVE-2024-25744 and CVE-2024-25743; attack catalogue
--   A31; Linux 6.12, int80_emulation() and int80_is_external() in arch/x86/entry/.
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: the first process is gone, with exit code 77: the injected vector was a system call of
--   its own, exit(77). The handler of INT 0x80 does ask whether an interrupt has come instead:
--   it looks whether vector 0x80 is in service in the local APIC. But a guest's APIC is the
--   hypervisor's work, and what EVENTINJ brings is in no APIC. So this defence holds where a
--   module of the guest owns the APIC, and nowhere else; the one that works on SEV is that there
--   is no INT 0x80 at all, which is the default (int80.lua). The second vector goes through the
--   APIC, as a device's would: now it is in service, and the kernel panics.
-- Schedule: any. Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: INT 0x80 that nobody executed, with 32-bit system calls",
  source  = "Heckler, USENIX Security 2024; attack catalogue A31",
  monitor = "default",
  guest   = "linux",
  append  = "ia32_emulation=on prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "panic",
    console = { "EXIT-77", "Kernel panic - not syncing: Unexpected external interrupt 0x80" },
  },
}

local BASE <const> = 0x400000
local CODE <const> = "\xb8\1\0\0\0\xbb\77\0\0\0\xeb\xfe" -- mov $1,%eax; mov $77,%ebx; 1: jmp 1b
local ELF <const> = string.pack("<c16I2I2I4I8I8I8I4I2I2I2I2I2I2", "\x7fELF\2\1\1", 2, 62, 1,
                                BASE + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0) ..
                    string.pack("<I4I4I8I8I8I8I8I8", 1, 5, 0, BASE, BASE, 120 + #CODE,
                                120 + #CODE, 4096) .. CODE
local HEX <const> = ELF:gsub(".", function (c) return ("%02x"):format(c:byte()) end)
local RUN <const> = "echo " .. HEX .. " | xxd -r -p >/tmp/loop; chmod +x /tmp/loop; " ..
                    "for n in 1 2; do echo RUN-$n; /tmp/loop; echo EXIT-$?; done\n"
local VECTOR <const>, GUEST_VMPL <const> = 0x80, 2
local ticks = { 0, 0 } -- in which the process was interrupted

hv.type(RUN)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "intr" and hv.printed("\nRUN-1") then
      local n = hv.printed("\nRUN-2") and 2 or 1
      ticks[n] = ticks[n] + 1
      if ticks[1] == 20 and n == 1 then hv.inject(vcpu.id, VECTOR) end
      if ticks[2] == 20 then hv.interrupt(vcpu.id, VECTOR, GUEST_VMPL) end
    end
  end
end
