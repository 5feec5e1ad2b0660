#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fuzz.sh PROVA GUEST SEED...: random calls on 1, 2 and 4 processors under both schedules (and with
# restricted injection), once for each seed: no wrong result, no broken page, no end of the monitor,
# every invariant and rule.
. "$(dirname "$0")/lib.sh"
guest=$2
shift 2
good='^fuzz: all as it should be'

for seed in "$@"; do
    for cpus in 1 2 4; do
        expect 0 "$good" run --monitor default --guest "$guest" --limit-insns 200G \
            --cpus $cpus --seed "$seed"
    done
    expect 0 "$good" run --monitor default --guest "$guest" --limit-insns 200G \
        --cpus 3 --seed "$seed" --set schedule=random --set restricted_injection=on
done

# It would be seen: a monitor that forgets to scrub.
expect 1 '^fuzz: [0-9]+ calls on 2 vCPUs: 0 wrong results, [1-9][0-9]* broken pages' \
    run --monitor no-scrub --guest fuzz --cpus 2
grep -Eq 'VIOLATED +rule +grant-before-scrub' "$WORK/out" || fail "no rule is violated by no-scrub"
finish
