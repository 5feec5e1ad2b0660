-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- SetPageShared under an honest hypervisor: single pages, rows, lists, 2 MiB and bad ranges, on
-- all vCPUs at once in the same 2 MiB; one page that all of them ask for at the same time.
--
-- Source: VeriSMo, OSDI'24, section 3.4, SetPageShared.
-- Shows: the pages become shared, their private text is not found in them, and what is refused
-- has changed nothing.
-- Expects: every check of the guest `set-page-shared` holds on every vCPU (any --cpus),
-- termination with reason 0:0, every invariant and rule.

scenario {
  title   = "SetPageShared",
  source  = "VeriSMo, OSDI'24, section 3.4, SetPageShared",
  monitor = "default",
  guest   = "set-page-shared",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "set-page-shared: all passed on every vCPU",
  },
}
