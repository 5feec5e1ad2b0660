-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Heckler against Linux: vector 0x80 as an external interrupt, which nobody has asked for. It comes
-- to a shell that counts, ten times, and to the kernel itself, while it writes to its console and
-- while it has nothing to do.
--
--   prova run scenarios/linux/int80.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: Heckler, USENIX Security 2024, CVE-2024-25744 and CVE-2024-25743; attack catalogue A31;
--   Linux 6.12, ia32_disable() in arch/x86/mm/mem_encrypt_amd.c, arch/x86/kernel/irq.c.
-- Preconditions: an initramfs of tests/linux/initramfs. Nothing else: a Linux guest wants normal
--   injection, so that whatever the hypervisor puts into EVENTINJ arrives, whatever RFLAGS.IF says.
-- Shows: nothing comes of it. Since Linux 6.7 a guest with SEV has no 32-bit system calls: there is
--   no gate for INT 0x80, and vector 0x80 is a device's interrupt that no device has. The kernel
--   says so ("No irq handler"), and what was interrupted goes on: the shell counts right.
-- Schedule: any. Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: INT 0x80 that nobody executed",
  source  = "Heckler, USENIX Security 2024; attack catalogue A31",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "powered-off",
    console = { "No irq handler for", "COUNTED-20000" },
  },
}

local COUNT <const> = "echo COUNTING; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; " ..
                      "echo COUNTED-$i; exit\n"
local IN <const> = 1 -- bit 0 of SW_EXITINFO1
local writing, idle, counting = 0, 0, 0 -- exits with the attack

hv.type("\n") -- the shell writes its prompt again

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "ioio" and exit.nae_info1 & IN == 0 and writing < 3 then
      writing = writing + 1
      hv.inject(vcpu.id, 0x80)
    elseif exit.kind == "hlt" and writing == 3 and idle < 3 then
      idle = idle + 1
      hv.wake(vcpu.id)
      hv.inject(vcpu.id, 0x80)
      if idle == 3 then hv.type(COUNT) end
    elseif hv.printed("\nCOUNTING") and exit.kind == "intr" and counting < 10 then
      counting = counting + 1
      hv.inject(vcpu.id, 0x80)
    end
  end
end
