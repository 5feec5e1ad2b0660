#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every example of docs/scenario-reference.md runs: ```lua ends well (a fragment is put behind a
# scenario{} of its own), ```lua wrong ends with exit code 2. What the command lists is documented.
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

# What `prova list` names is in the documents.
documented() {
    for name in $("$PROVA" list "$1" | awk '{ print $1 }'); do
        grep -q -e "\`$name\`" "$2" || fail "$2 does not say what \`$name\` of 'prova list $1' is"
    done
}
documented queries docs/database.md
documented invariants docs/invariants.md
documented rules docs/invariants.md
documented guests docs/monitor.md
documented settings docs/scenario-reference.md
# docs/attacks.md: what is broken, in which order and how it ends, is what the runs say.
"$PROVA" run --all --json >"$WORK/all.json"
grep '"violates":\["' "$WORK/all.json" | sed -E 's/.*"scenario":"[a-z]+\/([^"]*)","monitor":"([^"]*)".*"violates":\[([^]]*)\],"ends":"([^"]*)".*/| `\1` | `\2` | \3 | \4 |/; s/","/`, `/g; s/"/`/g' >"$WORK/found"
[ "$(wc -l <"$WORK/found")" -gt 25 ] || fail "hardly anything is found"
sed -n '/^## What finds/,/^## What resists/p' docs/attacks.md | grep '^| `' >"$WORK/documented"
diff "$WORK/found" "$WORK/documented" >&2 || fail "docs/attacks.md: what finds the attacks differs"
# docs/invariants.md: each rule with a run that breaks it.
sed -n '/^## Where each/,/^## The cat/p' docs/invariants.md | grep '^| `' >"$WORK/broken"
{ "$PROVA" list invariants; "$PROVA" list rules; } | awk '{ print $1 }' | sort >"$WORK/rules"
cut -d'`' -f2 "$WORK/broken" | sort | diff "$WORK/rules" - >&2 ||
    fail "docs/invariants.md does not say where each rule is broken"
while IFS='`' read -r _ rule _ scenario _ monitor _; do
    grep -F "| \`$scenario\` | \`$monitor\` | " "$WORK/found" | grep -qF "\`$rule\`" ||
        fail "$scenario on $monitor does not break $rule"
done <"$WORK/broken"
# Each scenario has one row that says what resists it, with the entries that its prose names.
sed -n '/^## What resists/,/^## Entries/p' docs/attacks.md | grep '^| `' >"$WORK/rows"
for file in scenarios/attacks/*.lua scenarios/reserve/*.lua; do
    basename "$file" .lua
done | sort >"$WORK/names"
cut -d'`' -f2 "$WORK/rows" | sort | diff "$WORK/names" - >&2 ||
    fail "docs/attacks.md: not every scenario has one row"
entries() {
    grep -oE '\b[AB][0-9]{1,3}\b' | sort -u | tr '\n' ' '
}
for name in $(cat "$WORK/names"); do
    told=$(grep '^ *--' scenarios/*/"$name.lua" | entries)
    same "$told" "$(grep "^| \`$name\`" "$WORK/rows" | cut -d'|' -f3 | entries)" "entries of $name"
done
for verb in $("$PROVA" --help | sed -n 's/^  \([a-z][a-z-]*\) .*  .*/\1/p' | grep -v '^prova$'); do
    grep -q "^| \`$verb[ \`]" docs/commands.md || fail "docs/commands.md has no verb $verb"
done
finish
