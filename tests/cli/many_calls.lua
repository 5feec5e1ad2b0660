-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Random calls of all processors under an honest hypervisor: what a background has most to do with.

scenario {
  title   = "Random calls",
  monitor = "default",
  guest   = "fuzz",
  expect  = { holds = "all", console = "fuzz: all as it should be" },
}
