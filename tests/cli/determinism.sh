#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One stream, whoever watches, wherever and whenever.
. "$(dirname "$0")/lib.sh"
scenario=$SOURCE/scenarios/paper-8.4.1.lua
first=$(hash_of "$scenario")

same "$first" "$(hash_of "$scenario")" "a second run"
same "$first" "$(hash_of "$scenario" --trace "$WORK/a.db")" "with a database"
same "$first" "$(hash_of "$scenario" --verbose --junit "$WORK/a.xml")" "with reports"
same "$first" "$(LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo HOME=/nowhere FOO=$(seq -s, 5000) \
    hash_of "$scenario")" "in another environment"
same "$first" "$(cd / && "$PROVA" run "$scenario" | sed -n 's/^stream *//p')" "in another folder"
same "$first" "$(cp "$scenario" "$WORK/other-name.lua" && hash_of "$WORK/other-name.lua")" \
    "under another name"
same "$first" "$("$PROVA" query "$WORK/a.db" --csv 'SELECT stream_hash FROM run' | tail -1)" \
    "in the database"
if setarch -R true 2>/dev/null; then
    same "$first" "$(setarch -R "$PROVA" run "$scenario" | sed -n 's/^stream *//p')" \
        "without address-space randomisation"
fi
[ "$first" != "$(hash_of "$scenario" --seed 2)" ] || fail "the seed does not matter"
[ "$first" != "$(hash_of "$scenario" --tlb hw)" ] || fail "the TLB mode does not show"
same "$first" "$(hash_of "$scenario" --limit-events 1000000)" "with a limit that is not reached"

# Triggers, random numbers, string keys in tables, several processors.
cat >"$WORK/busy.lua" <<'END'
scenario { title = "busy", monitor = "default", guest = "hello", cpus = 2, schedule = "random",
           expect = {} }
local seen = {}
function hypervisor(vcpu)
  while true do
    local exit = vcpu:run()
    seen[tostring(exit.kind) .. random(100)] = true
    hv.honest(exit)
    for key in pairs(seen) do
      if random(50) == 1 then hv.write(hv.page_alloc() or 0x200000, key) end
    end
  end
end
at { event = "rmpadjust", vcpu = 0 } (function (cpu, operation)
  if random(64) == 1 then hv.npt_lookup(operation.gpa) hv.kick(cpu) end
end)
END
busy=$(hash_of "$WORK/busy.lua")
same "$busy" "$(hash_of "$WORK/busy.lua")" "a second run of a busy scenario"
[ "$busy" != "$(hash_of "$WORK/busy.lua" --seed 9)" ] || fail "the seed does not matter to the script"

# Attacks, hostile generators, modelled hardware bugs: again, watched, and laid out otherwise in
# memory. Each line: a scenario's file and the options of the run.
no_aslr=
setarch -R true 2>/dev/null && no_aslr='setarch -R'
while read -r file options; do
    scenario=$SOURCE/$file
    # shellcheck disable=SC2086 # words
    first=$(hash_of "$scenario" $options)
    # shellcheck disable=SC2086
    same "$first" "$(hash_of "$scenario" $options --trace "$WORK/b.db")" "$file $options, watched"
    # shellcheck disable=SC2086
    same "$first" "$(MALLOC_PERTURB_=165 $no_aslr "$PROVA" run "$scenario" $options 2>/dev/null \
        | sed -n 's/^stream *//p')" "$file $options, in other memory"
    rm -f "$WORK/b.db"
done <<'END'
scenarios/attacks/02_scrub_grant_race.lua --monitor no-lock
scenarios/attacks/08_vmsa_toctou_tlb.lua
scenarios/attacks/18_ghcb_double_fetch.lua --monitor refetch
scenarios/attacks/25_hw_pack_cachewarp.lua
scenarios/wake-up-ap.lua --cpus 4 --seed 3 --background park-at-fault,response-fuzz
tests/cli/hw.lua
END

finish
