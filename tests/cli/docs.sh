#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every example of docs/scenario-reference.md runs: ```lua ends well (a fragment is put behind a
# scenario{} of its own), ```lua wrong ends with exit code 2.
. "$(dirname "$0")/lib.sh"

awk -v dir="$WORK" '
    /^```lua/ { n++; file = sprintf("%s/example-%02d%s.lua", dir, n, $2 == "wrong" ? "-wrong" : ""); next }
    /^```/ { file = ""; next }
    file != "" { print > file }
' docs/scenario-reference.md
count=0
for file in "$WORK"/example-*.lua; do
    count=$((count + 1))
    wanted=0
    case $file in *-wrong.lua) wanted=2 ;; esac
    if ! grep -q '^scenario' "$file"; then
        { echo 'scenario { title = "example", monitor = "default", guest = "hello", expect = {} }'
          cat "$file"; } >"$file.whole"
        mv "$file.whole" "$file"
    fi
    expect $wanted '' run "$file"
    [ "$code" -eq "$wanted" ] || cat "$file" >&2
done
[ "$count" -ge 8 ] || fail "only $count examples found"
finish
