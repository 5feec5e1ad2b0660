#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is typed on the guest's serial port: a file, a pipe, a terminal; recorded and typed again.
# $2: a program that changes a database by SQL.
. "$(dirname "$0")/lib.sh"
change=$2
echo_run="-m default -g echo"

says() { # text
    tr -d '\r' <"$WORK/out" | grep -qxF -e "$1" || {
        fail "the console does not say '$1'"
        cat "$WORK/out" >&2
    }
}

# ---------------------------------------------------------------- a file

printf 'one\n\nthree %s\nquit\nnever read' "$(printf '\303\251')" >"$WORK/text"
# shellcheck disable=SC2086 # words
{
    expect 0 '^input  .*text  sha256 [0-9a-f]{16}' run $echo_run --input "$WORK/text" \
        --trace "$WORK/file.db"
    says 'echo: 3 "one"'
    says 'echo: 0 ""'
    says 'echo: 8 "three é"'
    says 'echo: 4 lines, 15 bytes, 0 overruns'
    expect 0 '^one\\n\\nthree ' query "$WORK/file.db" --csv \
        "SELECT replace(text, char(10), '\\n') FROM console WHERE input <> 0"
    expect 0 '^input,' query "$WORK/file.db" --csv 'SELECT role, bytes FROM run_input'

    # More than all queues hold.
    i=0
    while [ $i -lt 180 ]; do
        printf '%0100d\n' $i
        i=$((i + 1))
    done >"$WORK/long"
    echo quit >>"$WORK/long"
    expect 0 '' run $echo_run --input "$WORK/long"
    says 'echo: 181 lines, 18004 bytes, 0 overruns'

    # One stream, wherever the text lies in memory or on the disk; another text, another stream.
    first=$(hash_of $echo_run --input "$WORK/text")
    cp "$WORK/text" "$WORK/copy"
    same "$first" "$(hash_of $echo_run --input "$WORK/copy")" "a copy of the text"
    same "$first" "$("$PROVA" query "$WORK/file.db" --csv 'SELECT stream_hash FROM run' | tail -1)" \
        "with a database"
    no_aslr=
    setarch -R true 2>/dev/null && no_aslr='setarch -R'
    same "$first" "$(MALLOC_PERTURB_=165 $no_aslr "$PROVA" run $echo_run --input "$WORK/text" \
        2>/dev/null | sed -n 's/^stream *//p')" "in other memory"
    echo more >>"$WORK/copy"
    [ "$first" != "$(hash_of $echo_run --input "$WORK/copy")" ] || fail "the text does not show"

    # Typing waits for the text, also when it comes in pieces.
    expect 0 '' run $echo_run --input "$WORK/text" --input-after 'echo: ready' --trace "$WORK/after.db"
    expect 0 '^1$' query "$WORK/after.db" --csv "SELECT (SELECT min(seq) FROM console WHERE input <> 0)
        > (SELECT max(seq) FROM console WHERE input = 0 AND text = CAST('y' AS BLOB)
           AND seq < (SELECT min(seq) FROM console WHERE text = CAST('\"' AS BLOB)))"
    expect 3 '' run $echo_run --input "$WORK/text" --input-after 'never said' --limit-events 100000

    expect 2 'missing: the input cannot be read' run $echo_run --input "$WORK/missing"
    expect 2 'the input must be a regular file' run $echo_run --input "$WORK"
    expect 2 'it needs --input FILE or --interactive' run $echo_run --input-after x
    expect 2 'the text is empty' run $echo_run --input "$WORK/text" --input-after ''
    expect 2 'one of them types' run $echo_run --input "$WORK/text" --interactive
    expect 2 'neither a terminal nor a pipe' run $echo_run --interactive
}

expect 0 '^identical' replay "$WORK/file.db"
expect 0 '^identical' replay "$WORK/after.db"
mv "$WORK/text" "$WORK/moved"
expect 2 'text: the input cannot be read' replay "$WORK/file.db"
expect 2 'not the input of the recorded run: its SHA-256 is .* --input FILE' \
    replay "$WORK/file.db" --input "$WORK/copy"
expect 0 '^identical' replay "$WORK/file.db" --input "$WORK/moved"

# ---------------------------------------------------------------- a pipe

