-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "A message to the firmware that gets an error",
  source  = "x",
  monitor = "default",
  guest   = "attack-10",
  expect  = {
    default = { holds = "all" },
  },
}

local requests = 0

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.kind == "guest_request" then
      requests = requests + 1
    hv.log("request", requests)
    end
    if exit.kind == "guest_request" and requests == 2 then
      hv.answer(exit, { info2 = 1 << 32 }) -- "INVALID_LEN"; the firmware never sees the message
    else
      hv.honest(exit)
    end
  end
end
