-- SPDX-License-Identifier: GPL-2.0-or-later
-- Answers by hand: a guest request is forwarded by the script itself, and the same answer comes
-- again for the next one. The monitor sees that the number is old, and stops using the firmware.
scenario {
  title = "a guest request's answer, given twice",
  monitor = "default",
  guest = "attest",
  expect = { holds = "all", ends = "terminated:1:10" },
}

local request, response = hv.page_alloc(), hv.page_alloc()
local requests, old = 0

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.kind ~= "guest_request" then
      if exit.kind == "terminate" then assert(requests > 1, "there was a second request") end
      assert(exit.request_spa == nil)
      hv.honest(exit)
    else
      requests = requests + 1
      assert(exit.request_spa == hv.spa_of(exit.nae_info1))
      assert(exit.response_spa == hv.spa_of(exit.nae_info2))
      local status = 0
      if old == nil then
        hv.write(request, hv.read(exit.request_spa, 4096))
        status = hv.guest_request(request, response)
        assert(status == 0)
        old = hv.read(response, 4096)
      end
      assert(hv.write(exit.response_spa, old) == "ok")
      assert(not pcall(hv.answer, exit, { infos = 1 }))
      assert(not pcall(hv.answer, exit, { info2 = "x" }))
      assert(not pcall(hv.answer, exit, { invalid = { "info3" } }))
      assert(hv.answer(exit, { info2 = status }) == "ok")
      assert(not pcall(hv.answer, exit, {}), "answered once")
      assert(exit.ghcb.info1 == 0 and exit.ghcb.info2 == status and exit.ghcb:valid("info2"))
    end
  end
end
