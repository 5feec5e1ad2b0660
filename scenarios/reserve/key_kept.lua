-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A page that held a secret is given back. Once the guest has its copy, the monitor needs the
-- launch's secrets page no more: four VMPCKs in plain text. It rescinds the page and shares it. To
-- the hypervisor that is ciphertext; but it may give the page to the guest, as in VeriSMo's 8.4.1,
-- and so it does when the guest next asks for one.
--
-- Source: COCONUT SVSM aa5b613c (secrets left behind by an early stage); attack catalogue A13, A79.
-- Preconditions: a page of the monitor's becomes shared while it holds a secret.
-- Schedule: any.
-- Shows, with --monitor share-secret: share-secret finds the PVALIDATE that rescinds the page.
-- Nothing worse comes of it here, for the rest of this monitor overwrites every page before the
-- guest gets it: the guest finds zeros. On a monitor without that, the two together are the end of
-- VMPCK0.
-- Shows, with --monitor default: the page is wiped and stays the monitor's; when the hypervisor
-- takes it nevertheless, there is nothing in it.

local SECRETS = 0x80a000 -- docs/monitor.md, "Memory"

scenario {
  title   = "A page that held a secret is given back",
  source  = "COCONUT SVSM aa5b613c; attack catalogue A13, A79",
  monitor = "default",
  guest   = "attack-pages",
  expect  = {
    ["share-secret"] = {
      violates = { "share-secret" },
      ends     = "terminated:0:0",
      console  = "attack-pages: ok the page is zero",
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = "attack-pages: ok the page is zero",
    },
  },
}

local frame = hv.spa_of(SECRETS)
local given = false

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "private" and not given then
      given = true
      hv.rmpupdate { spa = frame, gpa = exit.gpa, assigned = true }
      hv.npt_map(exit.gpa, frame)
    end
  end
end
