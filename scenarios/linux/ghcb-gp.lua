-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Linux reads a register of its UART, and the hypervisor answers with a general protection
-- fault.
--
--   prova run scenarios/linux/ghcb-gp.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A42; Linux 6.12, verify_exception_info() in
--   arch/x86/coco/sev/shared.c.
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: #GP is an answer that GHCB 56421 allows, so it is delivered as if IN had raised it. No
--   code of the kernel expects that of IN: Oops at io_serial_in, in an interrupt, and a panic. A
--   hypervisor that wants a kernel to fault has this at any IN, OUT, RDMSR and CPUID.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: #GP for an answer",
  source  = "attack catalogue A42; Linux 6.12 verify_exception_info()",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "panic",
    console = { "general protection fault", "io_serial_in", "Fatal exception in interrupt" },
  },
}

local GP <const> = 0x80000b0d -- valid, error code valid, exception 13
local done

hv.type("x")

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if not done and exit.kind == "ioio" and exit.nae_info1 & 1 == 1 then
      done = true
      exit.ghcb.info1, exit.ghcb.info2 = 1, GP
    end
  end
end
