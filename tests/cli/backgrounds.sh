#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --background: what it is part of, what is judged with it, and that it finds something.
. "$(dirname "$0")/lib.sh"

expect 2 "no background 'park'.*there are park-at-fault and response-fuzz" run boot --background park
expect 2 "did you mean 'response-fuzz'" run boot --background park-at-fault,response-fuz
expect 2 'has no name' run boot --background ''
expect 2 "no background ''" run boot --background park-at-fault,
expect 0 'park-at-fault, response-fuzz' run --help
expect 0 'park-at-fault, response-fuzz' run --all --help
expect 2 "no background 'x'" run --all --background x

# It is drawn from the seed, part of the inputs, and replayed.
for background in park-at-fault response-fuzz park-at-fault,response-fuzz; do
    expect 0 "^behind +$background\$" run set-page-private --cpus 2 --seed 7 \
        --background $background --trace "$WORK/run.db"
    grep -q 'every rule that must hold holds, with a background' "$WORK/out" ||
        fail "the result does not say what was asked"
    hash=$(sed -n 's/^stream *//p' "$WORK/out")
    same "$hash" "$(hash_of set-page-private --cpus 2 --seed 7 --background $background)" \
        "a second run with $background"
    expect 0 "^identical: [0-9]* events, hash $hash" replay "$WORK/run.db"
done
expect 0 '' run set-page-private --cpus 2 --seed 7 --background park-at-fault --trace "$WORK/run.db"
expect 0 '' query "$WORK/run.db" --csv 'SELECT count(*) FROM fault WHERE class = 2'
[ "$(tail -n 1 "$WORK/out")" -gt 20 ] || fail "hardly a processor was parked"

# The rules are asked, and answers change.
expect 1 'no-scrub +BROKEN +grant-before-scrub' run --all --scenario page-cycle --monitor no-scrub \
    --background park-at-fault --seeds 4
expect 0 '' run --all --scenario page-cycle --monitor default --background response-fuzz --seeds 12 \
    --csv
[ "$(cut -d, -f11 "$WORK/out" | sort -u | wc -l)" -gt 3 ] || # the head, a good end, others
    fail "changed answers do not change how runs end"

# A monitor that is to be broken is asked nothing; what it did is shown.
expect 0 'nothing is asked of a monitor that is to be broken' run paper-8.4.1 --monitor no-scrub \
    --background park-at-fault
expect 0 'no-scrub +(caught|holds)' run --all --scenario paper-8.4.1 --monitor no-scrub \
    --background response-fuzz
finish
