#!/bin/bash
# Gentle on the source: a rate that is kept, connections that never exceed their limit (counted on the source), pauses
# that begin at the end of a batch and are lifted, also for a loader that was killed, a window, and warnings of a
# deadline. Times are lower bounds only.
# alone
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init gentle
lm_on_exit() { [ -z "${run:-}" ] || kill -KILL "$run" 2> /dev/null; }
lm_start_source
lm_start_target
export TZ=UTC
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.big (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO app.big SELECT i, repeat(md5(i::text), 16) FROM generate_series(1, 10000) i;  -- 5.2 MB
ANALYZE;
SQL
lm_env
lm_cli plan > "$LM_TMP/out.plan" 2>&1 || fail "planning: $(cat "$LM_TMP/out.plan")"
lm_cli psql -q -c 'UPDATE lakemover.plan_table SET batch_rows = 500' > /dev/null
staging() { lm_cli psql -q -A -t -c "$1"; }
newest="(SELECT max(run_id) FROM lakemover.run)"
state() { staging "SELECT state FROM lakemover.run WHERE run_id = $newest"; }
is_paused() { [ "$(state)" = paused ]; }
source_connections() { lm_sql source postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER'"; }
start() {
    "$LM_LAKEMOVER" migrate --on-existing=drop "$@" > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    output "$LM_TMP/out.run"
}
ended() {           # ended WHAT CODE: the run that was started
    wait "$run"
    equal "$1: exit code" "$2" $?
    run=
    output "$LM_TMP/out.run"
}
whole() { equal "$1: rows" "$(rows source "$LM_DB")" "$(rows target "$LM_TARGET_DB")"; }
rows() { lm_sql "$1" "$2" -c "SELECT count(*), md5(string_agg(v, '' ORDER BY id)) FROM app.big"; }
event() { staging "SELECT count(*) FROM lakemover.event WHERE run_id = $newest AND kind = '$1'"; }

# Rate, connections, stages, and a deadline that cannot be met.
LAKEMOVER_JOBS=6 start --max-rate=1MB --max-source-connections=3 --deadline="$(date -d '+3 seconds' '+%F %T')"
most=0
while kill -0 "$run" 2> /dev/null; do
    n=$(source_connections)
    if [ "$n" -gt "$most" ]; then most=$n; fi
    sleep 0.05
done
ended "a limited run" 0
says '2 workers: LAKEMOVER_JOBS=6, target allows [0-9]+ connections, source limit 3' 'deadline .* (will be missed|has passed)'
equal "connections to the source at most" 3 "$most"
whole "a limited run"
equal "seconds that 5 MB took at 1 MB/s: at least 4" t "$(staging "SELECT max(ended_at) - min(started_at) >= interval '4 seconds' FROM lakemover.run_chunk")"
equal "seconds that workers waited for it: at least 4" t "$(staging "SELECT sum(seconds) >= 4 FROM lakemover._stages($newest) WHERE stage = 'rate_limit'")"
equal "stages that were measured" "schema connect source_wait encode read rate_limit hash send commit count index finish validate" \
    "$(staging "SELECT string_agg(s->>'stage', ' ') FROM jsonb_array_elements(lakemover._stages_json($newest)) s")"
expect 0 "status --json" lm_cli status --json
document=$(cat "$OUT")
json() { lm_sql source postgres -v "d=$document" -f - <<< "SELECT $1 FROM (SELECT :'d'::jsonb AS d) x"; }
equal "its totals" "10000|10000|1|done|null" "$(json "d->'rows'->>'done', d->'rows'->>'planned', d->'tables'->>'done', d->'run'->>'state', d->'forecast'")"
equal "its bottleneck" t "$(json "d->>'bottleneck' LIKE 'the rate limit%'")"
equal "stages of its table" t "$(json "d->'table_list'->0->'stages' @> '[{\"stage\": \"rate_limit\"}]'")"
report=$(find "$LM_TMP/audit" -name reconciliation.html | tail -n 1)
if grep -q 'What held up the load most: the rate limit' "$report"; then pass "the report says it, too"; else fail "no bottleneck in $report"; fi

# A pause that is longer than the snapshot would be held without a heartbeat.
touch "$LM_TMP/told"
start --max-rate=1MB --snapshot-hold=3 --on-event "cat >> '$LM_TMP/told'"
eventually 60 committed 2 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
expect 0 "lakemover pause" lm_cli pause
says 'pauses when its batches under way are done'
if eventually 30 is_paused; then pass "it pauses"; else fail "its state is $(state)"; fi
told() { python3 -c 'import json, sys
for e in map(json.loads, open(sys.argv[1])): print(e["event"], e.get("run"), "paused by" in e.get("reason", ""))' "$LM_TMP/told"; }
told_of_pause() { told | grep -q run_paused; }
eventually 10 told_of_pause || fail "--on-event is not told of the pause"
equal "--on-event is told of the pause" "run_paused $(staging "SELECT $newest") True" "$(told | grep run_paused)"
chunks="SELECT count(*) FILTER (WHERE state = 'claimed'), count(*) FILTER (WHERE state = 'done') FROM lakemover.run_chunk WHERE run_id = $newest"
before=$(staging "$chunks")
equal "batches under way" 0 "${before%|*}"
if [ "${before#*|}" -lt 20 ]; then pass "in the middle: ${before#*|} batches"; else fail "too late: ${before#*|} batches"; fi
sleep 5
equal "batches after 5 seconds" "$before" "$(staging "$chunks")"
equal "connections to the source during a pause" 1 "$(source_connections)"
equal "the snapshot" held "$(staging "SELECT state FROM lakemover.snapshot WHERE run_id = $newest")"
expect 0 "status" lm_cli status
says 'paused' 'waiting: paused by .*; lakemover resume [0-9]+ goes on'
expect 0 "lakemover resume lifts the pause" lm_cli resume
says 'goes on'
ended "a paused run" 0
says 'SUCCESS' 'the run goes on after'
whole "a paused run"
equal "points in time" 1 "$(staging "SELECT count(DISTINCT snapshot_at) FROM lakemover.run_table WHERE run_id = $newest")"
equal "events" "1 1" "$(event paused) $(event unpaused)"
expect 2 "pausing a run that has ended" lm_cli pause "$(staging "SELECT $newest")"
says 'not active'

# A loader that is killed during a pause: resume takes the run over and does not inherit the pause.
start --max-rate=2MB
eventually 60 committed 2 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
lm_cli pause > /dev/null
eventually 30 is_paused || fail "its state is $(state)"
kill -KILL "$run"
wait "$run" 2> /dev/null
run=
expect 0 "resuming what a killed loader has left paused" lm_cli resume
says 'resumed'
whole "a run that was killed during a pause"

# Outside its window a run does not even take its snapshot.
# Whoever asks before the run has its home would have it first.
: > "$LM_TMP/out.run"
start --window="$(date -d '+2 hours' +%R)-$(date -d '+3 hours' +%R)"
eventually 30 test -s "$LM_TMP/out.run"
if eventually 30 is_paused; then pass "it waits for the window"; else fail "its state is $(state): $(tail -n 5 "$LM_TMP/out.run")"; fi
equal "snapshots meanwhile" 0 "$(staging "SELECT count(*) FROM lakemover.snapshot WHERE run_id = $newest")"
expect 0 "status" lm_cli status
says 'waiting: outside the window .*; goes on at'
expect 0 "lakemover cancel" lm_cli cancel
ended "cancelled while it waits" 7

# A window that closes for six seconds in the middle of the load.
closes=$(date -d '+7 seconds' '+%F %T')
opens=$(date -d "$closes 6 seconds" '+%F %T')
start --max-rate=700kB --window="${opens#* }-${closes#* }"
ended "over the closed hours" 0
says 'outside the window' 'the run goes on after' 'SUCCESS'
whole "over the closed hours"
# But for those that a worker was about to begin.
equal "batches that began while it was closed" 0 "$(staging "SELECT count(*) FROM lakemover.run_chunk WHERE run_id = $newest AND started_at >= '$closes+00'::timestamptz + interval '1 second' AND started_at < '$opens+00'")"
equal "points in time" 1 "$(staging "SELECT count(DISTINCT snapshot_at) FROM lakemover.run_table WHERE run_id = $newest")"

expect 2 "a rate that is none" lm_cli --max-rate=fast
says 'max-rate' 'fast'
expect 2 "a window that is none" lm_cli --window=22-6
says '--window' '22:00-06:00'
expect 2 "one connection to the source" lm_cli --max-source-connections=1
says 'max-source-connections'
check_nothing_left
finish
