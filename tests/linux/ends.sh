#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ends.sh PROVA: how a run ends when its kernel reboots, halts or panics, and with what exit code;
# and what is refused before anything runs.
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

# ends WORK CODE TEXT [OPTION...]
ends() {
    work=$1 code=$2 text=$3
    shift 3
    "$PROVA" run --monitor default --kernel "$WORK/vmlinuz" --initrd "$WORK/initrd.gz" \
        --append "prova.do=$work" "$@" >"$WORK/out" 2>&1 </dev/null
    came=$?
    [ $came -eq "$code" ] || fail "$work: exit code $came, not $code"
    grep -q "^ended *$text" "$WORK/out" || fail "$work: $(grep '^ended' "$WORK/out"), not $text"
}

# refused TEXT OPTION...
refused() {
    text=$1
    shift
    "$PROVA" run --monitor default "$@" >"$WORK/out" 2>&1 </dev/null
    came=$?
    [ $came -eq 2 ] || fail "$*: exit code $came, not 2"
    grep -q "$text" "$WORK/out" || fail "$*: nothing says '$text': $(tail -n 1 "$WORK/out")"
}

"$here/kernel" cloud debian13 "$WORK" || exit $?
"$here/initramfs" "$WORK/initrd.gz" || exit $?
ends reboot 0 rebooted
ends halt 0 halted
ends panic 1 'panic: Kernel panic - not syncing: sysrq triggered crash'
ends poweroff 0 powered-off --cpus 2

refused 'not a Linux kernel' --kernel "$0"
refused 'memory' --kernel "$WORK/vmlinuz" --memory 32M
head -c 200000000 /dev/zero >"$WORK/big"
refused 'initrd' --kernel "$WORK/vmlinuz" --initrd "$WORK/big" --memory 128M
refused 'need --kernel' --initrd "$WORK/initrd.gz"
refused 'one guest' --kernel "$WORK/vmlinuz" --guest hello
refused 'vmlinux or bzimage' --kernel "$WORK/vmlinuz" --entry efi
[ $failures -eq 0 ]
