-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Attest under an honest hypervisor: reports with nonces of all vCPUs at once, and buffers that
-- must be refused. One report, over a nonce of 64 bytes 0x11, goes to the console for `prova
-- verify-report`.
--
-- Source: VeriSMo, OSDI'24, section 3.4, Attest.
-- Shows: the firmware's report vouches for the monitor's key, and the monitor's report holds the
-- nonce.
-- Expects: every check of the guest `attest` holds on every vCPU (any --cpus), termination with
-- reason 0:0, every invariant and rule.

scenario {
  title   = "Attest",
  source  = "VeriSMo, OSDI'24, section 3.4, Attest",
  monitor = "default",
  guest   = "attest",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "attest: all passed on every vCPU",
  },
}
