-- SPDX-License-Identifier: GPL-2.0-or-later
-- Triggers behind RMP instructions, for changed entries, and for each access to bytes of the GHCB.
scenario {
  title = "behind instructions, and bytes of shared pages",
  monitor = "default",
  guest = "hello",
  expect = { holds = "all", ends = "terminated:0:0" },
}

local counts = {}
local function count(name) counts[name] = (counts[name] or 0) + 1 end

at { event = "pvalidate" } (function (_, operation)
  assert(operation.spa == hv.spa_of(operation.gpa) and operation.result == nil)
  count("before")
end)
at { event = "pvalidate", when = "after" } (function (_, operation)
  count("after")
  assert(counts.before == counts.after, "they take turns")
  assert(operation.insn == "pvalidate" and operation.result.assigned)
  assert(operation.result.gpa == operation.gpa and operation.result.validated == nil)
end)
at { event = "rmpadjust", when = "after" } (function () count("rmpadjust") end)
at { event = "rmp" } (function (_, operation)
  assert(operation.event == "rmp")
  count("changed " .. operation.insn)
end)
at { event = "rmp", gpa = monitor.symbol("vmpck0") } (function () error("the key's page") end)
local text = hv.spa_of(monitor.symbol("_start"))
at { event = "rmpadjust", spa = text } (function () error("the text's page") end)

-- A reply is read as the request was made: once for each page exit.
at { event = "shared_read", ghcb = true, field = "info1" } (function (_, operation)
  assert(operation.offset == 0x398)
  count("info1")
end)
at { event = "shared_read", ghcb = true, offset = 0x3f0, bytes = 16 } (function (_, operation)
  assert(operation.offset >= 0x3f0 and operation.offset < 0x400)
  count("bitmap")
end)

local pages = 0 -- exits with the page protocol; the last one's answer is not read
at { event = "exit" } (function (_, exit)
  if exit.page_protocol then pages = pages + 1 end
end)
at { event = "exit", kind = "terminate" } (function ()
  assert(counts.after == counts.before and counts.rmpadjust > 0)
  assert(counts["changed pvalidate"] > 0 and counts["changed rmpadjust"] > 0)
  assert(counts.info1 == pages - 1 and counts.bitmap == 2 * counts.info1)
end)
