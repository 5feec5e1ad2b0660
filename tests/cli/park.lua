-- SPDX-License-Identifier: GPL-2.0-or-later
-- Parking, triggers for exits and instructions, answers made by hand, pages put back.
scenario {
  title = "what a program can do around an exit",
  monitor = "default",
  guest = "hello",
  cpus = 2,
  expect = { holds = "all", ends = "terminated:0:0", console = "hello: guest at VMPL 3" },
}

local order, ends = {}, {}
local function note(text) order[#order + 1] = text end

-- Before the processor's program sees the exit; it can be read and not answered.
local seen_exit = 0
at { event = "exit", kind = "page_state_change", vcpu = 0, nth = 2 } (function (cpu, exit)
  assert(cpu == 0 and exit.kind == "page_state_change" and exit.gpa % 4096 == 0)
  local fine, why = pcall(hv.honest, exit)
  assert(not fine and why:find("a trigger answers no exit", 1, true), why)
  seen_exit = seen_exit + 1
  note("trigger")
end)
at { event = "exit", gpa = 0x123456000 } (function () error("no exit is about this page") end)

-- Just before an instruction: of the monitor and of the guest.
local starts, guest_starts = 0, 0
at { event = "instruction", symbol = "_start" } (function (cpu, operation)
  assert(cpu == 0 and operation.event == "instruction" and operation.gpa == nil)
  starts = starts + 1
end)
at { event = "instruction", address = monitor.symbol("_start"), vcpu = 1 } (function ()
  error("processor 1 does not come by")
end)
at { event = "instruction", symbol = "_start", guest = true } (function (cpu)
  assert(starts == 1, "the monitor ran first")
  guest_starts = guest_starts + 1
end)

local psc = 0

local function boot(vcpu)
  -- Where Lua cannot wait, nothing has been begun.
  local fine, why = pcall(table.sort, { 1, 2 }, function () vcpu:park() end)
  assert(not fine and why:find("vcpu:park() cannot be called by table.sort()", 1, true), why)
  fine, why = pcall(string.gsub, "x", "x", function () vcpu:run() end)
  assert(not fine and why:find("vcpu:run() cannot be called by", 1, true), why)
  while true do
    local exit = vcpu:run()
    if exit.kind == "page_state_change" then
      psc = psc + 1
      if psc == 2 then
        note("program")
        assert(vcpu:park() == "resumed")
        note("resumed")
        hv.honest(exit)
        exit = nil
      end
    elseif exit.kind == "terminate" then
      note("terminate")
      assert(vcpu:park() == "alone" and ends.other, "the other processor waits for ever")
      assert(seen_exit == 1 and starts == 1 and guest_starts == 1)
      assert(table.concat(order, " ") == "exits trigger program resumed terminate",
             table.concat(order, " "))
    end
    if exit then
      local ghcb = exit.ghcb
      if ghcb then
        assert(exit.page_protocol and ghcb.exit_code == exit.nae and ghcb.info1 == exit.nae_info1)
        assert(ghcb:valid("exit_code") and ghcb:valid("info1"))
        assert(hv.ghcb(0, exit.vmpl).spa == ghcb.spa)
        assert(ghcb:buffer(0, 8) == hv.read(ghcb.spa + 0x800, 8))
        local was = ghcb.xcr0
        ghcb.xcr0 = 7
        assert(ghcb.xcr0 == 7 and ghcb:valid("xcr0", false) and not ghcb:valid("xcr0"))
        ghcb.xcr0 = was
        ghcb:valid("xcr0", false)
      end
      hv.honest(exit)
    end
  end
end

function hypervisor(vcpu)
  if vcpu.id == 0 then return boot(vcpu) end
  -- Two exits of the other processor, then nothing until it has parked.
  assert(vcpu:park(2) == "exits" and psc <= 2)
  note("exits")
  while psc < 2 do assert(vcpu:park(1) == "exits") end
  assert(hv.resume(0) == true, "processor 0 is parked")
  assert(hv.resume(1) == false, "this one is not")
  ends.other = true
  assert(vcpu:park() == "alone")
  error("the run has ended before")
end
