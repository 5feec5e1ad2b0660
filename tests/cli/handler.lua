-- SPDX-License-Identifier: GPL-2.0-or-later
-- The page of the monitor's exception handlers is taken and given back: it is not validated, so the
-- #VC that this brings has a handler that brings the next. Its stack is the same each time (IST).
scenario {
  title = "exceptions without end",
  monitor = "default",
  guest = "hello",
  expect = { ends = "stuck" },
}

local gpa = monitor.symbol("vector_stubs") & ~0xfff
local spa = hv.spa_of(gpa)
local exits = 0

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    exits = exits + 1
    if exits == 4 then
      assert(hv.rmpupdate { spa = spa } == "SUCCESS")
      assert(hv.rmpupdate { spa = spa, gpa = gpa, assigned = true } == "SUCCESS")
    end
    hv.honest(exit)
  end
end
