#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Scenarios that start later, and the machine at that point in a file: the same runs with and
# without it, and what is wrong with files and folders.
. "$(dirname "$0")/lib.sh"
DIR=$WORK/snapshots

scenario() { # file text-to-start-at what-is-typed
    cat >"$WORK/$1" <<END
scenario {
  title = "somebody types", monitor = "default", guest = "echo", starts = "$2",
  expect = { holds = "all", ends = "terminated:0:0", console = 'echo: $(printf %s "$3" | wc -c) "$3"' },
}
hv.type("$3\\nquit\\n")
END
}

files() { # how many snapshots there are
    find "$DIR" -name '*.snapshot' | wc -l
}

tidy() { # nothing half-made is left
    [ -z "$(find "$DIR" -name '*.part')" ] || fail "a snapshot that is not whole is left"
}

interrupt() { # pid, name of its output
    kill -INT "$1"
    wait "$1"
    code=$?
    [ $code -eq 130 ] || { fail "the $2, interrupted: exit code $code"; cat "$WORK/$2"; }
}

scenario a.lua 'echo: ready' hello
scenario b.lua 'echo: ready' 'other words'

# ---------------------------------------------------------------- with and without

plain=$(hash_of "$WORK/a.lua")
expect 0 '^ok .*starts echo: ready .*took over' run "$WORK/a.lua" --trace "$WORK/plain.db"
expect 0 "^snapshot  made $DIR/[0-9a-f]{32}\.snapshot \([0-9]+ MiB\)" \
    run "$WORK/a.lua" --snapshots "$DIR" --trace "$WORK/made.db"
grep -q "^stream *$plain" "$WORK/out" || fail "another stream where the snapshot is made"
expect 0 "^snapshot  $DIR/[0-9a-f]{32}\.snapshot$" \
    run "$WORK/a.lua" --snapshots "$DIR" --trace "$WORK/taken.db"
grep -q "^stream *$plain" "$WORK/out" || fail "another stream from the snapshot"
grep -q 'echo: ready' "$WORK/out" || fail "the console does not show what came before"
for db in plain made taken; do
    "$PROVA" query "$WORK/$db.db" --csv 'SELECT * FROM event' >"$WORK/$db.csv"
    "$PROVA" query "$WORK/$db.db" --csv 'SELECT * FROM verdict' >>"$WORK/$db.csv"
    "$PROVA" query "$WORK/$db.db" --csv 'SELECT seq, source FROM page_history' >>"$WORK/$db.csv"
    cmp -s "$WORK/plain.csv" "$WORK/$db.csv" || fail "the databases plain.db and $db.db differ"
    expect 0 '' check "$WORK/$db.db"
    expect 0 "^identical: .* $plain" replay "$WORK/$db.db"
done

# One for all scenarios that come to the same point, one more for each other machine.
same "$(hash_of "$WORK/b.lua")" "$(hash_of "$WORK/b.lua" --snapshots "$DIR")" "another scenario"
[ "$(files)" -eq 1 ] || fail "$(files) snapshots, not 1, for two scenarios"
for options in '--seed 2' '--memory 32M' '--cpus 2' '--set pval_vmpl=permission' '--monitor no-scrub' \
    '--set schedule=random'; do
    before=$(files)
    # shellcheck disable=SC2086 # words
    {
        same "$(hash_of "$WORK/a.lua" $options)" \
            "$(hash_of "$WORK/a.lua" $options --snapshots "$DIR")" "$options, made"
        same "$(hash_of "$WORK/a.lua" $options)" \
            "$(hash_of "$WORK/a.lua" $options --snapshots "$DIR")" "$options, taken"
    }
    [ "$(files)" -eq $((before + 1)) ] || fail "$options: $(files) snapshots, $before before"
done
same "$(hash_of "$WORK/a.lua" --background response-fuzz --seed 2)" \
    "$(hash_of "$WORK/a.lua" --background response-fuzz --seed 2 --snapshots "$DIR")" "a background"
no_aslr=
setarch -R true 2>/dev/null && no_aslr='setarch -R'
same "$plain" "$(MALLOC_PERTURB_=165 $no_aslr "$PROVA" run "$WORK/a.lua" --snapshots "$DIR" \
    2>/dev/null | sed -n 's/^stream *//p')" "in other memory"

# Typed at from outside, and typed again.
printf 'by hand\nquit\n' >"$WORK/text"
for i in 1 2; do
    expect 0 'echo: 7 "by hand' run -m default -g echo --starts 'echo: ready' \
        --snapshots "$DIR" --input "$WORK/text" --trace "$WORK/typed.db"
    expect 0 '^identical' replay "$WORK/typed.db"
    printf 'by hand\nquit\n' | "$PROVA" run -m default -g echo --starts 'echo: ready' \
        --snapshots "$DIR" --interactive --trace "$WORK/keys.db" >"$WORK/out" 2>&1 ||
        fail "interactive: exit code $?"
    expect 0 '^identical' replay "$WORK/keys.db"
