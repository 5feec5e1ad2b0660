-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A monitor that accepts pages when it runs into them: its memory is rolled back (A07) and
-- exchanged (A06).
--
-- 1. The hypervisor saves the ciphertext of the page with the monitor's state. The guest extends
--    its measurement. The hypervisor takes the page by RMPUPDATE, writes the old ciphertext and
--    gives it back where it was: under the same system address it decrypts to the old plaintext.
--    The RMP says "not validated", so the monitor's next access is a #VC 0x404.
-- 2. The hypervisor binds another page to the address of VMPCK0 and maps it there. Again #VC 0x404.
--
-- Source: APM 2 15.36.9; COCONUT-SVSM PR 929.
-- Shows, on auto-accept (the handler validates the page and goes on): 1. the measurement is what it
--   was before, and the report says so; 2. the key is garbage of the hypervisor's making.
-- Shows, on default: a page that the monitor had validated and that is not valid any more ends the
--   machine at the first access, with code 0x60. So 2. is not reached.

scenario {
  title   = "Monitor memory rolled back and accepted",
  source  = "APM 2 15.36.9; COCONUT-SVSM PR 929",
  monitor = "default",
  guest   = "attack-06",
  expect  = {
    ["auto-accept"] = {
      violates = {
        "fail-stop",   -- PVALIDATE in the handler of #VC 0x404
        "translation", -- VMPCK0's address leads to another system page
      },
      console = {
        "attack-06: the report counts 1 calls of ExtendPCR", -- there were two
        "attack-06: Attest: 0x80001100",
      },
    },
    default = {
      holds = "all",
      fault = { { name = "vc-not-validated", gpa = "the_monitor", vmpl = 0 }, "terminate:5:96" },
      ends  = "terminated:5:96",
    },
  },
}

local state = monitor.symbol("the_monitor")
local key = monitor.symbol("vmpck0")
local saved

local steps = {
  function () saved = hv.save(hv.spa_of(state)) end,
  function () hv.restore(hv.spa_of(state), saved) end,
  function ()
    local other = hv.page_alloc()
    hv.rmpupdate { spa = hv.spa_of(key) }
    hv.rmpupdate { spa = other, gpa = key, assigned = true }
    hv.npt_map(key, other)
    hv.vmcb(hv.vmsa(0, 0)).tlb_control = 1
  end,
}

function hypervisor(vcpu)
  local step = 0
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "msr_protocol" and exit.vmpl == 3 and exit.ghcb_msr == 2 then
      step = step + 1
      steps[step]()
    end
  end
end
