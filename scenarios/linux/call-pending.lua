-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The hypervisor decides who runs behind a call to the SVSM. Linux loads a driver that shares
-- pages, and each costs a call. At first the hypervisor runs the monitor more often than there are
-- calls, and that is all. Then, asked to run VMPL 0, it says "it ran", and runs Linux.
--
--   prova run scenarios/linux/call-pending.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: SVSM 58019 section 5 (call_pending); Linux 6.12, svsm_perform_ghcb_protocol() in
--   arch/x86/coco/sev/shared.c; attack catalogue A80.
-- Preconditions: an initramfs of tests/linux/initramfs with --modules.
-- Shows: a call is pending until the monitor, and nobody else, clears its byte in the calling
--   area. The monitor that is run without a call finds none and asks for Linux to be run, as
--   often as the hypervisor likes. Linux takes the byte back by XCHG when it comes out of the
--   call; it finds 1, takes the call for failed, and since a page is not validated without it,
--   asks for termination (set 1, code 2: GHCB_TERM_PVALIDATE).
-- Schedule: any.
-- Recorded with Debian's 6.12.118, cloud and full.

scenario {
  title   = "Linux: a call that the hypervisor does not bring to the monitor",
  source  = "SVSM 58019; attack catalogue A80",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "terminated:1:2",
  },
}

local LOAD <const> = "while read m; do insmod /modules/$m; done </modules/order\n"
local calls, again = 0, 0

hv.type(LOAD)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local call = exit.kind == "run_vmpl" and exit.vmpl == 2
    if call then calls = calls + 1 end
    if call and exit.page_protocol and again == 20 then
      hv.answer(exit, { info1 = 0, info2 = 0 }) -- and Linux runs on
    elseif exit.kind == "run_vmpl" and exit.vmpl == 0 and calls > 1 and again < 20 then
      again = again + 1
      hv.answer(exit, { info1 = 0, info2 = 0 }) -- "Linux ran": it did not, VMPL 0 runs again
    else
      hv.honest(exit)
    end
  end
end
