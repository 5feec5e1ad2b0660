#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What Attest gives a guest, through the console to prova verify-report: good as it is, and with the
# right nonce only.
. "$(dirname "$0")/lib.sh"

nonce=$(printf '11%.0s' $(seq 64))
"$PROVA" run scenarios/attest.lua --cpus 2 >"$WORK/console" 2>&1 || fail "scenarios/attest.lua"
expect 0 '' verify-report "$WORK/console" --nonce "$nonce"
expect 1 '' verify-report "$WORK/console" --nonce "22${nonce#11}"

# One digit of the report is another.
for line in 1 20 38 40 45 49; do
    awk -v nth="$line" '/BEGIN PROVA REPORT/ { at = NR }
        at && NR == at + nth { last = substr($0, 40, 1)
            $0 = substr($0, 1, 39) (last == "0" ? "1" : "0") substr($0, 41) }
        { print }' "$WORK/console" >"$WORK/changed"
    cmp -s "$WORK/console" "$WORK/changed" && fail "line $line was not changed"
    expect 1 '' verify-report "$WORK/changed" --nonce "$nonce"
done
finish
