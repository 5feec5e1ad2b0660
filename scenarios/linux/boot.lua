-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- An unmodified Linux kernel at VMPL2 under the monitor, to what its initrd does and the power-off.
--
--   prova run scenarios/linux/boot.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: Linux 6.12, arch/x86/coco/sev; AMD 58019 (SVSM), 56421 (GHCB).
-- Shows: the calls, page-state changes and exits of a real guest. Nobody attacks it.
-- Expects: every invariant and rule; the kernel powers the machine off.

scenario {
  title   = "Linux boots",
  source  = "Linux 6.12 arch/x86/coco/sev; AMD 58019; AMD 56421",
  monitor = "default",
  guest   = "linux",
  expect  = {
    holds   = "all",
    ends    = "powered-off",
  },
}
