#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# calls.sh PROVA CALL: the scenario of one call of the monitor, with 1, 2 and 4 processors, under both
# schedules, and with restricted injection.
. "$(dirname "$0")/lib.sh"
call=$2
scenario=scenarios/$call.lua

for cpus in 1 2 4; do
    expect 0 "^$call: [1-9][0-9]* passed, 0 failed on $cpus vCPUs" run $scenario --cpus $cpus
    expect 0 "^$call: all passed on every vCPU" run $scenario --cpus $cpus \
        --set schedule=random --seed $cpus
done
expect 0 "^$call: all passed on every vCPU" run $scenario --cpus 2 --set restricted_injection=on \
    --tlb hw

# The same processors, the same schedule: the same run. Another seed of the schedule: another run.
first=$(hash_of $scenario --cpus 2 --set schedule=random --seed 5)
same "$first" "$(hash_of $scenario --cpus 2 --set schedule=random --seed 5)" "a second run"
[ "$first" != "$(hash_of $scenario --cpus 2 --set schedule=random --seed 6)" ] ||
    fail "the seed does not matter to the schedule"
finish