done

# ---------------------------------------------------------------- a start that never comes

scenario never.lua 'no such words' x
expect 3 'the console never says "no such words": the scenario has not started' \
    run "$WORK/never.lua" --snapshots "$DIR" --limit-events 60000
expect 1 'the console never says "words"' run -m default -g hello --starts words
expect 1 'the run ended before every processor' run -m default -g hello --starts hello
expect 3 '^snapshot  not used: a limit' run "$WORK/a.lua" --snapshots "$DIR" --limit-insns 1000
expect 2 'the text is empty' run -m default -g hello --starts ''
scenario empty.lua '' x
expect 2 'empty.lua:2: starts must be a text' run "$WORK/empty.lua"
expect 0 '^snapshot  none: nothing says where' run -m default -g hello --snapshots "$DIR"
tidy

# An error of the script behind the start is one of its top level.
cp "$WORK/a.lua" "$WORK/slip.lua"
echo 'hv.typo("x")' >>"$WORK/slip.lua"
for i in 1 2; do
    expect 2 'slip.lua:6: ' run "$WORK/slip.lua" --snapshots "$DIR" --trace "$WORK/slip.db"
    [ ! -e "$WORK/slip.db" ] || fail "a database of a run that was not is left"
done

# ---------------------------------------------------------------- files and folders

snapshot=$(sed -n 's/^snapshot  //p' <<END
$("$PROVA" run "$WORK/a.lua" --snapshots "$DIR")
END
)
damaged() { # what it says
    expect 0 "^snapshot  .*$1.*; made $snapshot" run "$WORK/a.lua" --snapshots "$DIR"
    grep -q "^stream *$plain" "$WORK/out" || fail "another stream after '$1'"
    expect 0 "^snapshot  $snapshot$" run "$WORK/a.lua" --snapshots "$DIR"
}
head -c 100000 "$snapshot" >"$WORK/cut" && cp "$WORK/cut" "$snapshot"
damaged 'is damaged: it is cut off'
printf 'x' | dd of="$snapshot" bs=1 seek=5000 conv=notrunc 2>/dev/null
damaged 'is damaged: its bytes are not those'
: >"$snapshot"
damaged 'is damaged: it is too short'
chmod 666 "$snapshot"
damaged 'others may write it'
echo "no snapshot at all, but a text that is long enough to be the header of a file that is one" \
    >"$snapshot"
damaged 'is no snapshot'

: >"$WORK/file"
expect 2 'file: ' run "$WORK/a.lua" --snapshots "$WORK/file"
expect 2 'file/x: Not a directory' run "$WORK/a.lua" --snapshots "$WORK/file/x"
expect 0 'made' run "$WORK/a.lua" --snapshots "$WORK/deep/er/still"
tidy

# ---------------------------------------------------------------- several at once

rm -rf "$DIR"
for i in 1 2 3; do
    "$PROVA" run "$WORK/a.lua" --snapshots "$DIR" >"$WORK/out.$i" 2>&1 &
done
wait
[ "$(cat "$WORK"/out.? | grep -c '^snapshot  made')" -eq 1 ] || fail "it is made more than once"
[ "$(cat "$WORK"/out.? | grep -c "^stream *$plain")" -eq 3 ] || fail "not all streams are the same"
rm -rf "$DIR"
expect 0 '' run --all --scenario "$WORK/a.lua" --scenario "$WORK/b.lua" --monitor default \
    --seeds 3 --jobs 4 --snapshots "$DIR" --csv
[ "$(files)" -eq 3 ] || fail "$(files) snapshots for 3 seeds"
cp "$WORK/out" "$WORK/once"
expect 0 '' run --all --scenario "$WORK/a.lua" --scenario "$WORK/b.lua" --monitor default \
    --seeds 3 --jobs 4 --csv
cmp -s "$WORK/out" "$WORK/once" || fail "run --all: with snapshots the results are others"

# Killed while it is made, and interrupted while another makes it: nothing is in the way later.
rm -rf "$DIR"
"$PROVA" run "$WORK/never.lua" --snapshots "$DIR" --limit-events 100M >"$WORK/maker" 2>&1 &
maker=$!
for _ in $(seq 100); do
    [ -n "$(find "$DIR" -name '*.part' 2>/dev/null)" ] && break
    sleep 0.1
done
"$PROVA" run "$WORK/never.lua" --snapshots "$DIR" >"$WORK/waiter" 2>&1 &
waiter=$!
sleep 1
interrupt $waiter waiter
kill -KILL $maker
wait $maker 2>/dev/null
expect 3 '' run "$WORK/never.lua" --snapshots "$DIR" --limit-events 60000
tidy
"$PROVA" run "$WORK/never.lua" --snapshots "$DIR" >"$WORK/maker" 2>&1 &
maker=$!
sleep 1
interrupt $maker maker
tidy
finish
