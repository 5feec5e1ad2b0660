-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- An interrupt between the mark and the call. Linux loads a driver that shares pages, and each
-- costs a call: it sets the byte in its calling area and leaves for the monitor. The hypervisor
-- runs Linux on instead, with an interrupt. Only at the handler's next exit does it run the
-- monitor, and then Linux again.
--
--   prova run scenarios/linux/call-interrupted.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: SVSM 58019 section 5; Linux 6.12, svsm_issue_call() in arch/x86/coco/sev/shared.c;
--   attack catalogue A80.
-- Preconditions: an initramfs of tests/linux/initramfs with --modules; normal injection in the
--   guest's VMPL, which Linux wants.
-- Shows: the monitor finds a call that is pending, and serves it with the registers that the
--   VMSA has now: the handler's. In RAX is what Linux has just written to the GHCB's MSR, a call
--   that there is not; the error code lands in the handler's RAX, which is not read any more.
--   Linux comes back from the interrupt with its byte cleared and its own RAX as it was, the
--   number of the call: no result of a call that was served. It is taken for an error, and since
--   the page is not validated without it, the end is termination (set 1, code 2). The monitor
--   cannot tell such a call from another one: the protocol relies on interrupts being off, and
--   EVENTINJ does not ask RFLAGS.IF.
-- Schedule: any.
-- Recorded with Debian's 6.12.118, cloud and full.

scenario {
  title   = "Linux: an interrupt between mark and call",
  source  = "SVSM 58019; attack catalogue A80",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds = "all",
    ends  = "terminated:1:2",
  },
}

local VECTOR <const> = 0x80 -- a vector that no device has
local LOAD <const> = "while read m; do insmod /modules/$m; done </modules/order\n"
local state = "wait"

hv.type(LOAD)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local call = exit.kind == "run_vmpl" and exit.vmpl == 2 and exit.page_protocol
    if state == "wait" and call then
      state = "marked"
      hv.inject(vcpu.id, VECTOR) -- not answered: Linux runs on, into the handler
    elseif state == "marked" then
      state = "late"
      hv.honest(exit)
      local monitor = vcpu:run { vmsa = hv.vmsa(vcpu.id, 0) }
      assert(monitor.kind == "run_vmpl" and monitor.vmpl == 0, "the call has been served")
      hv.honest(monitor)
    else
      hv.honest(exit)
    end
  end
end
