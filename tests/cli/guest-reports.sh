#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# prova verify-report: what a Linux guest printed (guest-reports.txt, from tests/linux/init): a
# report of sev-guest, which is the firmware's alone, and one of the SVSM attestation protocol.
. "$(dirname "$0")/lib.sh"

log=$SOURCE/tests/cli/guest-reports.txt
text='The nonce of a test: sixty-four bytes, the same ones every time.'
nonce=$(printf %s "$text" | od -An -v -tx1 | tr -d ' \n')
wrong="0${nonce#?}"

block() { # NAME PART
    sed -n "/BEGIN PROVA $1 $2/,/END PROVA $1 $2/p" "$log" | sed '1d;$d' | base64 -d
}

# flip FILE BYTE: the file with the lowest bit of that byte changed, in $WORK/changed.
flip() {
    cp "$1" "$WORK/changed"
    old=$(od -An -tu1 -j "$2" -N1 "$1" | tr -d ' ')
    printf '%b' "$(printf '\\0%o' $((old ^ 1)))" |
        dd of="$WORK/changed" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

block GUEST REPORT >"$WORK/guest"
block SVSM REPORT >"$WORK/svsm"
block SVSM MANIFEST >"$WORK/manifest"
block SVSM AUX >"$WORK/aux"
expect 0 '' certs
cp "$WORK/out" "$WORK/chain.pem"
expect 0 '' certs --seed 2
cp "$WORK/out" "$WORK/other.pem"

# Both from the text; each is named, and one that fails is enough.
expect 0 'report  GUEST' verify-report "$log" --nonce "$nonce"
grep -q 'report  SVSM' "$WORK/out" || fail "the SVSM's report is not verified"
measurement=$(sed -n 's/^measurement *//p' "$WORK/out" | sort -u)
[ "${#measurement}" -eq 96 ] || fail "not one measurement: '$measurement'"
expect 0 '' verify-report "$log" --nonce-text "$text" --measurement "$measurement" --vmpl 2
expect 1 'GUEST: not genuine or.*nonce' verify-report "$log" --nonce "$wrong"
grep -q 'SVSM: not genuine or.*hash of nonce and manifest' "$WORK/out" ||
    fail "the SVSM's report is good with a wrong nonce"
expect 1 'FAILS +launch digest' verify-report "$log" --nonce "$nonce" --measurement \
    "0${measurement#?}"
sed 's/$/\r/' "$log" | "$PROVA" verify-report - --nonce "$nonce" --quiet ||
    fail "lines that end with CR LF"

# One of them. Without a nonce there is something to say of the plain one only.
expect 0 'vmpl +2' verify-report "$log" --report GUEST
grep -q SVSM "$WORK/out" && fail "--report GUEST verifies another one, too"
expect 2 'SVSM: without --nonce' verify-report "$log" --report SVSM
expect 2 'SVSM: without --nonce' verify-report "$log"
expect 0 'service +2f1c8a6e-93d4-4b7a-8e05-d1c6a45b97f3 192 bytes: the monitor' \
    verify-report "$log" -r SVSM --nonce "$nonce"
pcr=$(sed -n 's/^pcr *//p' "$WORK/out")
expect 0 'holds +measurement register' verify-report "$log" -r SVSM --nonce "$nonce" --pcr "$pcr"
expect 1 'FAILS +measurement register' verify-report "$log" -r SVSM --nonce "$nonce" \
    --pcr "$nonce"
expect 2 'no measurement register' verify-report "$log" -r GUEST --pcr "$pcr"
expect 2 "no report 'OTHER'; there is: GUEST SVSM" verify-report "$log" -r OTHER

# The same as files.
expect 0 'holds +nonce' verify-report "$WORK/guest" --nonce "$nonce" --vmpl 2
expect 0 'report data +546865206e6f' verify-report "$WORK/guest"
expect 1 'FAILS +VMPL' verify-report "$WORK/guest" --vmpl 0
expect 2 'must be 0 to 3' verify-report "$WORK/guest" --vmpl 4
expect 1 'FAILS +nonce' verify-report "$WORK/svsm" --nonce "$nonce"
set -- verify-report "$WORK/svsm" --nonce "$nonce"
expect 0 'holds +manifest' "$@" --manifest "$WORK/manifest"
expect 2 'vmpl is for' "$@" --manifest "$WORK/manifest" --vmpl 0
expect 1 'FAILS +VMPL 0' verify-report "$WORK/guest" --nonce "$nonce" --manifest "$WORK/manifest"
expect 1 'FAILS +report data' "$@" --manifest "$WORK/aux"
expect 2 '' "$@" --manifest /dev/zero
expect 2 'it is empty' "$@" --manifest /dev/null
expect 2 'o such file' "$@" --manifest "$WORK/none"
expect 2 'manifest goes with' verify-report "$log" --manifest "$WORK/manifest"
for at in 0 16 20 24 40 44 48 56 152 176 239; do
    flip "$WORK/manifest" $at
    expect 1 'FAILS +report data' "$@" --manifest "$WORK/changed"
done
for at in 0 8 48 80 144 416 672 1183; do
    flip "$WORK/guest" $at
    expect 1 FAILS verify-report "$WORK/changed"
    flip "$WORK/svsm" $at
    expect 1 FAILS verify-report "$WORK/changed" --nonce "$nonce" --manifest "$WORK/manifest"
done

# Certificates: from a table, and from that of the text; the root is never one of them.
expect 0 '' verify-report "$WORK/guest" --certs "$WORK/aux"
expect 0 '' verify-report "$WORK/guest" --certs "$WORK/aux" --ark "$WORK/chain.pem"
expect 1 'FAILS +certificate of the ASK' verify-report "$WORK/guest" --certs "$WORK/aux" --seed 2
expect 1 'FAILS +certificate of the ASK' verify-report "$log" -r GUEST --ark "$WORK/other.pem"
expect 1 'FAILS +certificate of the ASK' verify-report "$log" -r GUEST --certs "$WORK/other.pem"
expect 2 '1 to 3 certificates' verify-report "$WORK/guest" --ark "$WORK/aux"
flip "$WORK/aux" 2000
expect 0 '' verify-report "$WORK/guest" --certs "$WORK/changed" # a bit of the root that is not used
flip "$WORK/aux" 500
expect 1 'FAILS +certificate' verify-report "$WORK/guest" --certs "$WORK/changed"
flip "$WORK/aux" 19 # offset of the VCEK
expect 2 'certificate table' verify-report "$WORK/guest" --certs "$WORK/changed"
head -c 2000 "$WORK/aux" >"$WORK/changed"
expect 2 'certificate table' verify-report "$WORK/guest" --certs "$WORK/changed"

# Damaged texts.
damaged() { # PATTERN SED-SCRIPT
    sed "$2" "$log" >"$WORK/damaged"
    expect 2 "$1" verify-report "$WORK/damaged" --nonce "$nonce"
}
damaged 'GUEST REPORT in the text: its END is missing' '/END PROVA GUEST REPORT/d'
damaged 'GUEST REPORT in the text: something other' '/BEGIN PROVA GUEST REPORT/a [ 1.0] kernel'
damaged 'GUEST REPORT in the text: it has [0-9]+ bytes' '/BEGIN PROVA GUEST REPORT/{n;d}'
damaged 'SVSM MANIFEST in the text: it is missing' '/BEGIN PROVA SVSM MAN/,/END PROVA SVSM MAN/d'
damaged 'SVSM MANIFEST in the text: it is empty' \
    '/BEGIN PROVA SVSM MAN/,/END PROVA SVSM MAN/{/PROVA/!d}'
damaged 'not behind a report' '/BEGIN PROVA SVSM REPORT/,/END PROVA SVSM REPORT/d'
damaged 'GUEST AUX in the text is no certificate table' '/BEGIN PROVA GUEST AUX/{n;d}'
finish
