-- SPDX-License-Identifier: GPL-2.0-or-later
-- The launch's lies from a scenario: a memory map without memory is what the monitor sees.
scenario {
  title = "lies of the launch",
  monitor = "default",
  guest = "hello",
  cpus = 2,
  memory_map = { { gpa = 0, bytes = 0x2000, type = "ram" }, { gpa = 0, bytes = -1, type = 2 } },
  cpuid = { { leaf = 0x8000001f, ebx = 47 } },
  apic_ids = { 0, 1 },
  launch = { policy_debug = true, extra_vmsa = true },
  expect = { holds = "all", ends = "terminated:5:7" },
}

local extra = hv.spa_of(0xffffffffe000)
assert(hv.rmpread(extra).assigned and hv.write(extra, "x") == "rmp-fault")
