# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the tests of the command. $1 is the command; each test has a folder of its own.
set -u
PROVA=$1
SOURCE=$PWD
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# expect CODE PATTERN ARGUMENT...: the command ends with that code and says (on either output) what
# the extended regular expression matches; "" for anything. The output stays in $WORK/out.
expect() {
    wanted=$1 pattern=$2
    shift 2
    "$PROVA" "$@" >"$WORK/out" 2>&1 </dev/null
    code=$?
    [ "$code" -eq "$wanted" ] || {
        fail "prova $*: exit code $code, wanted $wanted"
        cat "$WORK/out" >&2
    }
    [ -z "$pattern" ] || grep -Eq -e "$pattern" "$WORK/out" || {
        fail "prova $*: it does not say /$pattern/"
        cat "$WORK/out" >&2
    }
}

# The hash of the stream of a run with these arguments.
hash_of() {
    "$PROVA" run "$@" 2>/dev/null | sed -n 's/^stream *//p'
}

same() {
    [ -n "$1" ] && [ "$1" = "$2" ] || fail "$3: '$1' and '$2' differ"
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}
