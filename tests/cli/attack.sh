#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# attack.sh PROVA FILE.lua: the attack, on the monitor that resists and on each that its expectations
# name. Every run meets its expectations, twice with the same stream; if the file says
# "-- Schedule: any", under random schedules too. And the attack is tried on the monitor that resists:
# the same file without the script behind scenario{} gives another stream.
. "$(dirname "$0")/lib.sh"
file=$2

run_twice() {
    expect 0 '^result +0 ' run "$file" --monitor "$1"
    first=$(sed -n 's/^stream *//p' "$WORK/out")
    same "$first" "$(hash_of "$file" --monitor "$1")" "the streams of $file on $1"
    grep -q '^-- Schedule: any' "$file" || return
    for seed in 1 2 3; do
        expect 0 '^result +0 ' run "$file" --monitor "$1" --set schedule=random --seed "$seed"
    done
}

run_twice default
tried=$first
awk '{ print } /^scenario \{/ { inside = 1 } inside && /^}/ { exit }' "$file" >"$WORK/untried.lua"
if [ "$(grep -c '^[^-]' "$file")" -gt "$(grep -c '^[^-]' "$WORK/untried.lua")" ]; then
    [ -n "$tried" ] && [ "$tried" != "$(hash_of "$WORK/untried.lua" --monitor default)" ] ||
        fail "the script of $file does nothing on default"
fi
for monitor in $("$PROVA" list monitors | awk '$1 != "default" { print $1 }'); do
    # As a key of the table of expectations, quoted or not.
    if grep -Eq "^ *(\[\"$monitor\"\]|$monitor) *= *\{" "$file"; then
        run_twice "$monitor"
    fi
done
finish
