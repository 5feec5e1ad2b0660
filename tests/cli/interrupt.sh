#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Ctrl-C ends a run cleanly: exit code 130, database closed and readable; also inside a script's loop.
. "$(dirname "$0")/lib.sh"

interrupt() {
    "$PROVA" run "$WORK/s.lua" --trace "$WORK/run.db" >"$WORK/out" 2>&1 &
    pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do # until the run has begun
        sleep 0.2
        grep -q begun "$WORK/out" && break
    done
    kill -INT $pid
    wait $pid
    code=$?
    [ "$code" -eq 130 ] || { fail "$1: exit code $code"; cat "$WORK/out"; }
}

# The guest's processor is kicked for ever: the run goes on until somebody stops it.
cat >"$WORK/s.lua" <<'END'
scenario { title = "for ever", monitor = "default", guest = "hello" }
function hypervisor(vcpu)
  hv.log("begun")
  local exit = vcpu:run()
  hv.honest(exit)
  while true do
    exit = vcpu:run()
    if exit.kind ~= "terminate" and exit.kind ~= "hlt" then hv.honest(exit) end
  end
end
END
interrupt "a run"
expect 0 '^interrupted,' query "$WORK/run.db" --csv 'SELECT exit_reason, exit_code FROM run'
expect 0 '' check "$WORK/run.db"
expect 0 '^identical' replay "$WORK/run.db"
finish
