#!/bin/bash
# What a person at a terminal sees of a run: a bar that moves and is never longer than its room,
# a line per phase, the verdict; and nothing of the bar in a pipe.
# alone
. "$(dirname "$0")/../lib/e2e.sh"
lm_init terminal
lm_start_source
lm_start_target
lm_load_demo 0.02
lm_env
expect 0 "planning" lm_cli plan
expect 0 "overriding names" resolve_demo_blockers lm_cli psql

on_terminal() { script -qefc "stty cols 100; $(printf '%q ' "$LM_LAKEMOVER" "$@")" /dev/null; }
expect 0 "a run on a terminal" on_terminal
says 'SUCCESS' 'load +done in' 'validate +done in'
tr '\r' '\n' < "$OUT" | sed 's/\x1b\[K//g' > "$LM_TMP/bars"
output "$LM_TMP/bars"
says '^(load|finish|validate) +\[#*\.*\]  [0-9]+/[0-9]+ tables'
equal "bars longer than their room" 0 "$(grep -E '^[a-z]+ +\[' "$LM_TMP/bars" | awk 'length($0) > 110' | wc -l)"

expect 0 "a run in a pipe" lm_cli --on-existing=drop
says 'SUCCESS'
says_not '\[#*\.*\]'
expect 0 "status in a pipe" lm_cli status
says 'run 2 .*SUCCESS'
check_nothing_left
finish
