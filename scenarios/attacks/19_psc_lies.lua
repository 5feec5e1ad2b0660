-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Lies about page-state changes. The guest makes three pages private, three times over. The first
-- time the hypervisor says that nothing is done yet when everything is; the second time, that all
-- is done when the third page is still its own; the third time it cuts the list short: it was one
-- page long, and that page is done.
--
-- Source: Linux vmgexit_psc(), which checks what comes back; attack catalogue A43.
-- Preconditions: none; the answer to a page-state change is the hypervisor's.
-- Schedule: any.
-- Shows, with --monitor trust-psc (which validates as many pages as the answer counts, and takes
-- the rest for private already): it grants a page that it never validated, and that ends in #VC
-- 0x404. use-before-confirm finds it there.
-- Shows, with --monitor default: it asks again where nothing seems done. Pages are validated
-- whatever the answer says, so the page that is not the guest's stops PVALIDATE with a nested page
-- fault, until the hypervisor makes good what it said. A list that comes back with another end is
-- no answer: termination with code 0x15.

scenario {
  title   = "Lies about page-state changes",
  source  = "Linux vmgexit_psc(); attack catalogue A43",
  monitor = "default",
  guest   = "attack-pages",
  expect  = {
    ["trust-psc"] = {
      violates = { "use-before-confirm" },
      fault    = { name = "vc-not-validated", vmpl = 0 },
      ends     = "terminated:5:96",
    },
    default = {
      holds   = "all",
      fault   = { { name = "npf-rmp", vmpl = 0 }, { name = "terminate:5:21" } },
      ends    = "terminated:5:21",
      console = "malformed page-state list",
    },
  },
}

local HEADER = "<I2I2I4" -- current entry, last entry, reserved
local asked = 0

local function lie(exit)
  asked = asked + 1
  if asked == 1 then
    exit.ghcb:buffer(0, string.pack(HEADER, 0, 2, 0)) -- "nothing is done": all is
  elseif asked == 3 then
    local third = exit.gpa + 0x2000
    hv.rmpupdate { spa = hv.spa_of(third) } -- "all is done": this one is not
  elseif asked == 4 then
    exit.ghcb:buffer(0, string.pack(HEADER, 1, 0, 0)) -- "all of one is done"
  end
end

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "private" and exit.count == 3 then
      lie(exit)
    end
  end
end
