-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A guest policy that allows debugging. The hypervisor chooses the policy at launch; with bit 19
-- set the firmware decrypts any page of the guest for it (SNP_DBG_DECRYPT). Here it asks for the
-- page of VMPCK0 once the guest runs.
--
-- Source: SEV-SNP ABI 56860, SNP_DBG_DECRYPT and the guest policy; attack catalogue A99.
-- Preconditions: nobody has checked the policy, which stands in every attestation report.
-- Schedule: any.
-- Shows, with --monitor default: the key is the hypervisor's, and with it every message to the
-- firmware. hv-confidentiality finds the read that gave plaintext. The monitor has no part in it:
-- the defence is the verifier's, who refuses a report with this policy (docs/attestation.md).
-- debug_refused.lua is the same with the policy as it should be.

scenario {
  title   = "A guest policy that allows debugging",
  source  = "SEV-SNP ABI 56860, SNP_DBG_DECRYPT; attack catalogue A99",
  monitor = "default",
  guest   = "hello",
  launch  = { policy_debug = true },
  expect  = { violates = { "hv-confidentiality" }, ends = "terminated:0:0" },
}

local key = hv.spa_of(monitor.symbol("vmpck0"))

at { event = "instruction", symbol = "guest_main", guest = true, nth = 1 } (function ()
  local page = assert(hv.dbg_decrypt(key))
  hv.log("VMPCK0 begins with", ("%016x"):format(string.unpack(">I8", page)))
end)
