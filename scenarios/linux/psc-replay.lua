-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Answers to page-state changes that are not true. When Linux makes its first page private
-- again, the hypervisor says that it is done, and does nothing. Later it undoes changes that
-- were done: all the pages that became private while Linux booted are taken away and given back
-- as they were.
--
--   prova run scenarios/linux/psc-replay.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A43, A06; Linux 6.12, vmgexit_psc() and pvalidate_pages() in
--   arch/x86/coco/sev/.
-- Preconditions: an initramfs of tests/linux/initramfs.
-- Shows: the first lie costs a nested page fault. The page is validated by the monitor, and
--   PVALIDATE of a page that is not the guest's does not complete; the hypervisor makes good
--   what it said. Undone later, the pages are not validated any more, and nobody notices before
--   they are used: Linux has put them among its free memory. A file that fills the memory comes
--   upon one of them, #VC 0x404 is no request that the kernel knows, and it asks for termination
--   (reason 0:0). No page is validated a second time, which would be the point of the replay.
-- Schedule: any.
-- Recorded with Debian's 6.12.117 and 6.12.118, cloud and full.

scenario {
  title   = "Linux: page-state changes not done and undone",
  source  = "attack catalogue A43, A06; Linux 6.12 vmgexit_psc()",
  monitor = "default",
  guest   = "linux",
  cmdline = "console=ttyS0 nokaslr no5lvl tsc_early_khz=1000000 tsc=reliable panic=-1 " ..
            "reboot=acpi quiet prova.do=shell",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    fault   = { { name = "npf-rmp", vmpl = 0 }, { name = "vc-not-validated", vmpl = 2 } },
  },
}

local FILL <const> = "echo FILLING; dd if=/dev/zero of=/x bs=64k count=3000; echo FILLED\n"
local HEADER <const>, ENTRY <const> = 8, 8
local private = {} -- what became private, by the lists of the GHCB page
local lied, faults, undone = false, 0, false

local function list_note(exit)
  for i = 0, exit.count - 1 do
    local entry = string.unpack("<I8", exit.ghcb:buffer(HEADER + i * ENTRY, ENTRY))
    private[#private + 1] = entry & 0xffffffffff000
  end
end

local function undo()
  for _, gpa in ipairs(private) do
    local spa = hv.spa_of(gpa)
    hv.rmpupdate { spa = spa }
    hv.rmpupdate { spa = spa, gpa = gpa, assigned = true }
  end
  hv.log(#private, "pages are as if they had never been validated")
end

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local change = exit.kind == "page_state_change" and exit.vmpl == 2 and exit.to == "private"
    if change and exit.page_protocol then list_note(exit) end
    if change and not lied then
      lied = true
      assert(not exit.page_protocol and hv.rmpread(exit.spa).assigned == false)
      hv.answer(exit, { msr = 0x15 }) -- "done"
    else
      if exit.kind == "npf" and exit.vmpl == 0 then faults = faults + 1 end
      if exit.kind == "terminate" then
        assert(faults > 0, "PVALIDATE met a page that was not the guest's")
        assert(not hv.printed("\nFILLED"))
      end
      hv.honest(exit)
    end
    if not undone and exit.kind == "hlt" and hv.printed("~ # ") then
      undone = true
      undo()
      hv.type(FILL)
    end
  end
end
