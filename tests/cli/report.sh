#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scenarios/attest.lua prints a report that prova verify-report finds good, with the right nonce only.
. "$(dirname "$0")/lib.sh"

nonce=$(printf '11%.0s' $(seq 64))
"$PROVA" run scenarios/attest.lua --cpus 2 >"$WORK/console" 2>&1 || fail "scenarios/attest.lua"
expect 0 '' verify-report "$WORK/console" --nonce "$nonce"
expect 1 '' verify-report "$WORK/console" --nonce "22${nonce#11}"

finish
