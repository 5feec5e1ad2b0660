#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the command prints: quiet, colours, JUnit, measure.
. "$(dirname "$0")/lib.sh"
escape=$(printf '\033')

expect 0 '' run boot --quiet
[ -s "$WORK/out" ] && fail "--quiet says something about a good run"
expect 0 '' run boot
grep -q "$escape" "$WORK/out" && fail "colours in a file"
expect 1 'is violated|does not|never' run --monitor no-scrub --guest page-cycle --quiet
expect 1 'ended +terminated.*' run --monitor no-scrub --guest page-cycle --junit "$WORK/j.xml"
grep -q '<testsuite name="prova run" tests="[0-9]*" failures="[1-9]' "$WORK/j.xml" ||
    fail "no failures in the JUnit file"
expect 0 '' run paper-8.4.1 --monitor no-scrub --junit "$WORK/j.xml"
grep -q 'failures="0"' "$WORK/j.xml" || fail "failures in the JUnit file of a good run"
grep -q 'errors="0"' "$WORK/j.xml" || fail "errors in the JUnit file of a good run"
echo 'scenario { title = "x", expect = { holds = "all" } }' >"$WORK/s.lua"
expect 3 '' run "$WORK/s.lua" --monitor default --limit-insns 1000 --junit "$WORK/j.xml"
grep -q 'errors="1"' "$WORK/j.xml" || fail "no error in the JUnit file of a run cut short"
printf 'scenario { title = "caf\\xe9", expect = { console = "\\1" } }\n' >"$WORK/s.lua"
expect 1 '' run "$WORK/s.lua" --monitor default --junit "$WORK/j.xml"
LC_ALL=C grep -q "&#x1;\|$(printf '\351')" "$WORK/j.xml" && fail "characters that XML does not have"
expect 0 '' run boot
grep -q ' $' "$WORK/out" && fail "spaces at the ends of lines"
LC_ALL=C expect 0 'query \[OPTION\.\.\.\] RUN.DB' query --help
expect 0 '' run paper-8.4.1 --monitor no-scrub --trace "$WORK/run.db"
expect 1 '^\{"verdicts": \[' check "$WORK/run.db" --rows --json
grep -q '^, "rows": {' "$WORK/out" || fail "check --rows --json is not one document"
tail -n 1 "$WORK/out" | grep -q '^}}$' || fail "check --rows --json is not one document"
expect 0 '' query "$WORK/run.db" run
grep -q 'scenario_text' "$WORK/out" && fail "the whole scenario in the answer to run"
expect 0 '^[0-9a-f]{96}  .*default.elf  .*hello.elf$' measure default --guest hello
expect 0 '' measure default --guest hello --memory 128M --cpus 4
cp "$WORK/out" "$WORK/first"
expect 0 '' measure default --guest hello
cmp -s "$WORK/out" "$WORK/first" || fail "memory and processors change the digest"
expect 0 '' measure default --guest hello --guest-vmpl 1
cmp -s "$WORK/out" "$WORK/first" && fail "the guest's VMPL does not change the digest"
expect 0 'paper-8.4.1 +Double mapping' list scenarios
expect 0 'no-scrub' list monitors
expect 0 'page-cycle' list guests
finish
