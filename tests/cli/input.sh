#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: one clear message, exit code 2 (3 for limits), nothing left behind.
. "$(dirname "$0")/lib.sh"
images=$(dirname "$PROVA")/monitor

# Usage.
expect 2 'usage: prova'
expect 0 'usage: prova' --help
expect 0 '^prova [0-9.]+, unicorn [0-9.]+' --version
expect 2 "no verb 'rnu'; did you mean 'run'" rnu
for verb in run check query replay measure verify-report certs list; do
    expect 0 'Examples:' $verb --help
done
expect 2 'Unknown option --bogus' run --bogus
expect 2 'no monitor' run
expect 2 'one scenario at a time' run a b
expect 2 'seed -1: it must be a number' run boot --seed -1
expect 2 'memory 5: it must|memory of 5 bytes: it must' run boot --memory 5
expect 2 'memory lots: it must be a size' run boot --memory lots
for cpus in 0 17 -1 1x 99999999999999; do
    expect 2 "cpus $cpus: it must be a number from 1 to 16" run boot --cpus $cpus
    expect 2 "cpus $cpus: it must be" measure default --cpus $cpus
done
expect 2 'guest-vmpl 0: it must be 1 to 3' measure default --guest-vmpl 0
expect 2 "no setting 'pval_vmlp'; did you mean 'pval_vmpl'\\? \\(prova list settings\\)" run boot --set pval_vmlp=gp
expect 2 "pval_vmpl = 'x': it must be one of gp, permission" run boot --set pval_vmpl=x
expect 2 'must be NAME=VALUE' run boot --set pval_vmpl
expect 2 "tlb_mode = 'fast'" run boot --tlb fast
expect 2 'limit-insns many' run boot --limit-insns many
expect 2 'there is no list' list monitor-names

# A folder that is called like a scenario does not hide it.
mkdir -p "$WORK/in/boot" "$WORK/in/scenarios"
cp scenarios/boot.lua "$WORK/in/scenarios/"
(cd "$WORK/in" && "$PROVA" run boot --quiet) || fail "a folder hides a scenario"

# Files.
expect 2 'no-such.lua: the scenario cannot be read: No such file' run no-such.lua
expect 2 'must be a regular file' run "$WORK"
expect 2 "no built-in monitor 'defualt' .*did you mean 'default'" run boot --monitor defualt
expect 2 "no built-in guest 'helo'" run boot --guest helo
expect 2 'no-such.elf: there is no such file' run --monitor "$WORK/no-such.elf"
expect 2 'must be a regular file' run --monitor "$WORK"
: >"$WORK/empty.elf"
expect 2 'empty.elf' run --monitor "$WORK/empty.elf"
head -c 1000 "$images/default.elf" >"$WORK/short.elf"
expect 2 'short.elf' run --monitor "$WORK/short.elf"
for bytes in 20 64 200 5000 30000; do
    head -c $bytes "$images/default.elf" >"$WORK/short.elf"
    expect 2 'short.elf' run --monitor "$WORK/short.elf" --trace "$WORK/half.db"
    [ -e "$WORK/half.db" ] && fail "half a database after a truncated monitor"
done
echo "not an ELF file" >"$WORK/text.elf"
expect 2 'text.elf' run --monitor "$WORK/text.elf"
expect 2 'default.elf|memory' run --monitor default --guest "$images/default.elf"
expect 2 '' run --monitor "$(command -v sh)"
expect 2 'short.elf' measure "$WORK/short.elf"

# What a run writes: nothing but its own kind of file is ever replaced.
mkfifo "$WORK/pipe"
for name in "$WORK/pipe" "$WORK" "$WORK/text.elf" /dev/null; do
    expect 2 'exists and is not' run boot --trace "$name"
    expect 2 'exists and is not' run boot --junit "$name"
done
[ -p "$WORK/pipe" ] && [ -c /dev/null ] || fail "a pipe or a device was replaced"
grep -q 'not an ELF file' "$WORK/text.elf" || fail "a foreign file was overwritten"
expect 2 'no-folder/j.xml: No such file' run boot --junit "$WORK/no-folder/j.xml"
expect 2 'the same file' run boot --junit "$WORK/x" --trace "$WORK/x"
expect 2 'names no file' run boot --trace=
expect 2 'names no file' run boot --junit=
[ -e "$WORK/x" ] && fail "something is left of a run that was refused"

# Reports.
expect 2 'too large' verify-report /dev/zero
expect 2 'Is a directory' verify-report "$WORK"
expect 2 'no-such: No such file' verify-report "$WORK/no-such"
expect 2 'neither a report' verify-report "$WORK/text.elf"
expect 2 'neither a report' verify-report -

