-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Answers to I/O and MSR requests that are no answers. The end of an interrupt is answered with
-- #GP, the deadline of the timer with #UD; a device's register with a number that fits no
-- register; at last an I/O request with a page fault.
--
--   prova run scenarios/linux/ghcb-fault.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A42, A50; Linux 6.12, verify_exception_info() in
--   arch/x86/coco/sev/shared.c, vc_handle_ioio() and vc_handle_msr().
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: a hypervisor may answer with an exception, and Linux delivers it to itself, if it is
--   #GP or #UD. For an MSR that is what a wrong MSR number does on any machine: "unchecked MSR
--   access error", and on it goes. A value is cut to the width of the access. An exception of
--   any other kind is none that IN could raise: Linux takes it for an error in communication,
--   and where the kernel was interrupted there is nobody to tell: it asks for termination
--   (reason 0:0).
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: exceptions and garbage for answers",
  source  = "attack catalogue A42, A50; Linux 6.12 verify_exception_info()",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "unchecked MSR access error: WRMSR to 0x80b",
  },
}

local MSR <const>, WRITE <const>, EOI <const>, DEADLINE <const> = 0x7c, 1, 0x80b, 0x6e0
local GP <const>, UD <const>, PF <const> = 0x80000b0d, 0x80000306, 0x80000b0e
local LOOP <const> = "dmesg -n 8; echo GOING; i=0; while :; do i=$((i+1)); done\n"
local ticks = 0 -- ends of interrupts since the loop has begun

local function lie(exit)
  local ghcb = exit.ghcb
  local write = exit.nae == MSR and exit.nae_info1 == WRITE
  if write and exit.rcx == EOI then
    ticks = ticks + 1
    if ticks == 10 then ghcb.info1, ghcb.info2 = 1, GP end
  elseif write and exit.rcx == DEADLINE and ticks == 20 then
    ghcb.info1, ghcb.info2 = 1, UD
  elseif exit.kind == "ioio" and exit.nae_info1 & 1 == 1 then -- IN
    if ticks >= 30 then
      ghcb.info1, ghcb.info2 = 1, PF
    else
      ghcb.rax = ghcb.rax | 0xdeadbeef << 32 | 0xcafe << 8
    end
  end
end

hv.type(LOOP)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if hv.printed("\nGOING") and exit.page_protocol then
      lie(exit)
      if ticks == 30 then hv.type("x") end -- and Linux reads it from the UART
    end
  end
end
