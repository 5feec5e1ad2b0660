-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- An answer whose fields are not valid (A42). The hypervisor does what the monitor asked for, a
-- list of pages that become private, and then takes the valid bit of SW_EXITINFO2 away: the field
-- says 0, "no error", and at the same time that it says nothing.
--
-- Source: GHCB 56421 section 2.6; attack catalogue A42.
-- Preconditions: none; the bitmap lies in shared memory.
-- Schedule: any.
-- Shows, with --monitor default (for which a field without its bit is no answer): termination with
-- code 0x15.

scenario {
  title   = "An answer without valid bits",
  source  = "GHCB 56421 section 2.6; attack catalogue A42",
  monitor = "default",
  guest   = "attack-pages",
  expect  = {
    holds   = "all",
    fault   = "terminate:5:21",
    ends    = "terminated:5:21",
    console = "attack-pages: round 0",
  },
}

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.to == "private" and exit.page_protocol then
      exit.ghcb:valid("info2", false)
    end
  end
end
