-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- LockKernel under an honest hypervisor: lists that must be refused, the kernel's own code, and
-- after it what must not work any more, while all vCPUs change the state of pages.
--
-- Source: VeriSMo, OSDI'24, section 3.4, LockKernel.
-- Shows: no page of the guest is both writable and executable for the supervisor afterwards, and
-- pages that change their state stay so.
-- Expects: every check of the guest `lock-kernel` holds on every vCPU (any --cpus), termination
-- with reason 0:0, every invariant and rule.

scenario {
  title   = "LockKernel",
  source  = "VeriSMo, OSDI'24, section 3.4, LockKernel",
  monitor = "default",
  guest   = "lock-kernel",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    console = "lock-kernel: all passed on every vCPU",
  },
}
