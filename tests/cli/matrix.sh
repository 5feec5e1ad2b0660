#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The library's scenarios against all monitors: every monitor with a defect is found by a scenario that
# says so, the correct one by none but those that are outside the architecture. The records are
# read, the exit code alone is not trusted; and a scenario with a wrong expectation is seen.
. "$(dirname "$0")/lib.sh"

expect 0 '^result +0 ' run --all --scenario '*' --tap "$WORK/all.tap" --junit "$WORK/all.xml"
grep '^  {' "$WORK/all.tap" >"$WORK/records"
count=$(wc -l <"$WORK/records")
head -n 2 "$WORK/all.tap" | tr '\n' ' ' | grep -q "^TAP version 14 1\.\.$count \$" ||
    fail "the TAP plan does not fit $count records"
[ "$(grep -c '^ok ' "$WORK/all.tap")" -eq "$count" ] || fail "not every record is ok"
grep -q "tests=\"$count\" failures=\"0\" errors=\"0\"" "$WORK/all.xml" || fail "JUnit differs from TAP"

# records PATTERN...: how many records have all of these.
records() {
    cp "$WORK/records" "$WORK/left"
    for pattern in "$@"; do
        grep -E -e "$pattern" "$WORK/left" >"$WORK/fewer"
        mv "$WORK/fewer" "$WORK/left"
    done
    wc -l <"$WORK/left"
}
mutants=0
for monitor in $("$PROVA" list monitors | awk '{ print $1 }'); do
    case $monitor in default | verbose) continue ;; esac
    mutants=$((mutants + 1))
    [ "$(records "\"monitor\":\"$monitor\"" '"verdict":"found"' '"code":0' '"violates":\["')" -gt 0 ] ||
        fail "no scenario finds $monitor"
done
[ "$mutants" -gt 0 ] || fail "there is no monitor with a defect"
[ "$(records '"monitor":"default"')" -gt 10 ] || fail "the correct monitor has hardly been run"
[ "$(records '"monitor":"default"' '"violates":\["')" -eq \
    "$(records '"monitor":"default"' '"verdict":"outside"')" ] || {
    fail "a rule is violated with the correct monitor"
    cat "$WORK/left" >&2
}
# Every invariant and rule is broken by one of these runs at least, as its scenario says; so none is
# there that could not be.
rules=0
for rule in $("$PROVA" list invariants | awk '{ print $1 }') \
    $("$PROVA" list rules | awk '{ print $1 }'); do
    rules=$((rules + 1))
    [ "$(records '"code":0' "\"violates\":\[[^]]*\"$rule\"")" -gt 0 ] || fail "nothing breaks $rule"
