#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# differential.sh PROVA SQL_CHANGE COUNT [FIRST]: COUNT random runs, numbered from FIRST (1) on: guests and
# attacks, monitors with and without defects, hostile generators behind them. What the rules said
# while the machine ran (tables verdict and rule) and what `prova check` computes from the recorded
# events must be the same: every rule, its first deciding event, the number of events that broke it.
# And the correct monitor breaks none, whatever the hypervisor does.
# differential.sh PROVA SQL_CHANGE one NUMBER shows that run, and keeps its database as ./differential-NUMBER.db.
. "$(dirname "$0")/lib.sh"
CHANGE=$2
shift 2

guests="fuzz fuzz fuzz page-cycle page-cycle exerciser wake-up-ap wake-up-ap vcpus stale services
    set-page-private lock-kernel"
backgrounds="none park-at-fault response-fuzz park-at-fault,response-fuzz"
limit=600000 # events: the runs are short, and may end anywhere

# pick NUMBER WORD...: one of the words.
pick() {
    shift $(($1 % ($# - 1) + 1))
    echo "$1"
}

# The monitors that an attack's expectations name, and the one that resists.
monitors_of() {
    for monitor in $all_monitors; do
        if grep -Eq "^ *(\[\"$monitor\"\]|$monitor) *= *\{" "$1"; then
            echo "$monitor"
        fi
    done
    echo default
}

# arguments NUMBER: of `prova run`, one word each. Bytes of a hash stand for dice.
arguments() {
    set -- "$1" $(printf 'differential %s' "$1" | sha256sum | sed 's/ .*//; s/../ 0x&/g')
    if [ $(($2 % 2)) -eq 0 ]; then
        printf -- '--guest %s --cpus %s --memory %s --monitor %s\n' "$(pick $(($3)) $guests)" \
            $(($4 % 4 + 1)) "$(pick $(($5)) 64M 64M 96M)" \
            "$(pick $(($6)) default default default $all_monitors)"
        printf -- '--set restricted_injection=%s\n' "$(pick $(($7)) on on off)"
    else
        file=$(pick $(($3 * 256 + $4)) scenarios/attacks/*.lua scenarios/reserve/*.lua)
        printf -- '%s --monitor %s\n' "$file" "$(pick $(($6)) $(monitors_of "$file"))"
    fi
    printf -- '--seed %s --set schedule=%s --set tlb_mode=%s\n' "$1" \
        "$(pick $(($8)) fair random random)" "$(pick $(($9)) arch arch hw)"
    background=$(pick $((${10})) $backgrounds)
    [ "$background" = none ] || printf -- '--background %s\n' "$background"
}

# judge DATABASE: says how the two differ, if they do.
judge() {
    "$PROVA" query "$1" --csv "SELECT v.name, v.holds, coalesce(v.seq, '') AS seq,
        (SELECT count(DISTINCT r.seq) FROM rule r WHERE r.rule_id = v.rule_id) AS events
        FROM verdict v WHERE v.kind <> 'expectation' ORDER BY v.rule_id" | sed 1d >"$1.online"
    "$PROVA" check --csv "$1" | sed 1d |
        awk -F, '{ print $1 "," ($3 == "holds") "," $4 "," $5 }' >"$1.queries"
    [ -s "$1.online" ] || echo "no verdicts"
    diff "$1.online" "$1.queries"
}

# run_one NUMBER: a line for each run; the first word says how it went.
run_one() {
    words=$(arguments "$1" | tr '\n' ' ')
    # shellcheck disable=SC2086 # they are words
    "$PROVA" run -q $words --limit-events $limit --trace "$WORK/$1.db" >"$WORK/$1.out" 2>&1 </dev/null
    code=$?
    differs=$(judge "$WORK/$1.db" 2>&1)
    broken=$(sed -n 's/^\([a-z0-9-]*\),0,.*/\1/p' "$WORK/$1.db.online" | tr '\n' ' ')
    case $code in
    0 | 1 | 3) ;;
    *) differs="exit code $code: $(cat "$WORK/$1.out") $differs" ;;
    esac
    correct=0
    case " $words" in *" --monitor default "*) correct=1 ;; esac
    # Outside the architecture: hardware that is broken, memory that may be read for debugging.
    if [ -f "${words%% *}" ] && grep -q 'hardware_bugs\|policy_debug *= *true' "${words%% *}"; then
        correct=0
    fi
    if [ -n "$differs" ]; then
        echo "FAILED run $1: prova run $words"
        echo "$differs"
    elif [ $correct -eq 1 ] && [ -n "$broken" ]; then
        echo "FAILED run $1: prova run $words"
        echo "the correct monitor breaks $broken"
    else
        echo "ok $broken"
    fi
    rm -f "$WORK/$1".*
}

all_monitors=$("$PROVA" list monitors | awk '{ print $1 }' | grep -v '^verbose$')
case $1 in
one)
    words=$(arguments "$2" | tr '\n' ' ')
    echo "prova run $words --limit-events $limit"
    # shellcheck disable=SC2086
    "$PROVA" run $words --limit-events $limit --trace "$PWD/differential-$2.db"
    cp "differential-$2.db" "$WORK/run.db"
    differs=$(judge "$WORK/run.db")
    [ -z "$differs" ] || fail "online and by query: $differs"
    finish
    ;;
some) # for itself: the numbers that follow
    shift
    for number in "$@"; do
        run_one "$number"
    done
    exit 0
    ;;
esac

count=$1
first=${2:-1}
started=$(date +%s)
seq "$first" $((first + count - 1)) | xargs -P "$(nproc)" -n 5 sh "$0" "$PROVA" "$CHANGE" some |
    awk -v count="$count" '
        $1 == "ok" || $1 == "FAILED" { runs++; step = int(runs * 10 / count) }
        $1 == "ok" { agreed++; for (i = 2; i <= NF; i++) if (!seen[$i]++) rules++ }
        $1 != "ok" { print }
        step > shown && count >= 100 { shown = step; print runs " of " count " runs"; fflush() }
        END { print rules + 0 " rules were broken in some run"
              print agreed + 0 " of " count " runs agree" }' | tee "$WORK/log"
echo "took $(($(date +%s) - started)) s on $(nproc) processors"
grep -qx "$count of $count runs agree" "$WORK/log" || fail "some do not"

# It would be seen: rules were broken, and a database in which the two do not agree differs.
[ "$(sed -n 's/ rules were broken in some run//p' "$WORK/log")" -gt 2 ] || fail "hardly a rule is broken"
for change in "UPDATE verdict SET holds = 0 WHERE name = 'alias'" \
    "UPDATE verdict SET seq = seq + 1 WHERE name = 'grant-before-scrub'" \
    'DELETE FROM rule WHERE id = (SELECT max(id) FROM rule)'; do
    expect 1 '' run -q --guest page-cycle --monitor no-scrub --trace "$WORK/run.db"
    [ -z "$(judge "$WORK/run.db")" ] || fail "a plain run differs: $(judge "$WORK/run.db")"
    "$CHANGE" "$WORK/run.db" "$change" || fail "$change"
    [ -n "$(judge "$WORK/run.db")" ] || fail "not seen: $change"
done
finish
