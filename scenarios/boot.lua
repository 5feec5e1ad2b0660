-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- An honest run: the monitor boots from its launch state, owns its memory, launches the guest
-- `hello` at VMPL3, serves one call of it and terminates the machine when the guest asks for it.
--
-- Source: SEV-SNP launch and SVSM boot (AMD 56860 chapter 8, 58019 chapter 4).
-- Shows: nothing is wrong with the monitor as long as nobody attacks it.
-- Expects: the guest's line on the console, termination with reason 0:0, every invariant and rule.

scenario {
  title   = "Honest boot",
  source  = "AMD 56860 chapter 8; AMD 58019 chapter 4",
  monitor = "default",
  guest   = "hello",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "hello: guest at VMPL 3",
  },
}
