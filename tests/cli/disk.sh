#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A full disk: a message, exit code 2, no file that looks like a run. The file size limit of the
# shell stands for the full disk; /dev/full for full standard output.
. "$(dirname "$0")/lib.sh"

for blocks in 1 8 200 2000; do
    (ulimit -f $blocks && exec "$PROVA" run boot --trace "$WORK/run.db") >"$WORK/out" 2>&1
    code=$?
    [ "$code" -eq 2 ] || { fail "limit $blocks: exit code $code"; cat "$WORK/out"; }
    grep -q 'prova: .*run.db' "$WORK/out" || { fail "limit $blocks: no message"; cat "$WORK/out"; }
    for rest in "$WORK"/run.db*; do
        [ -e "$rest" ] && fail "limit $blocks: $(basename "$rest") is left behind"
    done
done
if [ -e /dev/full ]; then
    "$PROVA" run boot >/dev/full 2>"$WORK/out"
    code=$?
    [ "$code" -eq 2 ] || fail "full standard output: exit code $code"
    grep -q 'prova: standard output: No space left' "$WORK/out" || fail "no message"
    "$PROVA" list >/dev/full 2>"$WORK/out"
    [ $? -eq 2 ] || fail "list to a full device"
fi
finish
