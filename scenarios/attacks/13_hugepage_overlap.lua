-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "2 MiB with something else in the middle",
  source  = "x",
  monitor = "default",
  guest   = "attack-13",
  cpus    = 2,
  expect  = {
    default = { holds = "all" },
  },
}

local entry -- of 2 MiB, to be split while the monitor makes it private; once

at { event = "exit", kind = "page_state_change" } (function (cpu, exit)
  if exit.to == "private" and exit.size == "2m" then entry = entry == nil and exit.spa end
end)

at { event = "rmpadjust", vcpu = 0 } (function ()
  if entry then
    hv.log("PSMASH between PVALIDATE and RMPADJUST:", (hv.psmash(entry)))
    entry = false
  end
end)
