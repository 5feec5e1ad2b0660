-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The pages at the end of the memory, 8 MiB, are taken away and given back under their addresses
-- while the kernel has nothing to do. There Linux keeps what belongs to a processor: the stacks
-- on which exceptions arrive.
--
--   prova run scenarios/linux/unvalidated-stack.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A06; Linux 6.12, arch/x86/kernel/setup_percpu.c.
-- Preconditions: an initramfs of tests/linux/initramfs, 256 MiB of memory (the default).
-- Shows: the first exception cannot be delivered, since its stack is not validated: neither can
--   #VC itself, nor the double fault. Triple fault, shutdown. Nothing else stops here: the
--   kernel is never asked.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: its exception stacks are taken away",
  source  = "attack catalogue A06",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "shutdown",
    fault   = { name = "vc-not-validated", vmpl = 2 },
  },
}

local LOW <const>, HIGH <const>, PAGE <const> = 248 << 20, 255 << 20, 4096

local function take(gpa)
  local spa = hv.spa_of(gpa)
  local entry = hv.rmpread(spa)
  if entry.assigned and entry.size == "4k" and entry.gpa == gpa then
    hv.rmpupdate { spa = spa }
    hv.rmpupdate { spa = spa, gpa = gpa, assigned = true }
  end
end

for gpa = LOW, HIGH - PAGE, PAGE do take(gpa) end
hv.type("x") -- an interrupt
