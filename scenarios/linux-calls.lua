-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A guest that calls the monitor as a Linux 6.12 kernel does: it finds the SVSM, remaps its calling
-- area twice, moves 64 MiB to shared and back, takes a processor online, offline and online again
-- and asks for attestation. The guest's VMSAs have no restricted injection, the monitor's have.
--
-- Source: Linux 6.12 arch/x86/coco/sev; SVSM 58019 chapters 4 to 7.
-- Shows: each of these calls gives what Linux needs, though SEV_FEATURES of the two differ.
-- Expects: every check of the guest `linuxlike` holds (any --cpus), termination with reason 0:0,
-- every invariant and rule.

scenario {
  title   = "The calls of a Linux guest",
  source  = "Linux 6.12 arch/x86/coco/sev; SVSM 58019 chapters 4 to 7",
  monitor = "default",
  guest   = "linuxlike",
  guest_vmpl = 2,
  guest_injection = "normal",
  restricted_injection = true,
  memory  = "256M",
  cpus    = 2,
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "linuxlike: all as Linux needs it",
  },
}
