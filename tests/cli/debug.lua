-- SPDX-License-Identifier: GPL-2.0-or-later
-- With a guest policy that allows debugging the firmware gives any page's plaintext away: the rule
-- of the hypervisor's confidentiality says so.
scenario {
  title = "debug decryption by the firmware",
  monitor = "default",
  guest = "hello",
  launch = { policy_debug = true },
  expect = { violates = "hv-confidentiality", ends = "terminated:0:0" },
}

local strings = monitor.symbol("layout_rodata_start")
local strings_end = monitor.symbol("layout_rodata_end")
local found = false
for gpa = strings, strings_end - 1, 4096 do
  local spa = hv.spa_of(gpa)
  local plain = assert(hv.dbg_decrypt(spa))
  assert(#plain == 4096 and plain ~= hv.read(spa, 4096))
  found = found or plain:find("terminating, code", 1, true) ~= nil
end
assert(found, "the text that is in the ELF file")
local nothing, status = hv.dbg_decrypt(hv.page_alloc())
assert(nothing == nil and status == 0x1a, "INVALID_PAGE_STATE: it is no page of the guest")
