#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The attack of the paper: found on one monitor, defeated on the other, and the other way round wrong.
. "$(dirname "$0")/lib.sh"
scenario=scenarios/paper-8.4.1.lua

expect 0 'violated +rule +grant-before-scrub .*monitor/.*as expected' \
    run $scenario --monitor no-scrub --trace "$WORK/bad.db"
grep -Eq 'violated +invariant +vmpl0-confidentiality .*RIP 0x[0-9a-f]+ .*monitor/' "$WORK/out" ||
    fail "no RIP and source line of vmpl0-confidentiality"
expect 0 'ok +expectation fault npf-rmp at vmpck0' \
    run $scenario --monitor default --trace "$WORK/good.db"
grep -q -i 'violated' "$WORK/out" && fail "the correct monitor violates something"

# The database alone says the same.
expect 1 'vmpl0-confidentiality +invariant +violated' check "$WORK/bad.db"
expect 0 '' check "$WORK/good.db"
expect 0 '^grant-before-scrub,rule,0$' query "$WORK/bad.db" --csv \
    "SELECT name, kind, holds FROM verdict WHERE kind <> 'expectation' AND NOT holds"
expect 0 '^expectation,1$' query "$WORK/good.db" --csv \
    "SELECT DISTINCT kind, holds FROM verdict WHERE kind = 'expectation'"
expect 0 'RMPADJUST .*monitor/' query "$WORK/bad.db" who-changed-page gpa="$(
    "$PROVA" query "$WORK/bad.db" --csv "SELECT gpa FROM rule LIMIT 1" | tail -1)"

# Swapped expectations make either fail.
sed -e 's/\["no-scrub"\] = {/["SWAP"] = {/; s/default = {/["no-scrub"] = {/; s/\["SWAP"\]/default/' \
    $scenario >"$WORK/swapped.lua"
cmp -s $scenario "$WORK/swapped.lua" && fail "nothing was swapped"
expect 1 'VIOLATED' run "$WORK/swapped.lua" --monitor no-scrub
expect 1 'NOT MET' run "$WORK/swapped.lua" --monitor default
finish
