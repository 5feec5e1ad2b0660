#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hostile.sh PROVA FLAVOUR RELEASE: every scenario of scenarios/linux/ comes out as it says with one of
# Debian's kernels, and twice with the same stream of events.
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
"$here/initramfs" "$WORK/initrd.gz" || exit $?
set -- --kernel "$WORK/vmlinuz" --initrd "$WORK/initrd.gz"
for file in scenarios/linux/*.lua; do
    name=$(basename "$file" .lua)
    "$PROVA" run "$file" "$@" >"$WORK/$name" 2>&1 </dev/null ||
        { fail "$name: exit code $?"; grep -vE '^(holds|ok) ' "$WORK/$name" >&2; }
done
# The same all at once.
"$PROVA" run --all --scenario 'linux/*' "$@" --json >"$WORK/all" 2>&1 || fail "run --all: exit code $?"
for file in scenarios/linux/*.lua; do
    name=$(basename "$file" .lua)
    stream=$(sed -n 's/^stream *//p' "$WORK/$name")
    grep "\"scenario\":\"linux/$name\"" "$WORK/all" | grep -q "\"hash\":\"$stream\"" ||
        fail "$name: a second run has another stream than $stream"
done
[ "$failures" -eq 0 ]
