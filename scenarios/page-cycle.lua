-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A page goes from private to shared and back, under an honest hypervisor: the guest `page-cycle`
-- asks the monitor for SetPageShared and SetPagePrivate, looks at what it finds in the page, and
-- then makes every other call with good and bad arguments.
--
-- Source: VeriSMo, OSDI'24, section 8.4.1 (the function that the paper's attack abuses).
-- Shows: the calls work, and the scrubbed page comes back empty.
-- Expects: no failed check, termination with reason 0:0, every invariant and rule.

scenario {
  title   = "Private, shared and private again",
  source  = "VeriSMo, OSDI'24, section 8.4.1",
  monitor = "default",
  guest   = "page-cycle",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = {
      "page-cycle: page after SetPagePrivate: all zero",
      "page-cycle: ok page after SetPagePrivate is zero",
    },
  },
}
