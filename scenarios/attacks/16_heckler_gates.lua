-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Heckler (A31): INT 0x80 that nobody executed. The guest extends the PCR once and asks for a
-- report. When the monitor is run for that call, the hypervisor injects vector 0x80 as an
-- external interrupt; EVENTINJ does not ask for RFLAGS.IF.
--
-- Source: Heckler, USENIX Security 2024, CVE-2024-25744; attack catalogue A31.
-- Preconditions: a launch without restricted injection.
-- Shows, on int80-gate (whose services are system calls by INT 0x80): the gate cannot tell an
--   interrupt from its own INT, and extends the PCR by whatever RDI points at; the measurement is
--   not what the guest made it. gate-source finds it when the vector arrives.
-- Shows, on default: there is no gate but those of the 32 exceptions, so #GP ends the machine.
--   With restricted injection (--set restricted_injection=on) VMRUN itself is refused.
-- Schedule: any.

scenario {
  title   = "Heckler: INT 0x80 that nobody executed",
  source  = "Heckler, USENIX Security 2024; attack catalogue A31",
  monitor = "default",
  guest   = "attack-16",
  expect  = {
    ["int80-gate"] = {
      violates = "gate-source",
      ends     = "terminated:1:1",
      console  = "attack-16: FAILED the PCR was extended once: got 0x2",
    },
    default = {
      holds   = "all",
      ends    = "terminated:5:77", -- 0x40 + 13
      fault   = { { name = "gp", vmpl = 0 }, "terminate:5:77" },
      console = "monitor: cpu 0: exception 13 error 0x403", -- vector 0x80 of the IDT, external
    },
  },
}

local calls = 0 -- SetPageShared, ExtendPCR, Attest

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "run_vmpl" and exit.target_vmpl == 0 then
      calls = calls + 1
      if calls == 3 then hv.inject(vcpu.id, 0x80) end
    end
  end
end