done
[ "$rules" -eq "$(ls db/invariants/*.sql | wc -l)" ] || fail "$rules rules are listed"
for scenario in "$SOURCE"/scenarios/*.lua "$SOURCE"/scenarios/*/*.lua; do
    [ -f "$scenario" ] && ! [ -h "$scenario" ] || continue
    case $scenario in */linux/*) continue ;; esac # they need a kernel: tests/linux
    name=$(basename "$scenario" .lua)
    [ "$(records "\"scenario\":\"([a-z]+/)?$name\"")" -gt 0 ] || fail "$name was not run"
done

# boot is not linux/boot; that one wants a kernel.
expect 0 '^result +0 ' run --all --scenario boot
expect 2 'it boots a Linux kernel' run --all --scenario linux/boot

# It would be seen: a wrong expectation, either way round, a scenario that cannot run, a limit.
cat >"$WORK/wrong.lua" <<'END'
scenario { title = "wrong", monitor = "default", guest = "page-cycle",
           expect = { default = { violates = { "grant-before-scrub" } },
                      ["no-scrub"] = { holds = "all" } } }
END
expect 1 '1 BROKEN, 1 MISSED' run --all --scenario "$WORK/wrong.lua" --tap "$WORK/wrong.tap" \
    --junit "$WORK/wrong.xml"
[ "$(grep -c "^$WORK/wrong.lua$" "$WORK/out")" -eq 1 ] || fail "the scenario is not named once"
grep -q 'default +MISSED' "$WORK/out" -E || fail "what does not happen is not missed"
grep -q 'no-scrub +BROKEN +grant-before-scrub +event [1-9]' "$WORK/out" -E ||
    fail "the rule that is broken is not named"
[ "$(grep -c '^not ok ' "$WORK/wrong.tap")" -eq 2 ] || fail "TAP has not two failures"
[ "$(grep -c '<failure ' "$WORK/wrong.xml")" -eq 2 ] || fail "JUnit has not two failures"
echo 'scenario { title = "x", monitor = "default", expect = {} } monitor.symbol("nothing")' \
    >"$WORK/unusable.lua"
expect 2 "UNUSABLE +.*no symbol 'nothing'" run --all --scenario "$WORK/unusable.lua"
expect 3 'CUT ' run --all --scenario boot --limit-insns 1000
expect 1 'BROKEN' run --all --scenario "$WORK/wrong.lua" --scenario "$WORK/unusable.lua"

# One's own monitor: that every rule holds is all that is asked. A fault that is said to come from
# vmpck0 means nothing to it.
cp "$(dirname "$PROVA")/monitor/no-scrub.elf" "$WORK/mine.elf"
expect 1 'mine +BROKEN +vmpl0|mine +BROKEN +grant' run --all --scenario paper-8.4.1 \
    --monitor "$WORK/mine.elf"
cp "$(dirname "$PROVA")/monitor/default.elf" "$WORK/mine.elf"
expect 0 'mine +holds' run --all --scenario paper-8.4.1 --monitor "$WORK/mine.elf"

# Every monitor against a scenario: the one that nobody finds is an error.
expect 0 'no-scrub +caught by 1: page-cycle, grant-before-scrub, event [1-9]' run --all --cross \
    --scenario page-cycle --monitor default --monitor no-scrub
expect 1 'no-scrub +caught by no scenario' run --all --cross --scenario boot --monitor no-scrub
# Nor is it caught by what no monitor resists.
expect 1 'no-scrub +caught by no scenario' run --all --cross --scenario boot \
    --scenario reserve/debug_policy --monitor no-scrub
grep -q '1 holds, 1 outside' "$WORK/out" || fail "outside the architecture is not outside"

# The same output, whatever is done first; and seeds.
"$PROVA" run --all --scenario 'set-*' --jobs 1 --csv >"$WORK/one"
"$PROVA" run --all --scenario 'set-*' --jobs 4 --csv >"$WORK/four"
cmp "$WORK/one" "$WORK/four" || fail "the number of jobs changes the output"
[ "$(wc -l <"$WORK/one")" -eq 3 ] || fail "two scenarios, two lines and a head"
expect 0 '' run --all --scenario boot --seeds 3 --seed 7 --csv
[ "$(cut -d, -f3 "$WORK/out" | tr '\n' ' ')" = "seed 7 8 9 " ] || fail "seeds 7 to 9 were not run"
[ "$(cut -d, -f13 "$WORK/out" | sort -u | wc -l)" -eq 4 ] || fail "seeds do not matter"
same "$(sed -n 2p "$WORK/out" | cut -d, -f13)" "$(hash_of boot --seed 7)" "alone and among others"

# Wrong usage.
expect 0 'Examples:' run --all --help
expect 2 'jobs 0: it must be a number from 1 to 256' run --all --jobs 0
expect 2 'jobs many: it must be' run --all --jobs many
expect 2 'seeds 0: it must be' run --all --seeds 0
expect 2 'more than 500000 runs' run --all --cross --seeds 100000
expect 2 "no-such\\*: no scenario has such a name" run --all --scenario 'no-such*'
expect 2 "no scenario 'page-cylce'; did you mean 'page-cycle'" run --all --scenario page-cylce
expect 2 "no built-in monitor 'defualt'" run --all --monitor defualt
expect 2 'named by --scenario' run --all boot
expect 2 'exclude each other' run --all --csv --json
expect 2 'seed -1: it must be' run --all --seed -1
expect 2 'the same file' run --all --tap "$WORK/x" --junit "$WORK/x"
expect 2 'exists and is not' run --all --tap "$WORK/wrong.lua"
expect 2 'Unknown option --trace' run --all --trace "$WORK/x.db"
expect 2 "no scenario 'boott'; did you mean 'boot'\\? \\(prova list scenarios\\)" run boott

# Ctrl-C ends all of them.
"$PROVA" run --all --scenario lock-kernel --seeds 1000 --jobs 3 >"$WORK/out" 2>&1 &
pid=$!
sleep 1
children=$(ps -o pid= --ppid $pid)
kill -INT $pid
wait $pid
code=$?
[ "$code" -eq 130 ] || { fail "interrupted: exit code $code"; cat "$WORK/out"; }
[ -n "$children" ] || fail "there were no processes to end"
for child in $children; do
    kill -0 "$child" 2>/dev/null && fail "process $child goes on"
done
finish
