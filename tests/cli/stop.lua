-- SPDX-License-Identifier: GPL-2.0-or-later
-- hv.stop() in a trigger ends the run, and no pcall() keeps it from doing so.
scenario {
  title   = "stopped by the hypervisor",
  monitor = "default",
  expect  = { ends = "stopped" },
}

at { event = "pvalidate", nth = 5 } (function ()
  pcall(coroutine.wrap(function () pcall(hv.stop, "enough") end))
  error("hv.stop() came back")
end)
