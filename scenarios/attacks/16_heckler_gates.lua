-- SPDX-License-Identifier: GPL-2.0-or-later
scenario {
  title   = "INT 0x80 that nobody executed",
  source  = "x",
  monitor = "default",
  guest   = "attack-16",
  expect  = {
    default = { holds = "all" },
  },
}

local calls = 0

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "run_vmpl" and exit.target_vmpl == 0 then
      calls = calls + 1
      if calls == 3 then hv.inject(vcpu.id, 0x80) end -- SetPageShared, ExtendPCR, Attest
    end
  end
end
