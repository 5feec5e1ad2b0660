#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# console.sh PROVA: a shell on a Linux guest's serial port, typed at by a file and by hand; and from a
# snapshot of several processors.
PROVA=$1
set -u
LC_ALL=C
export LC_ALL
here=$(dirname "$0")
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

says() { # line
    tr -d '\r' <"$WORK/out" | grep -qx -e "$1" || {
        fail "the console does not say '$1'"
        grep -v '^> ' "$WORK/out" >&2
    }
}

wait_for() { # line
    for _ in $(seq 600); do
        tr -d '\r' <"$WORK/out" | grep -qx -e "$1" && return 0
        sleep 0.1
    done
    fail "nobody says '$1'"
    cat "$WORK/out" >&2
}

identical() { # database
    "$PROVA" replay "$1" >"$WORK/replay" 2>&1
    grep -q '^identical' "$WORK/replay" || { fail "the replay differs"; cat "$WORK/replay" >&2; }
}

"$here/kernel" cloud debian13 "$WORK" || exit $?
"$here/initramfs" "$WORK/initrd.gz" || exit $?
set -- run -m default --kernel "$WORK/vmlinuz" --initrd "$WORK/initrd.gz" --append prova.do=shell

# More lines than any queue holds, and none is lost.
{
    echo 'echo sum $((6*7)); cat >/dev/shm.txt <<END'
    seq 10000 15999
    echo 'END'
    echo 'echo bytes $(wc -c </dev/shm.txt) "$(md5sum </dev/shm.txt)"; poweroff -f'
} >"$WORK/text"
"$PROVA" "$@" --input "$WORK/text" --trace "$WORK/file.db" >"$WORK/out" 2>&1 </dev/null ||
    fail "typed from a file: exit code $?"
says 'sum 42'
says "bytes 36000 $(seq 10000 15999 | md5sum)"
identical "$WORK/file.db"

# Ctrl-C is a key, a second is about a second, and while nobody does anything time does not race.
mkfifo "$WORK/keys"
"$PROVA" "$@" --cpus 2 --interactive --trace "$WORK/keys.db" <"$WORK/keys" >"$WORK/out" 2>&1 &
pid=$!
exec 3>"$WORK/keys"
wait_for 'PROVA-SHELL-READY'
sleep 2
echo 'echo cpu"s" $(nproc); sleep 100000' >&3
wait_for 'cpus 2'
sleep 1 # a shell that is about to start a program does not hear it
printf '\003echo st"ill" here\n' >&3
wait_for 'still here'
sleep 1
echo 'poweroff -f' >&3
wait $pid || fail "typed by hand: exit code $?"
exec 3>&-
identical "$WORK/keys.db"
passed=$("$PROVA" query "$WORK/keys.db" --csv 'SELECT max(time) / 1000000000 FROM event' | tail -1)
[ "$passed" -ge 3 ] && [ "$passed" -lt 100 ] || fail "$passed seconds have passed in the guest"

# From a snapshot: the same run, which takes a processor away and back.
printf 'for s in 0 1; do echo $s >/sys/devices/system/cpu/cpu2/online; done; nproc; exit\n' \
    >"$WORK/text"
for schedule in fair random; do
    for options in '' "--snapshots $WORK/snapshots" "--snapshots $WORK/snapshots"; do
        # shellcheck disable=SC2086 # words
        "$PROVA" "$@" --cpus 3 --set schedule=$schedule --starts '~ # ' --input "$WORK/text" \
            $options >"$WORK/out" 2>&1 </dev/null || fail "$schedule, $options: exit code $?"
        says 3
        grep '^stream' "$WORK/out" >>"$WORK/streams.$schedule"
    done
    grep -q '^snapshot  /' "$WORK/out" || fail "$schedule: no snapshot is taken"
    [ "$(sort -u "$WORK/streams.$schedule" | wc -l)" -eq 1 ] || fail "$schedule: the streams differ"
done
[ "$failures" -eq 0 ]
