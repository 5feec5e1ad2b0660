-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "#HV in the window before an exit",
  source  = "x",
  monitor = "default",
  guest   = "vcpus",
  cpus    = 2,
  restricted_injection = true,
  expect  = {
    default = { holds = "all" },
  },
}

local DESTROY = 2

-- A processor whose vCPU is taken away runs VMPL0 again, which finds nothing to do and halts.
at { event = "exit", kind = "ap_creation" } (function (_, exit)
  if exit.nae_info1 & 0xffff == DESTROY then hv.interrupt(1, 0x41) end
end)

for _, window in ipairs { "exit_window_leave", "halt_window_leave" } do
  at { event = "instruction", symbol = window, vcpu = 1, nth = 1 } (function (cpu)
    hv.log("#HV at", window)
    hv.interrupt(cpu, 0x40)
  end)
end
