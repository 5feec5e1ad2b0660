-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The other half of debug_policy.lua: the same request to the firmware, for a guest whose policy
-- does not allow debugging.
--
-- Source: SEV-SNP ABI 56860, SNP_DBG_DECRYPT and the guest policy; attack catalogue A99.
-- Preconditions: none.
-- Schedule: any.
-- Shows, with --monitor default: the firmware refuses (POLICY_FAILURE), and gives nothing.

scenario {
  title   = "Debugging that the guest policy forbids",
  source  = "SEV-SNP ABI 56860, SNP_DBG_DECRYPT; attack catalogue A99",
  monitor = "default",
  guest   = "hello",
  expect  = { holds = "all", ends = "terminated:0:0" },
}

local POLICY_FAILURE = 0x07
local key = hv.spa_of(monitor.symbol("vmpck0"))

at { event = "instruction", symbol = "guest_main", guest = true, nth = 1 } (function ()
  local page, status = hv.dbg_decrypt(key)
  assert(page == nil and status == POLICY_FAILURE, status)
end)
