-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- #HV at the worst moments (A34 to A36). Before VMPL0 gives its processor away, to the guest or
-- by HLT, it looks whether there is news on the doorbell page. Between that look and the
-- instruction that leaves, the hypervisor writes an interrupt there and injects #HV: once before
-- VMGEXIT, once before HLT. And in the #HV entry it injects three more, whatever NoFurtherSignal
-- says; and after each PVALIDATE, before page and permissions are what they shall be.
--
-- Source: COCONUT-SVSM e7d3fb9f, 6557794b (vulnerable before them); attack catalogue A34,
--   A35, A36.
-- Preconditions: a launch with restricted injection.
-- Shows, on lost-event (whose #HV entry returns to where it came): the processor leaves although
--   it was told of an interrupt that it has not taken. lost-event finds it at the exit.
-- Shows, on default: a #HV in that window makes the exit not happen, and the event is taken
--   first; anywhere else it only sets a flag, in its own entry and in the middle of a page's
--   change too.
-- Schedule: any.

scenario {
  title   = "#HV between the last look and the exit",
  source  = "COCONUT-SVSM e7d3fb9f, 6557794b; attack catalogue A34, A35, A36",
  monitor = "default",
  guest   = "vcpus",
  cpus    = 2,
  restricted_injection = true,
  expect  = {
    ["lost-event"] = {
      violates = "lost-event",
      ends     = "terminated:0:0",
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = "vcpus: 65 passed, 0 failed",
    },
  },
}

local DESTROY, HV = 2, 28

-- A processor whose vCPU is taken away runs VMPL0 again, which finds nothing to do and halts.
at { event = "exit", kind = "ap_creation" } (function (_, exit)
  if exit.nae_info1 & 0xffff == DESTROY then hv.interrupt(1, 0x41) end
end)

for _, window in ipairs { "exit_window_leave", "halt_window_leave" } do
  at { event = "instruction", symbol = window, vcpu = 1, nth = 1 } (function (cpu)
    hv.interrupt(cpu, 0x40)
  end)
end

-- Between PVALIDATE, scrub and grant.
at { event = "pvalidate", when = "after", vcpu = 0 } (function (cpu)
  if hv.doorbell(cpu) then hv.interrupt(cpu, 0x42) end
end)

local again = 3 -- in the entry of #HV

at { event = "instruction", symbol = "hv_entry", vcpu = 1 } (function (cpu)
  if again > 0 then
    again = again - 1
    hv.kick(cpu)
    hv.inject(cpu, HV, { type = "exception" })
  end
end)