wait_for() { # text in $WORK/out
    for _ in $(seq 150); do
        grep -qF -e "$1" "$WORK/out" && return 0
        sleep 0.1
    done
    fail "nobody says '$1'"
    cat "$WORK/out" >&2
}

mkfifo "$WORK/keys"
"$PROVA" run -m default -g echo --interactive --trace "$WORK/pipe.db" \
    <"$WORK/keys" >"$WORK/out" 2>&1 &
pid=$!
exec 3>"$WORK/keys"
wait_for 'echo: ready'
printf 'ab' >&3
sleep 0.3
printf 'c\035\n' >&3 # Ctrl-] is a byte like others
wait_for 'echo: 4 "abc'
printf 'quit\n' >&3
exec 3>&-
wait $pid || fail "a run with a pipe: exit code $?"
says 'echo: 2 lines, 8 bytes, 0 overruns'
expect 0 '^[1-9]' query "$WORK/pipe.db" --csv 'SELECT count(*) FROM console WHERE input <> 0'
expect 0 '^[0-9]+,[0-9]+,0x3f8,"quit' query "$WORK/pipe.db" --csv typed
expect 0 '^identical: [0-9]+ events, hash' replay "$WORK/pipe.db"
expect 0 '^identical: [0-9]+ events, hash' replay "$WORK/pipe.db"
expect 0 '' check "$WORK/pipe.db"

# Another key, another moment: no longer the same run.
for sql in "SET text = CAST('b' AS BLOB), length = 1" "SET input = input + 1"; do
    cp "$WORK/pipe.db" "$WORK/changed.db"
    "$change" "$WORK/changed.db" "UPDATE console $sql WHERE seq =
        (SELECT min(seq) FROM console WHERE input <> 0)" || fail "the database cannot be changed"
    expect 1 '^different' replay "$WORK/changed.db"
done

# Nobody types any more: limits hold again.
expect_closed() { # code argument...
    wanted=$1
    shift
    printf 'last\n' | "$PROVA" run -m default -g echo --interactive --trace "$WORK/closed.db" "$@" \
        >"$WORK/out" 2>&1
    code=$?
    [ $code -eq "$wanted" ] || fail "a pipe that is closed: exit code $code, wanted $wanted"
    says 'echo: 4 "last"'
    expect 0 '^identical' replay "$WORK/closed.db"
}
expect_closed 3 --limit-events 100000

# ---------------------------------------------------------------- a terminal

# terminal CODE KEYS [SIGNAL]: keys are typed at a run in a terminal of its own; how it ends, and
# that the terminal's modes are what they were.
terminal() {
    rm -f "$WORK/code" "$WORK/pid"
    cat >"$WORK/session" <<END
stty -a >$WORK/before
"$PROVA" run -m default -g echo -I --trace $WORK/terminal.db &
echo \$! >$WORK/pid
fg >/dev/null
echo \$? >$WORK/code
stty -a >$WORK/after
END
    : >"$WORK/out"
    script -qc "bash -mi $WORK/session" /dev/null <"$WORK/keys" >"$WORK/out" 2>&1 &
    pid=$!
    exec 3>"$WORK/keys"
    wait_for 'echo: ready'
    printf "$2" >&3
    [ -z "${3:-}" ] || { wait_for 'echo: 3 "key"'; kill "-$3" "$(cat "$WORK/pid")"; }
    wait $pid
    exec 3>&-
    code=$(cat "$WORK/code" 2>/dev/null)
    [ "$code" = "$1" ] || { fail "keys '$2' ${3:-}: exit code $code, wanted $1"; cat "$WORK/out"; }
    cmp -s "$WORK/before" "$WORK/after" || fail "keys '$2' ${3:-}: the terminal's modes changed"
    grep -qF 'Ctrl-] ends the run' "$WORK/out" || fail "it does not say how to end it"
    expect 0 '^identical' replay "$WORK/terminal.db"
}

terminal 0 'a\003\rquit\r'
expect 0 '^6103$' query "$WORK/terminal.db" --csv \
    "SELECT substr(hex(group_concat(text, '')), 1, 4) FROM console WHERE input <> 0"
terminal 130 'key\r\035'
expect 0 '^interrupted,130' query "$WORK/terminal.db" --csv 'SELECT exit_reason, exit_code FROM run'
terminal 130 'key\r' TERM
terminal 130 'key\r' HUP
terminal 134 'key\r' ABRT
terminal 138 'key\r' USR1
finish
