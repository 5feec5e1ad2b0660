-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a script can get at: no plaintext of the guest, no registers, no private memory to write.
scenario {
  title = "the hypervisor's powers and no more",
  monitor = "default",
  guest = "hello",
  expect = { holds = "all", ends = "terminated:0:0", fault = "hv-rmp-fault" },
}

local secret_gpa, secret_bytes = monitor.symbol("vmpck0")
local secret = hv.spa_of(secret_gpa)
local text_gpa = monitor.symbol("_start")
local text = hv.spa_of(text_gpa)

local strings = monitor.symbol("layout_rodata_start")
local strings_end = monitor.symbol("layout_rodata_end")
local function has(bytes, piece) return bytes:find(piece, 1, true) ~= nil end

local exits, fired = 0, false
function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    exits = exits + 1
    if exits == 1 then
      assert(hv.rmpread(text).assigned, "monitor text is assigned")
      -- The ELF file holds this text in its constants; DRAM does not.
      local constants = hv.read(hv.spa_of(strings), strings_end - strings)
      assert(#constants > 1000 and not has(constants, "terminating, code"), "ciphertext")
      -- The same bytes again, so that it is the DRAM's contents and nothing random.
      assert(constants == hv.read(hv.spa_of(strings), strings_end - strings))
      -- A VMSA is ciphertext too: its RIP is the ELF's entry, or was.
      local vmsa = hv.read(exit.vmsa, 4096)
      assert(vmsa ~= ("\0"):rep(4096))
      assert(not has(vmsa, string.pack("<I8", text_gpa)), "no register in sight")
      -- Writing assigned pages does not happen.
      local before = hv.read(secret, 64)
      assert(hv.write(secret, ("\xff"):rep(64)) == "rmp-fault")
      assert(hv.write(exit.vmsa, "x") == "rmp-fault")
      assert(hv.read(secret, 64) == before, "nothing was written")
      -- Our own pages are plain memory.
      local own = assert(hv.page_alloc())
      assert(hv.write(own, "hello") == "ok" and hv.read(own, 5) == "hello")
      -- The firmware decrypts nothing of a guest whose policy does not allow it.
      for _, page in ipairs { secret - secret % 4096, text, exit.vmsa } do
        local plain, status = hv.dbg_decrypt(page)
        assert(plain == nil and status == 7, "POLICY_FAILURE")
      end
      -- Hardware bugs have to be declared.
      assert(hw == nil)
      -- A page's bytes as they were are ciphertext, and putting them back takes the page away.
      assert(hv.save(exit.vmsa) == vmsa)
      -- An exit shows nothing that hardware does not show, and cannot be changed.
      for _, name in ipairs { "rip", "rsp", "regs", "registers", "cr3", "exit" } do
        assert(not pcall(function () return exit[name] end), name)
      end
      assert(not pcall(function () exit.code = 0 end))
      assert(getmetatable(exit) == false and getmetatable(vcpu) == false)
      assert(tostring(exit):find("^exit cpu=0x0 .* kind=%l+"))
      assert(not pcall(next, exit) and not pcall(rawget, exit, "code"))
      local control = hv.vmcb(exit.vmsa)
      assert(control.asid == hv.asid() and not pcall(function () control.asid = 2 end))
      assert(not pcall(function () return control.rip end))
      assert(not pcall(function () return vcpu.rip end))
    end
    if exit.kind == "terminate" then assert(fired, "the trigger was called") end
    local before = hv.time(vcpu.id)
    hv.honest(exit)
    assert(not pcall(hv.honest, exit), "an exit is answered once")
    assert(hv.time(vcpu.id) >= before)
  end
end

-- What a trigger is told is the page, not registers.
at { event = "rmpadjust", nth = 1 } (function (cpu, operation)
  local names = {}
  for name in pairs(operation) do names[#names + 1] = name end
  assert(table.concat(names, " ") == "event gpa spa")
  assert(operation.gpa % 4096 == 0 and cpu == 0)
  fired = true
end)
