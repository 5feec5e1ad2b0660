-- SPDX-License-Identifier: GPL-2.0-or-later
-- Modelled hardware bugs, outside the architecture: each function does what it says.
scenario {
  title = "hardware bugs",
  monitor = "default",
  guest = "hello",
  hardware_bugs = { "cachewarp", "alias", "rmp-write", "inject-unchecked" },
  expect = { violates = { "vm-integrity", "measured-code" }, ends = "terminated:0:0" },
}

local spa = hv.spa_of(0x3000000) -- a page of guest memory that nobody uses
local text = hv.spa_of(monitor.symbol("_start"))
assert(not pcall(hw.invd, text), "nothing was written back")
assert(not pcall(function () return hw.flush end))

-- The second address of the same DRAM knows no RMP, and sees ciphertext.
local before = hv.read(text, 4096)
assert(hw.writeback(text) == "ok")
assert(hv.write(text, "x") == "rmp-fault" and hw.alias_write(text + 64, ("x"):rep(128)) == "ok")
assert(hw.alias_read(text, 4096) ~= before and hw.alias_read(text + 64, 128) == ("x"):rep(128))

-- Lines that were written since are lost: first one, then all.
assert(not pcall(hw.invd, text, 1, 64) and not pcall(hw.invd, text, 4096, 64))
assert(not pcall(hw.invd, text, math.mininteger) and not pcall(hw.invd, text, math.maxinteger, 64))
assert(hw.invd(text, 64, 64) == "ok" and hw.alias_read(text, 128) == before:sub(1, 128))
assert(hw.alias_read(text + 128, 64) == ("x"):rep(64))
assert(hw.invd(text) == "ok" and hv.read(text, 4096) == before)

-- Stores to the RMP: the entry changes and changes back.
local own = hv.page_alloc()
assert(hv.rmpupdate { spa = own, gpa = 0x3000000, assigned = true } == "SUCCESS")
assert(hw.rmp_write { spa = own, gpa = 0x3001000, validated = true, perm = { [3] = 1 } } == "ok")
assert(hv.rmpread(own).gpa == 0x3001000)
assert(hw.rmp_write { spa = own, gpa = 0x3000000, validated = false, perm = { [3] = 0 } } == "ok")
assert(hv.rmpread(own).gpa == 0x3000000)
assert(not pcall(hw.rmp_write, { spa = own, perm = { [1] = 32 } }))
assert(not pcall(hw.rmp_write, { spa = own, valid = true }))
assert(spa ~= own and hw.inject_unchecked(true) == "ok" and hw.inject_unchecked(false) == "ok")
