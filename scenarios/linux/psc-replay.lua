-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Answers to page-state changes that are not true. A driver that shares pages with the hypervisor
-- is loaded and taken out again. When Linux makes the first of its pages private, the hypervisor
-- says that it is done, and does nothing. When all are private, it undoes what was done: they are
-- taken away and given back as they were.
--
--   prova run scenarios/linux/psc-replay.lua --kernel vmlinuz --initrd initrd.gz
--
-- Source: attack catalogue A43, A06; Linux 6.12, vmgexit_psc() and pvalidate_pages() in
--   arch/x86/coco/sev/.
-- Preconditions: an initramfs of tests/linux/initramfs with --modules.
-- Shows: the first lie costs nested page faults. The pages are validated by the monitor, and
--   PVALIDATE of a page that is not the guest's does not complete; the hypervisor makes good
--   what it said. Undone later, the pages are not validated any more, and nobody notices before
--   they are used: Linux has put them among its free memory. Loaded again, the driver gets one of
--   them, #VC 0x404 is no request that the kernel knows, and it asks for termination (reason
--   0:0). No page is validated a second time, which would be the point of the replay.
-- Schedule: any.
-- Recorded with Debian's 6.12.118, cloud and full.

scenario {
  title   = "Linux: page-state changes not done and undone",
  source  = "attack catalogue A43, A06; Linux 6.12 vmgexit_psc()",
  monitor = "default",
  guest   = "linux",
  append  = "prova.do=shell",
  starts  = "~ # ",
  expect  = {
    holds   = "all",
    ends    = "terminated:0:0",
    fault   = { { name = "npf-rmp", vmpl = 0 }, { name = "vc-not-validated", vmpl = 2 } },
    console = "UNLOADED",
  },
}

-- What needs shared pages: the driver of the guest's channel to the firmware.
local LOAD <const> = "while read m; do insmod /modules/$m; done </modules/order; "
local AGAIN <const> = "rmmod sev_guest; echo UNLOADED; insmod /modules/sev-guest.ko; echo LOADED\n"
local HEADER <const>, ENTRY <const> = 8, 8
local private = {} -- what became private, by the lists of the GHCB page
local lied, undone = false, false

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

hv.type(LOAD .. AGAIN)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    local change = exit.kind == "page_state_change" and exit.to == "private"
    if change then list_note(exit) end
    if change and not lied then
      lied = true
      -- "done": the list's next entry is behind the last
      exit.ghcb:buffer(0, string.pack("<I2", exit.count))
      hv.answer(exit, { info1 = 0, info2 = 0 })
    else
      hv.honest(exit)
    end
    if not undone and hv.printed("\nUNLOADED") then
      undone = true
      undo()
    end
  end
end
