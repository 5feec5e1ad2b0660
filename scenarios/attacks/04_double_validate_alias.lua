-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A page that is validated twice (A04), and a carry flag that nobody looks at (A05).
--
-- 1. The guest asks the monitor to make a page P private that is private already, as a driver does
--    that lost count. The hypervisor binds a second system page to P. PVALIDATE finds it not
--    validated (CF=0), so the flag does not tell; from then on two system pages are valid for P,
--    and the hypervisor puts the one or the other behind it, with no fault: the guest reads what it
--    had overwritten.
-- 2. The guest asks the same for two pages of the monitor's: page tables of its launch, and that of
--    VMPCK0. The hypervisor does nothing wrong here: PVALIDATE says CF=1, the page is somebody's.
--
-- Source: AMD, SEV-SNP white paper ("validate each page once"); linux-svsm 4b2cab1 and
--   COCONUT-SVSM ac6f804e (CF was lost).
-- Shows, on carry-ignored (a page is in use if CF says so, and then it is granted as it is): the
--   guest's memory can be rolled back, and the guest reads and writes the monitor's.
-- Shows, on default (the monitor's own table says what each page is): 1. is refused, 0x80001010
--   (already in that state), 2. with 0x80000003, and no instruction touches the pages.
-- Schedule: any

scenario {
  title   = "A page is validated twice",
  source  = "AMD SEV-SNP white paper; linux-svsm 4b2cab1; COCONUT-SVSM ac6f804e",
  monitor = "default",
  guest   = "attack-04",
  expect  = {
    ["carry-ignored"] = {
      violates = {
        "double-validate",       -- a second page for P; CF=1 for the monitor's
        "single-binding",        -- two system pages are valid for P
        "vm-integrity",          -- the guest reads from the first page again
        "carry-ignored",         -- CF=1, then a grant
        "grant-private",         -- of a page that the monitor was launched with
        "validate-page-table",   -- and in which its page tables were
        "page-table-exposed",
        "vmpl0-confidentiality",
        "vmpl0-integrity",
        "secret-containment",    -- VMPCK0
      },
      console = {
        "attack-04: the page holds what was written before",
        "attack-04: SetPagePrivate of the monitor's page 0: 0x0",
        "attack-04: SetPagePrivate of the monitor's page 1: 0x0",
        "attack-04: the monitor's page: found ",
      },
    },
    default = {
      holds   = "all",
      console = {
        "attack-04: SetPagePrivate of a private page: 0x80001010",
        "attack-04: the page holds what was written last",
        "attack-04: SetPagePrivate of the monitor's page 0: 0x80000003",
        "attack-04: SetPagePrivate of the monitor's page 1: 0x80000003",
      },
      ends    = "terminated:0:0",
    },
  },
}

local page, told = guest.symbol("page"), guest.symbol("told")
local tables, secret = monitor.symbol("layout_launch_page_tables"), monitor.symbol("vmpck0")
local first, second -- the system pages of P

local function map(spa) -- and no processor keeps a translation to the other one
  hv.npt_map(page, spa)
  for _, vmpl in ipairs { 0, 3 } do hv.vmcb(hv.vmsa(0, vmpl)).tlb_control = 1 end
end

function hypervisor(vcpu)
  local asked = 0 -- how often P became private
  while true do
    local exit = vcpu:run()
    hv.honest(exit)
    if exit.kind == "page_state_change" and exit.gpa == told then
      hv.write(exit.spa, ("<I8I8"):pack(tables, secret))
    elseif exit.kind == "page_state_change" and exit.gpa == page and exit.to == "private" then
      asked = asked + 1
      if asked == 2 then
        first, second = exit.spa, hv.page_alloc()
        hv.rmpupdate { spa = second, gpa = page, assigned = true }
        map(second)
      end
    elseif exit.kind == "msr_protocol" and second then
      map(first)
    end
  end
end
