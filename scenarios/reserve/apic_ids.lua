-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Two processors with one APIC ID. PARAMS, which nobody measures, gives both vCPUs the same one: a
-- monitor that finds a processor by its APIC ID would keep two under one name, and make two VMSAs
-- for one VMPL of it.
--
-- Source: COCONUT SVSM 9a13e865, d98be862 (the MADT's processors); attack catalogue A48, I24.
-- Preconditions: none; the number of processors and their APIC IDs are the hypervisor's word.
-- Schedule: any.
-- Shows, with --monitor default: PARAMS is refused before anything else is done with it,
-- termination with code 0x07.

scenario {
  title    = "Two processors with one APIC ID",
  source   = "COCONUT SVSM 9a13e865, d98be862; attack catalogue A48",
  monitor  = "default",
  guest    = "hello",
  cpus     = 2,
  apic_ids = { 0, 0 },
  expect   = { holds = "all", fault = "terminate:5:7", ends = "terminated:5:7" },
}
