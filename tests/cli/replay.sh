#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorded run is run again from its database; changed inputs and changed records are noticed.
# $2: a program that changes a database by SQL.
. "$(dirname "$0")/lib.sh"
change=$2
images=$(dirname "$PROVA")/monitor

cp scenarios/paper-8.4.1.lua "$WORK/paper.lua"
cp "$images/default.elf" "$WORK/copy.elf"
expect 0 '' run "$WORK/paper.lua" --monitor "$WORK/copy.elf" --seed 5 --memory 32M --set tlb_mode=hw \
    --trace "$WORK/run.db"
expect 0 '^identical: [0-9]+ events, hash [0-9a-f]{32}$' replay "$WORK/run.db"

# The scenario is in the database: its file is not needed.
rm "$WORK/paper.lua"
expect 0 '^identical' replay "$WORK/run.db"

# What a script does with triggers, parking, lies of the launch and hardware bugs comes again.
for script in park answer lies watch debug hw; do
    expect 0 '' run "tests/cli/$script.lua" --trace "$WORK/$script.db"
    expect 0 '^identical' replay "$WORK/$script.db"
done

# The monitor is not, and must be the same.
mv "$WORK/copy.elf" "$WORK/moved.elf"
expect 2 'copy.elf: there is no such file' replay "$WORK/run.db"
expect 0 '^identical' replay "$WORK/run.db" --monitor "$WORK/moved.elf"
expect 2 'not the monitor of the recorded run: its SHA-256 is' \
    replay "$WORK/run.db" --monitor no-scrub

# One event changed: the first difference, both sides decoded.
cp "$WORK/run.db" "$WORK/changed.db"
"$change" "$WORK/changed.db" "UPDATE rmp SET gpa = gpa + 4096 WHERE seq = (SELECT min(seq) FROM rmp
    WHERE seq > 5000)" || fail "the database cannot be changed"
expect 1 '^different: after [0-9]+ equal events' replay "$WORK/changed.db" --monitor "$WORK/moved.elf"
grep -Eq '^recorded +[0-9]+ rmp E0 .* gpa=0x' "$WORK/out" || fail "no recorded side"
grep -Eq '^replayed +[0-9]+ rmp E0 .* gpa=0x' "$WORK/out" || fail "no replayed side"

# A database of another version: refused by every verb, and not replaced.
"$change" "$WORK/changed.db" "PRAGMA user_version = 999" || fail "the version cannot be changed"
for verb in check replay; do
    expect 2 'changed.db: .*version' $verb "$WORK/changed.db"
done
expect 2 'changed.db: .*version' query "$WORK/changed.db" run
finish