# Scenarios.
echo 'scenario { title = "x", ' >"$WORK/s.lua"
expect 2 's.lua:[12]: unexpected symbol near <eof>' run "$WORK/s.lua"
printf 'scenario {\n  title = "x",\n  monitr = "default",\n}\n' >"$WORK/s.lua"
expect 2 "s.lua:3: scenario has no field 'monitr'; did you mean 'monitor'" run "$WORK/s.lua"
echo 'scenario { title = "x" } while true do end' >"$WORK/s.lua"
expect 2 'names none' run "$WORK/s.lua"
expect 3 's.lua:1: instruction limit .* loop without an end' run "$WORK/s.lua" --monitor default
echo 'scenario { title = "x" } local t = {} while true do t[#t+1] = {} end' >"$WORK/s.lua"
expect 3 's.lua:1: memory limit' run "$WORK/s.lua" --monitor default --trace "$WORK/half.db"
[ -e "$WORK/half.db" ] && fail "half a database after a script's limit"
echo 'scenario { title = "x" } function hypervisor(vcpu) while true do end end' >"$WORK/s.lua"
expect 3 's.lua:1: instruction limit' run "$WORK/s.lua" --monitor default
cat >"$WORK/s.lua" <<'END'
scenario { title = "x", monitor = "default" }
function hypervisor(vcpu)
  local exit = vcpu:run()
  print(exit.knid)
end
END
expect 2 "s.lua:4: an exit has no field 'knid'; did you mean 'kind'" run "$WORK/s.lua"
cat >"$WORK/s.lua" <<'END'
scenario { title = "x", monitor = "default" }
function hypervisor(vcpu)
  while true do pcall(hv.npt_map, 0x100000, 0x3000000) end
end
END
expect 3 'limit of events' run "$WORK/s.lua" --limit-events 5000
echo 'scenario { title = "x", monitor = "default" } monitor.symbol("nothing")' >"$WORK/s.lua"
expect 2 "the monitor has no symbol 'nothing'" run "$WORK/s.lua"
echo 'scenario { title = "x", expect = { other = {} } }' >"$WORK/s.lua"
expect 2 "says nothing about monitor 'default'" run "$WORK/s.lua" --monitor default
echo 'scenario { title = "x", monitor = "default", expect = { fault = { name = "npf", gpa = "no" } } }' \
    >"$WORK/s.lua"
expect 2 "no symbol 'no'" run "$WORK/s.lua"
for end in engine interrupted script-error terminated:16:0 terminated:0:256 terminated:1; do
    echo "scenario { title = 'x', monitor = 'default', expect = { ends = '$end' } }" >"$WORK/s.lua"
    expect 2 "s.lua:1: expect.ends: no end '$end'" run "$WORK/s.lua"
done
echo 'scenario { title = "two\nlines", monitor = "default" }' >"$WORK/s.lua"
expect 2 's.lua:.*(title must be one line|unfinished string)' run "$WORK/s.lua"
printf 'scenario { title = "x", monitor = "default" }\n\nat { event = "vmgexit" }\n' >"$WORK/s.lua"
expect 2 's.lua:3: at\{...\} has no function' run "$WORK/s.lua"
echo 'scenario { title = "x", monitor = "default", expect = { ends = "stopped" } } hv.stop("enough")' \
    >"$WORK/s.lua"
expect 0 'stopped: enough' run "$WORK/s.lua"
expect 3 'cut short \(limit-insns\)' run boot --limit-insns 1000
expect 3 'cut short \(limit-events\)' run boot --limit-events 3000
expect 3 'cut short \(limit-time\)' run boot --limit-time 1us

# Databases.
expect 2 'no-such.db' check "$WORK/no-such.db"
expect 2 'text.elf' query "$WORK/text.elf" run
expect 2 'text.elf' replay "$WORK/text.elf"
expect 2 'text.elf' run boot --trace "$WORK/text.elf"
grep -q 'not an ELF file' "$WORK/text.elf" || fail "a foreign file was overwritten"
expect 2 '' run boot --trace "$WORK/no-folder/run.db"
expect 0 '' run boot --quiet --trace "$WORK/run.db"
expect 2 'had a guest; name its file' replay "$WORK/run.db" --guest ''
expect 2 '' query "$WORK/run.db" 'SELECT nonsense'
expect 2 '' query "$WORK/run.db" 'DELETE FROM event'
expect 2 'NAME=VALUE' query "$WORK/run.db" page-history gpa
expect 2 '' query "$WORK/run.db" page-history
for value in x '' 99999999999999999999 0x; do
    expect 2 'it must be a number' query "$WORK/run.db" page-history "gpa=$value"
done
expect 2 'given twice' query "$WORK/run.db" page-history gpa=1 gpa=2
expect 2 'it must be a number from 1' query "$WORK/run.db" run --limit-rows 0
expect 2 'it must be a time' query "$WORK/run.db" run --limit-time 0
expect 3 '' query "$WORK/run.db" 'SELECT seq FROM event' --limit-rows 3
expect 0 '' query "$WORK/run.db" run --json
finish
