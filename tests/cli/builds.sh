#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One stream from builds of other optimisation. $2: the command of the other build; without one of
# these very sources there is nothing to compare, and the test is skipped.
. "$(dirname "$0")/lib.sh"
here=$PROVA
other=$2

if ! [ -x "$other" ] || [ -n "$(find cpu db emu psp rmp rules trace tools -newer "$other" \
    -name '*.[ch]' | head -n 1)" ]; then
    echo "no current build at $other: build the release preset first" >&2
    exit 77
fi
compared=0
while read -r scenario options; do
    PROVA=$here
    # shellcheck disable=SC2086 # words
    first=$(hash_of "scenarios/$scenario.lua" $options)
    PROVA=$other
    # shellcheck disable=SC2086
    same "$first" "$(hash_of "scenarios/$scenario.lua" $options)" \
        "$scenario $options in another build"
    compared=$((compared + 1))
done <<'END'
boot
page-cycle
paper-8.4.1
attacks/02_scrub_grant_race --monitor no-lock
attacks/18_ghcb_double_fetch --monitor refetch
attacks/25_hw_pack_cachewarp
wake-up-ap --cpus 4 --seed 3 --background park-at-fault,response-fuzz
END
[ "$compared" -eq 7 ] || fail "compared $compared of 7 runs"
finish
