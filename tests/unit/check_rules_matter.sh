#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Without any one rule some hand-written stream fails: check_rules_matter.sh PROVA TEST...
# PROVA_RULE_OFF takes a rule from both judges (stream_build.c).
set -u
prova=$1
shift
ulimit -c 0
names=$("$prova" list invariants | awk '{ print $1 }'; "$prova" list rules | awk '{ print $1 }')
count=0
status=0
for name in $names; do
    missed=0
    count=$((count + 1))
    for test; do
        PROVA_RULE_OFF=$name "$test" >/dev/null 2>&1 || { missed=1; break; }
    done
    [ "$missed" -eq 1 ] || {
        echo "nothing fails without $name"
        status=1
    }
done
[ "$count" -ge 33 ] || {
    echo "only $count rules are listed"
    status=1
}
# And all pass with all of them.
for test; do
    "$test" >/dev/null 2>&1 || {
        echo "$test fails"
        status=1
    }
done
exit "$status"
