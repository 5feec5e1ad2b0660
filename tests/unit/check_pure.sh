#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check_pure.sh [--expect-findings] [--allow expression] archive.a ...
#
# A model is a pure function: its archive may call string functions, assertions and Nettle, and
# nothing else (no allocation, I/O, clock, random numbers; no GLib, Unicorn, Lua, SQLite), and has
# no writable data. With --expect-findings each of the defects of impure.c must be found, and no other.
# --allow names further symbols, as an extended regular expression for the whole name.
# NM names the program to use instead of nm.
set -eu
LC_ALL=C
export LC_ALL

allowed='memcpy|memmove|memset|memcmp|strlen|strnlen|strcmp|strncmp|__assert_fail|abort'
allowed="$allowed"'|__stack_chk_fail|__mem(cpy|move|set)_chk|_GLOBAL_OFFSET_TABLE_'
allowed="$allowed"'|__[a-z]+[dt]i[23]' # arithmetic of the compiler's run-time library
allowed="$allowed"'|_?nettle_[a-z0-9_]+|__gmp[nz]_[a-z0-9_]+'

want_findings=no
if [ "${1:-}" = --expect-findings ]; then
    want_findings=yes
    shift
fi
if [ "${1:-}" = --allow ] && [ $# -ge 2 ]; then
    allowed="$allowed|$2"
    shift 2
fi
if [ $# -eq 0 ]; then
    echo "usage: check_pure.sh [--expect-findings] [--allow expression] archive.a ..." >&2
    exit 2
fi

# Sections B D S G C (and small letters for local symbols) are data that can be written.
findings() {
    symbols=$("${NM:-nm}" --format=posix "$@")
    printf '%s\n' "$symbols" | awk -v allowed="^($allowed)\$" '
        NF >= 2 && $2 ~ /^[TtWwRrBbDdSsGgCcVvi]$/ { defined[$1] = 1; total++ }
        NF >= 2 && $2 ~ /^[BbDdSsGgC]$/ && $1 !~ /^(\.|__odr)/ { print "writable data: " $1 }
        NF >= 2 && $2 == "U" { undefined[$1] = 1 }
        END {
            for (name in undefined)
                if (!(name in defined) && name !~ allowed) print "calls outside: " name
            if (total == 0) print "no symbols at all: not an archive of objects?"
        }' | sort
}

found=$(findings "$@")
if [ "$want_findings" = yes ]; then
    expected="calls outside: malloc
calls outside: puts
calls outside: rand
calls outside: sqlite3_libversion
calls outside: time
writable data: impure_counter
writable data: impure_global"
    if [ "$found" != "$expected" ]; then
        printf 'check_pure.sh: expected\n%s\nbut found\n%s\n' "$expected" "$found"
        exit 1
    fi
    exit 0
fi
if [ -n "$found" ]; then
    printf 'check_pure.sh: not a pure model: %s\n%s\n' "$*" "$found"
    exit 1
fi
