-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Encrypt and Decrypt under an honest hypervisor, on all vCPUs at once: texts of all lengths go
-- there and back; each change of a message is found.
--
-- Source: VeriSMo, OSDI'24, section 3.4, Encrypt, Decrypt.
-- Shows: no nonce is used twice, and what does not belong to a key gives nothing.
-- Expects: every check of the guest `encrypt-decrypt` holds on every vCPU (any --cpus),
-- termination with reason 0:0, every invariant and rule.

scenario {
  title   = "Encrypt and Decrypt",
  source  = "VeriSMo, OSDI'24, section 3.4, Encrypt, Decrypt",
  monitor = "default",
  guest   = "encrypt-decrypt",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "encrypt-decrypt: all passed on every vCPU",
  },
}
