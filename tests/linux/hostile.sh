#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hostile.sh PROVA FLAVOUR RELEASE: every scenario of scenarios/linux/ comes out as it says with one of
# Debian's kernels; and twice with the same stream of events, whether the kernel boots or is
# taken from a snapshot at its shell.
PROVA=$1 flavour=$2 release=$3
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

"$here/kernel" "$flavour" "$release" "$WORK" || exit $?
"$here/initramfs" --modules "$WORK/modules" "$WORK/initrd.gz" || exit $?
set -- --kernel "$WORK/vmlinuz" --initrd "$WORK/initrd.gz"
# All at once, each with its own boot.
"$PROVA" run --all --scenario 'linux/*' "$@" --json >"$WORK/all" 2>&1 || {
    fail "run --all: exit code $?"
    cat "$WORK/all" >&2
}
made=0
taken=0
for file in scenarios/linux/*.lua; do
    name=$(basename "$file" .lua)
    "$PROVA" run "$file" "$@" --snapshots "$WORK/snapshots" >"$WORK/$name" 2>&1 </dev/null ||
        { fail "$name: exit code $?"; grep -vE '^(holds|ok) ' "$WORK/$name" >&2; }
    stream=$(sed -n 's/^stream *//p' "$WORK/$name")
    grep "\"scenario\":\"linux/$name\"" "$WORK/all" | grep -q "\"hash\":\"$stream\"" ||
        fail "$name: another run has another stream than $stream"
    grep -q '^snapshot  made' "$WORK/$name" && made=$((made + 1))
    grep -q '^snapshot  /' "$WORK/$name" && taken=$((taken + 1))
done
# One machine has other options of its kernel than the rest.
wanted=$(grep -l '^  starts' scenarios/linux/*.lua | wc -l)
[ $made -eq 2 ] && [ $taken -eq $((wanted - 2)) ] ||
    fail "$made snapshots made, $taken taken, of $wanted scenarios that start at the shell"
[ "$failures" -eq 0 ]
