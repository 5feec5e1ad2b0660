-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A message to the firmware gets an error (A90, A92). The guest asks for three attestation
-- reports, each over another nonce. Of the first message the hypervisor says that the firmware is
-- busy, and passes it on when it comes again. Of the second it says that its length is wrong, and
-- the firmware never sees it. The third it passes on. The IV of a message is its sequence number,
-- and the firmware numbers its answers.
--
-- Source: Linux 47894e0fa6a5 (A90); attack catalogue A92, A91.
-- Preconditions: none.
-- Shows, on iv-reuse (which goes on after the error with the number that it had): two plaintexts
--   go out under one key and one IV. psp-sequence finds the second one as it is handed over.
-- Shows, on stale-answer (which looks neither at the error nor at the number of what lies in the
--   answer's page): the first report is taken for the second. The next message is numbered as if
--   the firmware had answered; psp-answer finds that it has not.
-- Shows, on default: what was busy is sent again, byte for byte. After the other error it is open
--   whether the firmware has counted the message, so the key is wiped and the channel is closed:
--   no report, and none later.
-- Schedule: any.

scenario {
  title   = "A message to the firmware that gets an error",
  source  = "Linux 47894e0fa6a5; attack catalogue A90, A91, A92",
  monitor = "default",
  guest   = "attack-10",
  expect  = {
    ["iv-reuse"] = {
      violates = "psp-sequence",
      ends     = "terminated:0:0",
      console  = { "attack-10: report 2: none, 0x80001100", "attack-10: report 3: fresh" },
    },
    ["stale-answer"] = {
      violates = "psp-answer",
      ends     = "terminated:1:2",
      console  = { "attack-10: report 2: an OLD one", "attack-10: report 3: an OLD one" },
    },
    default = {
      holds   = "all",
      ends    = "terminated:0:0",
      console = {
        "attack-10: report 1: fresh",
        "monitor: firmware channel: no answer that can be trusted, key wiped",
        "attack-10: report 2: none, 0x80001100",
        "attack-10: report 3: none, 0x80001100",
      },
    },
  },
}

local BUSY, INVALID_LENGTH = 2 << 32, 1 << 32 -- the hypervisor's own errors, in SW_EXITINFO2
local lies = { BUSY, nil, INVALID_LENGTH }    -- about the first exit, the second, the third
local requests = 0

function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    if exit.kind == "guest_request" then requests = requests + 1 end
    if exit.kind == "guest_request" and lies[requests] then
      hv.answer(exit, { info2 = lies[requests] }) -- the firmware never sees the message
    else
      hv.honest(exit)
    end
  end
end
