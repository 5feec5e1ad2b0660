-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Private memory made to look like a device. Before the monitor stores VMPCK0 in its page, the
-- hypervisor sets a reserved bit in the nested mapping of that page. The store then raises #VC
-- 0x400, as an access to a device does, although the page is private, valid and the monitor's. A
-- handler that emulates devices sends the bytes of the store to the hypervisor, in the GHCB.
--
-- Source: Linux vc_slow_virt_to_phys(), which refuses encrypted pages; attack catalogue A46.
-- Preconditions: a #VC handler that serves device memory; the nested page table is the
-- hypervisor's.
-- Schedule: any.
-- Shows, with --monitor mmio-private: the key stands in the GHCB. secret-containment finds it there
-- at the VMGEXIT, fail-stop that the monitor went on after a #VC that only an attack can cause.
-- Shows, with --monitor default (which has no devices, and ends at any #VC): termination with code
-- 0x5d, before a byte has left.

scenario {
  title   = "Private memory made to look like a device",
  source  = "Linux vc_slow_virt_to_phys(); attack catalogue A46",
  monitor = "default",
  guest   = "hello",
  expect  = {
    ["mmio-private"] = {
      violates = { "fail-stop", "secret-containment" },
      fault    = { name = "vc", gpa = "vmpck0", vmpl = 0 },
      ends     = "terminated:0:0",
    },
    default = {
      holds   = "all",
      fault   = { { name = "vc", gpa = "vmpck0", vmpl = 0 }, { name = "terminate:5:93" } },
      ends    = "terminated:5:93",
      console = "exception 29 error 0x400",
    },
  },
}

local MMIO_WRITE = 0x80000002
local victim = monitor.symbol("vmpck0")
local frame = hv.spa_of(victim)

at { event = "instruction", symbol = "secrets_take", nth = 1 } (function ()
  hv.npt_map(victim, frame, { flags = "rwx!" })
end)

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.page_protocol and exit.nae == MMIO_WRITE then
      local key = exit.ghcb:buffer(0, exit.nae_info2)
      hv.log("a device write of", #key, "bytes:", (key:gsub(".", function (c)
        return ("%02x"):format(c:byte())
      end)))
      hv.npt_map(victim, frame)
      hv.answer(exit, { info1 = 0, info2 = 0 })
    else
      hv.honest(exit)
    end
  end
end
