-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The CPUID page hides SEV-SNP: leaf 0x8000001f is 0. The firmware corrects a page that promises
-- more than the processor can do; one that promises less is the hypervisor's right.
--
--   prova run scenarios/linux/lying-cpuid-page.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A45; SEV-SNP firmware ABI 56860, CPUID reporting.
-- Preconditions: none.
-- Shows: the machine does not start. A kernel that took itself for a plain guest would share
--   everything, but before it comes the monitor, which looks for the C-bit's position in the
--   same page and ends the machine with code 4 when it finds none. Linux never runs.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: the CPUID page hides SEV-SNP",
  source  = "attack catalogue A45; AMD 56860",
  monitor = "default",
  guest   = "linux",
  cpuid   = { { leaf = 0x8000001f, eax = 0, ebx = 0 } },
  expect  = {
    holds   = "all",
    ends    = "terminated:5:4",
  },
}

at { event = "exit" } (function (_, exit) assert(exit.vmpl == 0, "Linux never runs") end)
