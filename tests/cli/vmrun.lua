-- SPDX-License-Identifier: GPL-2.0-or-later
-- VMRUN of pages that are no VMSA is refused, and the script may go on; fields of the VMCB.
scenario {
  title   = "refused VMRUNs",
  monitor = "default",
  guest   = "hello",
  expect  = { holds = "all", ends = "terminated:0:0", fault = "invalid" },
}

local own = hv.page_alloc()
local tried = false

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if not tried then
      tried = true
      local next_vmsa = hv.next_vmsa(0)
      assert(next_vmsa == exit.vmsa and next_vmsa == hv.vmsa(0, 0))
      local refused = vcpu:run { vmsa = own }
      assert(refused.kind == "invalid" and refused.code == -1 and refused.vmsa == own)
      assert(not pcall(hv.honest, exit), "the exit before is over")
      assert(not pcall(function () vcpu:run { vmsa = own + 1 } end), "not a page")
      assert(not pcall(function () vcpu:run { vmas = own } end), "misspelt")
      assert(not pcall(coroutine.wrap(function () vcpu:run() end)), "not in another coroutine")

      hv.inject(0, 0x80)
      local control = hv.vmcb(next_vmsa)
      assert(control.eventinj == 0x80000080)
      hv.inject(0, 13, { type = "exception", error = 5 })
      assert(control.eventinj == 0x580000b0d)
      control.eventinj = 0
      for _, wrong in ipairs { -1, 256 } do assert(not pcall(hv.inject, 0, wrong)) end
      assert(not pcall(hv.inject, 1, 1), "there is one processor")
      assert(not pcall(hv.inject, 0, 1, { kind = "nmi" }))
      local _, why = pcall(hv.inject, 0, 1, { type = "nim" })
      assert(why:find("it must be intr, nmi, exception or soft", 1, true))
      assert(not pcall(function () control.v_irq = 2 end), "it does not fit")
      -- The exit cannot be answered any more; do it by hand: it asked for SEV_INFO.
      assert(exit.kind == "msr_protocol" and exit.ghcb_msr == 0x002, tostring(exit))
      control.ghcb_msr = 51 << 24 | 2 << 48 | 1 << 32 | 1
    else
      hv.honest(exit)
    end
  end
end
