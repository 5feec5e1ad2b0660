#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# report.sh PROVA: Debian 13's kernel asks for a report by sev-guest and for one by the SVSM's
# attestation protocol; prova verify-report takes both from the console, with the nonce and the
# launch digest of `prova measure`, and does not with any other.
PROVA=$1
set -u
LC_ALL=C
export LC_ALL
here=$(dirname "$0")
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# verify CODE OPTION...
verify() {
    wanted=$1
    shift
    "$PROVA" verify-report "$WORK/console" "$@" >"$WORK/out" 2>&1
    code=$?
    [ $code -eq "$wanted" ] && return
    fail "verify-report $*: exit code $code, not $wanted"
    cat "$WORK/out" >&2
}

"$here/kernel" cloud debian13 "$WORK" >/dev/null || exit $?
"$here/initramfs" --modules "$WORK/modules" "$WORK/initrd.gz" >/dev/null || exit $?
set -- --kernel "$WORK/vmlinuz" --initrd "$WORK/initrd.gz" --append prova.do=report
"$PROVA" run scenarios/linux/boot.lua "$@" >"$WORK/console" 2>&1 </dev/null || {
    fail "prova run: exit code $?"
    cat "$WORK/console" >&2
    exit 1
}
measurement=$("$PROVA" measure default "$@" | cut -c1-96)
nonce='The nonce of a test: sixty-four bytes, the same ones every time.'

verify 0 --nonce-text "$nonce" --measurement "$measurement" --vmpl 2
[ "$(grep -c '^report  GUEST$\|^report  SVSM$' "$WORK/out")" -eq 2 ] ||
    fail "not both reports are in the console's text"
for step in 'nonce$' 'report data is the hash of nonce and manifest' 'manifest is the monitor'; do
    grep -q "^holds *$step" "$WORK/out" || fail "it does not say that this holds: $step"
done
for report in GUEST SVSM; do
    verify 0 --report $report --nonce-text "$nonce" --measurement "$measurement"
    verify 1 --report $report --nonce-text "${nonce%.}!" --measurement "$measurement"
    verify 1 --report $report --nonce-text "$nonce" \
        --measurement "$("$PROVA" measure default "$@" --memory 512M | cut -c1-96)"
    verify 1 --report $report --nonce-text "$nonce" --seed 2
done
verify 1 --report GUEST --vmpl 0
verify 2 --report SVSM
[ "$failures" -eq 0 ]
