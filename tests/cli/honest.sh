#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# honest.sh PROVA COUNT [FIRST]: COUNT honest runs, numbered from FIRST (1) on: everything that can
# vary does, and follows from the number. Each must end as its guest wants, and every invariant and
# rule must hold: whatever is reported here is a false alarm, or a fault of the monitor's.
# honest.sh PROVA one NUMBER shows that run, complete with its scenario.
. "$(dirname "$0")/lib.sh"

# Those that end by themselves with 0:0, the quick ones more often.
guests="hello hello page-cycle page-cycle switch wake-up-ap wake-up-ap set-page-shared
    set-page-private extend-pcr attest derive-key encrypt-decrypt lock-kernel services fuzz"
memories="64M 72M 96M 128M" # set-page-private and fuzz want 64M
slices="300 1000 5000 20000 100000"

# pick NUMBER WORD...: one of the words.
pick() {
    shift $(($1 % ($# - 1) + 1))
    echo "$1"
}

# scenario NUMBER: what that run is, as a scenario. Bytes of a hash stand for dice.
scenario() {
    set -- "$1" $(printf 'honest %s' "$1" | sha256sum | sed 's/ .*//; s/../ 0x&/g')
    printf 'scenario {\n  title = "honest run %s", monitor = "default",\n' "$1"
    printf '  guest = "%s", seed = %s, cpus = %s,\n' "$(pick $(($2)) $guests)" "$1" $(($3 % 4 + 1))
    printf '  schedule = "%s", restricted_injection = %s,\n' "$(pick $(($4)) fair random)" \
        "$(pick $(($5)) false true)"
    printf '  guest_vmpl = %s, memory = "%s",\n' $(($6 % 3 + 1)) "$(pick $(($7)) $memories)"
    [ $(($8 % 3)) -eq 0 ] || printf '  slice_insns = %s,\n' "$(pick $(($9)) $slices)"
    printf '  tlb_mode = "%s",\n' "$(pick $((${10})) arch arch hw)"
    printf '  expect = { holds = "all", ends = "terminated:0:0" },\n}\n'
}

# run_one NUMBER: a line for each run; the first word says how it went.
run_one() {
    scenario "$1" >"$WORK/$1.lua"
    if "$PROVA" run -q "$WORK/$1.lua" >"$WORK/$1.out" 2>&1 </dev/null; then
        echo ok
    else
        echo "FAILED run $1: $(sed '1d;s/^ *//;/expect/,$d' "$WORK/$1.lua" | tr '\n' ' ')"
        sed -n '/^VIOLATED\|^NOT MET\|^prova/p' "$WORK/$1.out"
    fi
    rm -f "$WORK/$1.lua" "$WORK/$1.out"
}

case $2 in
one)
    scenario "$3" >"$WORK/honest.lua"
    cat "$WORK/honest.lua"
    expect 0 "" run "$WORK/honest.lua"
    cat "$WORK/out"
    finish
    ;;
some) # for itself: the numbers that follow
    shift 2
    for number in "$@"; do
        run_one "$number"
    done
    exit 0
    ;;
esac

count=$2
first=${3:-1}
started=$(date +%s)
seq "$first" $((first + count - 1)) | xargs -P "$(nproc)" -n 5 sh "$0" "$PROVA" some |
    awk -v count="$count" '
        $1 == "ok" || $1 == "FAILED" { runs++; step = int(runs * 10 / count) }
        $1 == "ok" { held++ }
        $1 != "ok" { print }
        step > shown && count >= 100 { shown = step; print runs " of " count " runs"; fflush() }
        END { print held + 0 " of " count " honest runs hold" }' | tee "$WORK/log"
echo "took $(($(date +%s) - started)) s on $(nproc) processors"
grep -qx "$count of $count honest runs hold" "$WORK/log" || fail "some do not"

# It would be seen: a monitor that forgets to scrub.
scenario "$first" | sed 's/"default"/"no-scrub"/; s/guest = "[^"]*"/guest = "page-cycle"/' >"$WORK/bad.lua"
expect 1 '^VIOLATED +rule +grant-before-scrub' run "$WORK/bad.lua"
finish
