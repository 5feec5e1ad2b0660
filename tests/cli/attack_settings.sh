#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# attack_settings.sh PROVA: what the prose of attacks says of other settings than theirs.
. "$(dirname "$0")/lib.sh"
attacks=scenarios/attacks

expect 1 '^VIOLATED +invariant +vmsa-current ' run "$attacks/11_delete_running_vmsa.lua" \
    --set inuse_write=allow
for attack in 15_wesee 16_heckler_gates; do
    expect 1 '^ended +vmrun-invalid' run "$attacks/$attack.lua" --set restricted_injection=on
    ! grep -q '^VIOLATED' "$WORK/out" || fail "$attack with restricted injection violates something"
done
finish
