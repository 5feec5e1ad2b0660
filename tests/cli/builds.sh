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
for scenario in boot page-cycle paper-8.4.1; do
    PROVA=$here
    first=$(hash_of "scenarios/$scenario.lua")
    PROVA=$other
    same "$first" "$(hash_of "scenarios/$scenario.lua")" "$scenario in another build"
    compared=$((compared + 1))
done
[ "$compared" -eq 3 ] || fail "compared $compared of 3 scenarios"
finish
