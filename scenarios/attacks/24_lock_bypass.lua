-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- LockKernel undone by page-state changes. A kernel has locked its code: from then on no page is
-- both writable and executable in supervisor mode. Whoever has taken over the kernel's data asks
-- the monitor to make code shared, to rescind it, to make a VMSA of it; and, since that is refused,
-- makes a page of data shared and private again, writes code into it and jumps there.
--
-- Source: VeriSMo, OSDI'24, section 3.4, LockKernel; attack catalogue A20 (A19 is its other side:
-- PVALIDATE keeps permissions, RMPUPDATE clears them, and so the lock must be in the monitor's
-- ledger, not in the RMP).
-- Preconditions: the kernel is locked; an honest hypervisor will do.
-- Schedule: any.
-- Shows, with --monitor regrant (which grants every page that it validates all permissions): the
-- page comes back writable and executable, and what was written into it runs. lock-kernel finds it
-- at the RMPADJUST of SetPagePrivate that follows the lock.
-- Shows, with --monitor default: what touches locked code is refused; the page comes back without
-- supervisor execution, and the jump into it ends in a nested page fault of VMPL 3.

scenario {
  title   = "LockKernel bypassed by page-state changes",
  source  = "VeriSMo, OSDI'24, section 3.4; attack catalogue A19, A20",
  monitor = "default",
  guest   = "attack-24",
  cpus    = 2,
  expect  = {
    regrant = {
      violates = { "lock-kernel" },
      ends     = "terminated:0:0",
      console  = "attack-24: came back: the lock is open",
    },
    default = {
      holds   = "all",
      fault   = { name = "npf-vmpl", gpa = "guest:plugin", vmpl = 3 },
      ends    = "stuck",
      console = {
        "attack-24: ok code to shared: refused",
        "attack-24: ok 2 MiB with code in it to shared: refused",
        "attack-24: ok code rescinded: refused",
        "attack-24: ok code as a VMSA: refused",
        "attack-24: runs what it has written",
      },
    },
  },
}
