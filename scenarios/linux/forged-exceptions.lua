-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Exceptions that no instruction caused. Three processes that do nothing but count are given #VC
-- with the exit code of VMMCALL (WeSee), #UD and #GP (as Sigy does); then #VC comes to the
-- kernel, when it has nothing to do.
--
--   prova run scenarios/linux/forged-exceptions.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: WeSee, IEEE S&P 2024, CVE-2024-25742; Sigy, 2024; Linux 6.12, vc_check_opcode_bytes()
--   in arch/x86/coco/sev/core.c; attack catalogue A30, A32.
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: Linux compares a #VC with the instruction at which it came: no VMMCALL there, no
--   copying of registers to the hypervisor, and the process is killed by SIGBUS (128 + 7). #UD
--   and #GP say no more than their number; the processes are killed by SIGILL and SIGSEGV (128 +
--   4, 128 + 11) as if it had been their doing, and one with a handler for these would run it.
--   In the kernel a #VC that does not match is the end: a request for termination (reason 0:0).
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: exceptions that no instruction caused",
  source  = "WeSee, IEEE S&P 2024; Sigy, 2024; attack catalogue A30, A32",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = { "Wrong/unhandled opcode bytes", "EXIT-1-135", "EXIT-2-132", "EXIT-3-139" },
  },
}

local VC <const>, UD <const>, GP <const>, VMMCALL <const> = 29, 6, 13, 0x81
local FORGED <const> = { { VC, VMMCALL }, { UD }, { GP, 0 } }
local LOOPS <const> = "for n in 1 2 3; do echo RUN-$n; (while :; do :; done); " ..
                       "echo EXIT-$n-$?; done\n"
local ticks = { 0, 0, 0 }

local function inject(cpu, vector, code)
  hv.inject(cpu, vector, { type = "exception", error = code })
end

hv.type(LOOPS)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "hlt" and hv.printed("\nEXIT-3-") then
      hv.wake(vcpu.id)
      inject(vcpu.id, VC, VMMCALL)
    elseif exit.kind == "intr" then
      for n = 3, 1, -1 do
        if hv.printed("\nRUN-" .. n) then
          ticks[n] = ticks[n] + 1
          if ticks[n] == 20 then inject(vcpu.id, FORGED[n][1], FORGED[n][2]) end
          break
        end
      end
    end
  end
end
