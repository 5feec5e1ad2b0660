#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# background.sh PROVA SEEDS CPUS BACKGROUND SCENARIO...: generators behind scenarios, with so many seeds:
# no rule is broken by the correct monitor. CPUS and BACKGROUND may be lists of words. That they do
# something is for backgrounds.sh to see.
. "$(dirname "$0")/lib.sh"
seeds=$2 cpus_list=$3 backgrounds=$4
shift 4
scenarios=$#
while [ $scenarios -gt 0 ]; do # they become options
    set -- "$@" --scenario "$1"
    shift
    scenarios=$((scenarios - 1))
done
wanted=$(($# / 2 * seeds))

# behind CPUS BACKGROUND OPTION...
behind() {
    cpus=$1 background=$2
    shift 2
    expect 0 '' run --all "$@" --monitor default --background "$background" --cpus "$cpus" \
        --seeds "$seeds" --csv
    grep -v -e '^scenario,' -e ',default,[0-9]*,holds,1,0,' "$WORK/out" >&2 &&
        fail "$background, $cpus processors: not every run holds"
    count=$(grep -c ',default,[0-9]*,holds,1,0,' "$WORK/out")
    [ "$count" -ge "$wanted" ] || fail "$count runs, wanted $wanted"
}
for cpus in $cpus_list; do
    for background in $backgrounds; do
        behind "$cpus" "$background" "$@"
    done
done
finish
