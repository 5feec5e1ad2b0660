-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The hypervisor alone decides which VMSA runs, when and on which processor. Here it lies about it
-- in every way that the GHCB protocol has words for: the guest's call is dropped; the monitor is
-- told that the guest ran, and it did not; the guest runs on a processor that is not its own, and
-- the monitor at the same time on the guest's. At last it refuses to run the guest; and when the
-- monitor asks for the end of the machine, it runs the monitor on.
--
-- Source: attack catalogue A50, A51, A65, A80; COCONUT SVSM 954873bb; GHCB 56421 section 2.3.1.
-- Preconditions: none; all of this is a hypervisor's right.
-- Schedule: any.
-- Shows, with --monitor term-returns (which serves calls when it is run after its termination
-- request): the guest goes on as if nothing had happened, under a monitor that had given up on its
-- machine. fail-stop finds it at the first request after the termination request.
-- Shows, with --monitor default: the lies about who runs change nothing, for calls are served once,
-- by the guest's VMSA and its pending flag alone; and after the termination request there is
-- nothing but the same request again, however often the monitor is run.

scenario {
  title   = "The hypervisor runs what it likes",
  source  = "attack catalogue A50, A51, A65, A80; COCONUT SVSM 954873bb",
  monitor = "default",
  guest   = "attack-23",
  cpus    = 2,
  expect  = {
    ["term-returns"] = {
      violates = { "fail-stop" },
      ends     = "terminated:0:0",
      console  = { "RUN_VMPL refused", "attack-23: done, 1 dropped, 0 wrong" },
    },
    default = {
      holds   = "all",
      fault   = "terminate:5:41",
      ends    = "terminated:5:41",
      console = { "attack-23: call 1 was dropped", "attack-23: call 5 served", "RUN_VMPL refused" },
    },
  },
}

local calls, runs, again = 0, 0, 0
local guest -- the guest's VMSA, while it runs on processor 1

local function elsewhere(vcpu) -- processor 1
  vcpu:park()
  local exit = vcpu:run { vmsa = guest }
  hv.log("the guest has run on processor 1 and left by", exit.kind)
end

at { event = "vmgexit", vcpu = 1, nth = 1 } (function () hv.resume(0) end)

local function monitor_asks(vcpu, exit) -- RUN_VMPL
  runs = runs + 1
  if runs == 5 then
    hv.answer(exit, { info1 = 0, info2 = 0 }) -- "it ran": it did not
  elseif runs == 8 then
    guest = hv.vmsa(0, 3)
    hv.answer(exit, { info1 = 0, info2 = 0 }) -- "it ran": it runs now, on the other processor
    hv.resume(1)
    vcpu:park() -- until it is at work there
  elseif runs == 12 then
    hv.answer(exit, { info1 = 2, info2 = 7 }) -- refused
  else
    hv.honest(exit)
  end
end

function hypervisor(vcpu)
  if vcpu.id == 1 then return elsewhere(vcpu) end
  while true do
    local exit = vcpu:run()
    if exit.kind == "run_vmpl" and exit.vmpl == 0 then
      monitor_asks(vcpu, exit)
    elseif exit.kind == "run_vmpl" then
      calls = calls + 1
      if calls ~= 3 then hv.honest(exit) end -- else dropped: the guest runs on
    elseif exit.kind == "terminate" and exit.vmpl == 0 and again < 20 then
      again = again + 1 -- asked, not answered: the monitor runs on
    elseif exit.kind ~= "hlt" or again == 0 then
      hv.honest(exit)
    end
  end
end
