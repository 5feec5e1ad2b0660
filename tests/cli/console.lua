-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a script sees of the guest's console, and what it can type.
scenario {
  title   = "the console",
  monitor = "default",
  guest   = "hello",
  expect  = { holds = "all", ends = "terminated:0:0" },
}

local LINE <const> = "hello: guest at VMPL 3"
local NEVER <const> = LINE .. " and nowhere else"
local QUEUE <const>, RECEIVER <const> = 16384, 16

assert(not hv.printed("monitor: "), "nothing has run yet")

local prefix = 0 -- how much of the line has been seen
local typed

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    -- Asked at every exit, a text is found in the very exit after which it is complete.
    if exit.kind == "terminate" then assert(typed) end
    hv.honest(exit)
    while prefix < #LINE and hv.printed(LINE:sub(1, prefix + 1)) do prefix = prefix + 1 end
    assert(hv.printed(LINE) == (prefix == #LINE))
    assert(not hv.printed(NEVER), "a longer text that begins so is not there")
    if prefix == #LINE and not typed then
      typed = hv.type(("x"):rep(2 * QUEUE))
      assert(typed == QUEUE)
      assert(hv.type(("y"):rep(QUEUE)) <= RECEIVER, "room for what has gone on into the receiver")
      assert(hv.type("z") == 0, "no more room")
      assert(hv.type("") == 0)
    end
    for _, wrong in ipairs { "", "a\0b", {}, false } do
      assert(not pcall(hv.printed, wrong))
    end
    assert(not pcall(hv.printed) and not pcall(hv.type) and not pcall(hv.type, nil))
  end
end
