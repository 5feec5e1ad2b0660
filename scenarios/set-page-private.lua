-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- SetPagePrivate under an honest hypervisor: single pages, rows, lists, 2 MiB and bad ranges, on
-- all vCPUs at once in the same 2 MiB; one page that all of them ask for at the same time.
--
-- Source: VeriSMo, OSDI'24, section 3.4, SetPagePrivate.
-- Shows: the pages come back private and empty, and what is refused has changed nothing.
-- Expects: every check of the guest `set-page-private` holds on every vCPU (any --cpus),
-- termination with reason 0:0, every invariant and rule.

scenario {
  title   = "SetPagePrivate",
  source  = "VeriSMo, OSDI'24, section 3.4, SetPagePrivate",
  monitor = "default",
  guest   = "set-page-private",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "set-page-private: all passed on every vCPU",
  },
}
