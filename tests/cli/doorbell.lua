-- SPDX-License-Identifier: GPL-2.0-or-later
-- Restricted injection as a script sees it: #HV is all that enters VMPL 0, honest interrupts go
-- through the doorbell page, and the monitor bears a vector it does not know, a signal without an
-- event, and no NMI.
scenario {
  title = "events by the doorbell, and nothing else",
  monitor = "default",
  guest = "hello",
  restricted_injection = true,
  expect = { holds = "all", ends = "terminated:5:66" },
}

local HV = 0x8000031c -- EVENTINJ: valid, exception, vector 28
local refused = {
  { 13, { type = "exception", error = 0 } },
  { 28, { type = "exception", error = 0 } },
  { 29, { type = "exception", error = 0x72 } },
  { 2, { type = "nmi" } },
  { 0x40 },
}

local function pending(spa) return (string.unpack("<I2", hv.read(spa, 2))) end

-- VMRUN with any other event is refused (APM 2 15.36.16).
local function refusals(vcpu)
  for _, event in ipairs(refused) do
    hv.inject(vcpu.id, table.unpack(event))
    local exit = vcpu:run()
    assert(exit.kind == "invalid" and exit.code == -1, "vector " .. event[1])
    hv.vmcb(exit.vmsa).eventinj = 0
  end
end

local rung = 0
function hypervisor(vcpu)
  assert(hv.wake(0), "there is a VMSA to run")
  assert(not pcall(hv.interrupt, 0, 15) and not pcall(hv.interrupt, 0, 0x40, 4))
  assert(not pcall(hv.interrupt, 1, 0x40) and not pcall(hv.nmi, 1) and not pcall(hv.wake, 1))
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    local gpa, spa = hv.doorbell(0)
    local monitor_runs = exit.vmpl == 0 and hv.next_vmsa(0) == exit.vmsa
    if monitor_runs and gpa and rung == 0 then
      refusals(vcpu)
      assert(hv.rmpread(spa).assigned == false and hv.spa_of(gpa) == spa)
    end
    local vmcb = hv.vmcb(exit.vmsa)
    if monitor_runs and gpa and rung < 3 and pending(spa) == 0 then
      rung = rung + 1
      assert(vmcb.eventinj == 0)
      if rung == 1 then
        hv.inject(0, 28, { type = "exception" }) -- a signal with nothing behind it
      elseif rung == 2 then
        hv.interrupt(0, 0xf1)
        assert(pending(spa) == 0x80f1 and vmcb.eventinj == HV, "vector, NoFurtherSignal, #HV")
        hv.interrupt(0, 0xe1) -- waits: the other one is higher
        assert(pending(spa) == 0x80f1)
      else
        hv.nmi(0) -- the monitor gives up: nothing on its platform sends one
        assert(pending(spa) == 0x8100 and vmcb.eventinj == HV)
      end
    end
    assert(hv.doorbell(0, 3) == nil, "the guest has none")
  end
end
