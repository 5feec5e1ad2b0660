#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# prova verify-report: a report from a run, and everything that can be wrong with one.
. "$(dirname "$0")/lib.sh"

run="$WORK/run.txt"
"$PROVA" run --monitor default --guest services >"$run" 2>&1 || fail "the run"
measurement=$("$PROVA" measure default --guest services | cut -c1-96)
nonce=$(printf '%0128d' 0 | tr 0 1)

expect 0 'kernel +not locked' verify-report "$run"
expect 0 'holds +nonce' verify-report "$run" --nonce "$nonce" --measurement "$measurement"
expect 1 'FAILS +nonce' verify-report "$run" --nonce "0${nonce#1}"
expect 1 'FAILS +launch digest' verify-report "$run" \
    --measurement "$("$PROVA" measure default --guest hello | cut -c1-96)"
expect 1 'FAILS +measurement register' verify-report "$run" --pcr "$nonce"
expect 1 'FAILS +firmware' verify-report "$run" --seed 2
pcr=$("$PROVA" verify-report "$run" | sed -n 's/^pcr *//p')
expect 0 '' verify-report "$run" --quiet --pcr "$pcr"
[ -s "$WORK/out" ] && fail "--quiet says something about a good report"

# The chain from files; a root of another chip is not the one that signed.
expect 0 '' certs
cp "$WORK/out" "$WORK/chain.pem"
expect 0 '' certs --seed 2
cp "$WORK/out" "$WORK/other.pem"
expect 0 '' verify-report "$run" --certs "$WORK/chain.pem" --ark "$WORK/chain.pem"
expect 1 'FAILS +certificate of the ASK' verify-report "$run" --ark "$WORK/other.pem"
expect 1 'FAILS +certificate of the ASK' verify-report "$run" --certs "$WORK/other.pem"

# The bytes themselves, by a pipe too; one bit changed in each part.
for byte in $(sed -n '/BEGIN PROVA REPORT/,/END PROVA REPORT/p' "$run" | sed '1d;$d' |
    tr -cd 0-9a-f | sed 's/../& /g'); do
    printf '%b' "$(printf '\\0%o' "0x$byte")"
done >"$WORK/report"
[ "$(wc -c <"$WORK/report")" -eq 1568 ] || fail "the report has $(wc -c <"$WORK/report") bytes"
expect 0 '' verify-report "$WORK/report"
"$PROVA" verify-report - <"$WORK/report" >/dev/null || fail "a report on standard input"
for at in 80 144 672 1184 1216 1344 1408 1472 1567; do
    cp "$WORK/report" "$WORK/changed"
    old=$(od -An -tu1 -j $at -N1 "$WORK/report" | tr -d ' ')
    printf '%b' "$(printf '\\0%o' $((old ^ 1)))" |
        dd of="$WORK/changed" bs=1 seek=$at conv=notrunc 2>/dev/null
    expect 1 'FAILS' verify-report "$WORK/changed"
done

# What is no report, and options that cannot be used.
head -c 1567 "$WORK/report" >"$WORK/short"
expect 2 'neither a report of 1568 bytes nor one of 1184 nor' verify-report "$WORK/short"
sed '/END PROVA REPORT/d' "$run" >"$WORK/cut"
expect 2 "no '-----END" verify-report "$WORK/cut"
sed '/END PROVA REPORT/{x;d}' "$run" | sed '/BEGIN PROVA REPORT/a zz' >"$WORK/garbled"
expect 2 '' verify-report "$WORK/garbled"
expect 2 'o such file' verify-report "$WORK/none"
expect 2 '128 hexadecimal digits' verify-report "$run" --nonce 11
expect 2 'hexadecimal digits' verify-report "$run" --nonce 111
expect 2 '128 hexadecimal digits' verify-report "$run" --nonce "g${nonce#1}"
expect 2 '64 bytes .128 hexadecimal digits. is needed, not 2' verify-report "$run" --nonce-text ab
expect 2 'one of them only' verify-report "$run" --nonce 11 --nonce-text ab
expect 2 'vmpl is for a report of the firmware' verify-report "$run" --vmpl 0
expect 2 'manifest goes with' verify-report "$run" --manifest "$run"
expect 2 "no report 'SVSM'; there is: MONITOR" verify-report "$run" --report SVSM
expect 0 '' verify-report "$run" --report MONITOR
expect 2 '2 to 3 certificates' verify-report "$run" --certs "$run"
expect 2 '1 to 3 certificates' verify-report "$run" --ark "$WORK/report"
expect 2 'not a number' verify-report "$run" --seed x
expect 2 'name a report' verify-report
expect 2 'one report only' verify-report a b
expect 2 'too much' certs a
finish
