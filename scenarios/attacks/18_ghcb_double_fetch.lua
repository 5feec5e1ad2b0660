-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Double fetch from the GHCB. The monitor asks for three pages to become private; the hypervisor
-- does the first and says so in the list's header, as an honest one may. The monitor looks whether
-- the header makes sense. When a monitor that needs the header again reads it again, the hypervisor
-- has moved the end of the list: it seems complete with two pages. Two requests later it answers
-- with an exception, #GP.
--
-- Source: classic; Linux KVM had the same on its side of the GHCB (CVE-2023-4155, 4e15a0ddc3ff);
-- attack catalogue A40, A41.
-- Preconditions: a page-state list that takes more than one exit.
-- Schedule: any.
-- Shows, with --monitor refetch (which checks one reading of the header and goes on with another):
-- the end of the list is the hypervisor's, past the check that refuses exactly this; the third page
-- is taken for done, and PVALIDATE faults there, for it is still the hypervisor's. double-fetch
-- finds the second reading.
-- Shows, with --monitor default: the header is read once into private memory, so there is no second
-- reading to wait for. An exception from the hypervisor is none: termination with code 0x15.

scenario {
  title   = "Double fetch of the GHCB's page-state list",
  source  = "CVE-2023-4155 (the host's side); attack catalogue A40, A41",
  monitor = "default",
  guest   = "attack-pages",
  expect  = {
    refetch = {
      violates = { "double-fetch" },
      fault    = { { name = "npf-rmp", gpa = "guest:pages", vmpl = 0 },
                   { name = "terminate:5:21" } },
      ends     = "terminated:5:21",
    },
    default = {
      holds   = "all",
      fault   = "terminate:5:21",
      ends    = "terminated:5:21",
      console = { "attack-pages: round 2", "monitor: cpu 0: page-state change failed" },
    },
  },
}

local HEADER = "<I2I2I4" -- current entry, last entry, reserved
local GP = 1 << 31 | 3 << 8 | 13 -- an exception #GP, as EVENTINJ has it
local list -- the GHCB, while the monitor looks at an answer that has more to come
local reads
local rounds = 0

local function header(ghcb, current, last)
  ghcb:buffer(0, string.pack(HEADER, current, last, 0))
end

at { event = "shared_read", ghcb = true, offset = 0x800, bytes = 8 } (function ()
  reads = list and reads + 1
  if reads == 2 then
    header(list, 1, 1)
    hv.log("the list ends with its second page now")
  end
end)

local function answer(exit)
  rounds = rounds + 1
  if rounds == 1 then
    header(exit.ghcb, 0, 0)
    hv.honest(exit) -- the first page
    header(exit.ghcb, 1, 2)
    list, reads = exit.ghcb, 0
  elseif rounds == 4 then
    hv.answer(exit, { info1 = 1, info2 = GP })
  else
    hv.honest(exit)
  end
end

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    list = nil
    if exit.kind == "page_state_change" and exit.to == "private" and exit.page_protocol then
      answer(exit)
    else
      hv.honest(exit)
    end
  end
end
