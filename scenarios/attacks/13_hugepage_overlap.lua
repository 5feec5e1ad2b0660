-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- 2 MiB with something else in the middle (A10, A11). A region of 2 MiB is ordinary guest memory
-- but for two pages: the calling area of another vCPU, and a page of locked kernel code. As one
-- entry of a list it is made shared and private again, then rescinded, and then the other vCPU
-- calls. Before that, while nothing is in the way, the hypervisor splits the region's RMP entry
-- (PSMASH) between the PVALIDATE and the RMPADJUST of it (A86, A12).
--
-- Source: COCONUT-SVSM 5003e950, 12f0d541 (vulnerable before them); attack catalogue A10, A11,
--   A12, A86.
-- Preconditions: two vCPUs; the guest uses LockKernel.
-- Shows, on first-page-check (which looks at the first page of an entry of 2 MiB): locked code
--   comes back writable, and lock-kernel finds it at the RMPADJUST. Then the monitor itself uses
--   a calling area that it has rescinded: it ends by #VC 0x404, which is use-before-confirm.
-- Shows, on default: both entries are refused, nothing has changed, and the call from the calling
--   area is served. Against PSMASH it goes on page by page.
-- Schedule: any.

scenario {
  title   = "2 MiB with something else in the middle",
  source  = "COCONUT-SVSM 5003e950, 12f0d541; attack catalogue A10, A11, A12, A86",
  monitor = "default",
  guest   = "attack-13",
  cpus    = 2,
  expect  = {
    ["first-page-check"] = {
      violates = { "lock-kernel", "use-before-confirm" },
      fault    = { name = "vc-not-validated", vmpl = 0 },
      ends     = "terminated:5:96",
      console  = "attack-13: wrote to locked code",
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = {
        "attack-13: ok they are empty, to the end", -- after PSMASH
        "attack-13: ok 2 MiB with locked code to shared: refused",
        "attack-13: ok 2 MiB with a calling area rescinded: refused",
        "attack-13: 7 passed, 0 failed",
      },
    },
  },
}

local LARGE = 0x2000000 -- the guest's 2 MiB
local given, split = false, false -- it becomes private again; its RMP entry was split

at { event = "exit", kind = "page_state_change", gpa = LARGE } (function (_, exit)
  given = exit.to == "private"
end)

at { event = "pvalidate", when = "after", gpa = LARGE } (function (_, operation)
  if given and not split then
    split = true
    hv.psmash(operation.spa)
  end
end)
