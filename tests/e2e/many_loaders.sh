#!/bin/bash
# Three daemons at one staging database load one run: each takes batches. A helper that is killed, one that is fenced off, one
# that is stopped past its heartbeat and comes back, and a leader that is killed: every row is there once.
# timeout: 260
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init many_loaders
lm_on_exit() {
    local n
    for n in 1 2 3; do [ -z "${daemon[n]:-}" ] || kill -KILL "${daemon[n]}" 2> /dev/null; done
}
lm_start_source
lm_start_target
lm_start_staging
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO app.t SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 27000) i;
CREATE TABLE app.child (id int PRIMARY KEY REFERENCES app.t, v text);
INSERT INTO app.child SELECT i, 'x' FROM generate_series(1, 3000) i;
ANALYZE;
SQL
# Every batch lingers in its transaction, so that there is something to disturb; rows must not come twice unnoticed either.
house_slow 0.25
house_watch "${HOUSE_LINGER[@]}"
lm_env
staging() { lm_sql staging lakemover -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
own_source shop
staging "UPDATE lakemover.plan_table SET batch_rows = 1000"

# Daemons 1 to 3, as if on hosts of their own: a home and an audit directory each.
daemon=()
ready() { grep -qs 'is ready' "$LM_TMP/daemon.$1"; }
start_daemon() {
    LAKEMOVER_HOME=$LM_TMP/home/$1 LAKEMOVER_AUDIT_DIR=$LM_TMP/audit/$1 "$LM_LAKEMOVER" daemon > "$LM_TMP/daemon.$1" 2>&1 < /dev/null &
    daemon[$1]=$!
    eventually 20 ready "$1" || fail "no daemon: $(cat "$LM_TMP/daemon.$1")"
}
missing_daemons() {
    local n
    for n in 1 2 3; do
        if [ -z "${daemon[n]:-}" ] || ! kill -0 "${daemon[n]}" 2> /dev/null; then start_daemon $n; fi
    done
}
number_of() {   # number_of PID
    local n
    for n in 1 2 3; do [ "${daemon[n]}" != "$1" ] || echo $n; done
}
run=0
leader() { staging "SELECT split_part(loader_id, ':', 2) FROM lakemover.run WHERE run_id = $run"; }
helpers() { staging "SELECT split_part(loader_id, ':', 2) FROM lakemover.run_loader WHERE run_id = $run AND state = 'joined' ORDER BY 1"; }
all_have() { [ "$(staging "SELECT count(DISTINCT loader_id) FROM lakemover.run_chunk WHERE run_id = $run AND state = 'done'")" -ge "$1" ]; }
happened() { [ "$(staging "SELECT count(*) FROM lakemover.event WHERE run_id = $run AND kind = '$1'")" -gt 0 ]; }
# Three loaders are at it, each of them has loaded something.
begin() {
    missing_daemons
    run=$((run + 1))
    staging "CALL lakemover.migrate('shop', '{\"on_existing\": \"drop\", \"jobs\": 1, \"keep_ledger\": true}')" > "$LM_TMP/out.call" 2>&1 &
    call=$!
    eventually 40 all_have 3 || fail "not three loaders at work: $(staging "SELECT lakemover._run_loaders($run)")"
}
silence() { staging "UPDATE lakemover.run_loader SET heartbeat = heartbeat - interval '1 minute' WHERE run_id = $run AND state = 'joined' AND loader_id LIKE '%:$1:%'"; }
describe() { lm_sql "$1" "$2" -c "SELECT count(*), count(DISTINCT id), md5(string_agg(t::text, ',' ORDER BY id)) FROM app.t t UNION ALL SELECT count(*), count(DISTINCT id), md5(string_agg(t::text, ',' ORDER BY id)) FROM app.child t"; }
succeeds() {
    wait $call
    equal "$1: exit code of the CALL" 0 $?
    output "$LM_TMP/out.call"
    says 'SUCCESS'
    equal "$1: rows, keys, contents" "$(describe source "$LM_DB")" "$(describe target "$LM_TARGET_DB")"
    # Every row is of the one transaction that the ledger has of its batch.
    equal "$1: rows by the ledger's transactions" 30000 \
        "$(target "SELECT sum(rows_copied) FROM lakemover_ledger.chunk c WHERE rows_copied = (SELECT count(*) FROM app.t WHERE xmin::text = (c.xid::text::numeric % 4294967296)::text) + (SELECT count(*) FROM app.child WHERE xmin::text = (c.xid::text::numeric % 4294967296)::text)")"
    equal "$1: batches without a loader, points in time" "0|1" "$(staging "SELECT (SELECT count(*) FROM lakemover.run_chunk WHERE run_id = $run AND (state <> 'done' OR loader_id IS NULL)), (SELECT count(DISTINCT snapshot_at) FROM lakemover.run_table WHERE run_id = $run)")"
    equal "$1: helpers left in the ledger" 0 "$(target 'SELECT count(*) FROM lakemover_ledger.loader')"
}

# All three take part; a pause is one of all; the audit directory is whole.
begin
output "$LM_TMP/out.status"
lm_cli status > "$OUT" 2>&1
says 'loaders: .*:[0-9]+ leads .*helps'
staging "SELECT lakemover.request_pause($run)" > /dev/null
paused() { [ "$(staging "SELECT state FROM lakemover.run WHERE run_id = $run")" = paused ]; }
eventually 10 paused || fail "the run does not pause"
loaded() { staging "SELECT count(*) FROM lakemover.run_chunk WHERE run_id = $run AND state IN ('done', 'claimed')"; }
done_before=$(loaded)
sleep 1
equal "batches during a pause" "$done_before" "$(loaded)"
equal "readers of the source during a pause" 0 "$(staging "SELECT lakemover._source_readers($run)")"
staging "SELECT lakemover.request_resume($run)" > /dev/null
succeeds "three loaders"
equal "loaders that have batches" 3 "$(staging "SELECT count(*) FROM jsonb_array_elements(lakemover._run_loaders($run)) l WHERE (l->>'chunks')::int > 0")"
equal "points of the table, epoch" "1|1" "$(staging "SELECT count(DISTINCT snapshot_at), max(epoch) FROM lakemover.run_table JOIN lakemover.run USING (run_id) WHERE run_id = $run")"
audit=$(staging "SELECT audit_dir FROM lakemover.run WHERE run_id = $run")
equal "helpers in the audit trail" 2 "$(grep -c '"kind":"helper_joined"' "$audit/events.jsonl")"
equal "and their batches in its ledger" 30 "$(grep -c . "$audit/ledger.jsonl")"
expect 0 "the audit directory" lm_cli verify "$audit"
equal "audit directories of helpers" 1 "$(find "$LM_TMP/audit" -name '*-run-1' | wc -l)"

# A rate is one of all loaders together, and so are the places among the source's readers.
target 'UPDATE house.slow SET seconds = 0' > /dev/null
run=$((run + 1))
staging "CALL lakemover.migrate('shop', '{\"on_existing\": \"drop\", \"jobs\": 2, \"keep_ledger\": true, \"max_rate\": \"1000kB\", \"max_source_connections\": 5}')" > "$LM_TMP/out.call" 2>&1 &
call=$!
most=0
while kill -0 $call 2> /dev/null; do
    readers=$(staging "SELECT lakemover._source_readers($run)")
    [ "$readers" -le $most ] || most=$readers
    sleep 0.2
done
succeeds "a rate"
# Two loaders take the four places that there are: the third may get none.
more=$(staging "SELECT count(*) FROM jsonb_array_elements(lakemover._run_loaders($run)) l WHERE (l->>'chunks')::int > 0")
if [ "$more" -ge 2 ]; then pass "loaders at it: $more"; else fail "loaders at it: $more"; fi
if [ "$most" -ge 2 ] && [ "$most" -le 4 ]; then pass "readers at the same time: $most"; else fail "readers at the same time: $most"; fi
rate=$(staging "SELECT (sum(bytes_copied) / extract(epoch FROM max(ended_at) - min(started_at)) / 1024)::int FROM lakemover.run_chunk WHERE run_id = $run")
# A second may pass until one more is taken into account.
if [ "$rate" -gt 100 ] && [ "$rate" -le 1250 ]; then pass "kB in a second, of all: $rate"; else fail "kB in a second, of all: $rate"; fi
target 'UPDATE house.slow SET seconds = 0.25' > /dev/null

# One helper dies, the other is not in the ledger any more: it must not write. The leader ends the run.
begin
victim=$(helpers | head -n 1)
kill -KILL "$victim"
wait "$victim" 2> /dev/null
target "DELETE FROM lakemover_ledger.loader" > /dev/null
silence "$victim"
if eventually 10 happened helper_lost; then pass "the dead helper is let go"; else fail "the dead helper is not let go"; fi
slow_fence() { [ "$(staging "SELECT count(*) FROM lakemover.event WHERE run_id = $run AND kind = 'helper_left' AND message LIKE '%taken over%'")" = 1 ]; }
if eventually 10 slow_fence; then pass "the other one is fenced off and leaves"; else fail "the fence does not hold: $(staging "SELECT message FROM lakemover.event WHERE run_id = $run AND kind LIKE 'helper%'")"; fi
succeeds "a helper killed, one fenced off"

# The leader dies: whoever takes over goes on at the same point, with the third as its helper.
begin
first=$(leader)
kill -KILL "$first"
wait "$first" 2> /dev/null
staging "UPDATE lakemover.run SET heartbeat = heartbeat - interval '1 minute' WHERE run_id = $run"
taken_over() { [ "$(leader)" != "$first" ]; }
if eventually 15 taken_over; then pass "another daemon takes over"; else fail "nobody takes over: $(cat "$LM_TMP"/daemon.?)"; fi
succeeds "the leader killed"
equal "epoch, events" "2|0" "$(staging "SELECT r.epoch, (SELECT count(*) FROM lakemover.event e WHERE e.run_id = $run AND kind IN ('point_lost', 'table_begins_again')) FROM lakemover.run r WHERE run_id = $run")"
equal "directories of the run" 2 "$(find "$LM_TMP/audit" -name "*-run-$run" | wc -l)"
expect 0 "the second one" lm_cli verify "$(staging "SELECT audit_dir FROM lakemover.run WHERE run_id = $run")"

# A helper is stopped in the middle of a batch, longer than its heartbeat allows; others load that; then it goes on.
begin
target 'UPDATE house.slow SET seconds = 0.6' > /dev/null
victim=$(helpers | head -n 1)
stopped_with_batch() {
    kill -STOP "$victim"
    chunk=$(staging "SELECT chunk_id FROM lakemover.run_chunk WHERE run_id = $run AND state = 'claimed' AND loader_id LIKE '%:$victim:%'")
    [ -n "$chunk" ] || { kill -CONT "$victim"; return 1; }
}
eventually 10 stopped_with_batch || fail "it has no batch"
silence "$victim"
by_another() { [ -n "$(staging "SELECT 1 FROM lakemover.run_chunk WHERE chunk_id = ${chunk:-0} AND state = 'done' AND loader_id NOT LIKE '%:$victim:%'")" ]; }
if eventually 15 by_another; then pass "its batch is loaded by another"; else fail "its batch is not loaded: $(staging "SELECT state, loader_id FROM lakemover.run_chunk WHERE chunk_id = ${chunk:-0}")"; fi
kill -CONT "$victim"
target 'UPDATE house.slow SET seconds = 0' > /dev/null
succeeds "a helper stopped and continued"
if kill -0 "$victim" 2> /dev/null; then pass "its daemon lives on"; else fail "its daemon is gone: $(cat "$LM_TMP/daemon.$(number_of "$victim")")"; fi

# The second pass has helpers, too; its leader dies in it.
target 'UPDATE house.slow SET seconds = 0.25' > /dev/null
staging "UPDATE lakemover.plan_column c SET pass = 2 FROM lakemover.plan_table t WHERE t.table_id = c.table_id AND t.source_table = 't' AND c.source_column = 'v'" > /dev/null
begin
second_pass_of() { [ "$(staging "SELECT count(DISTINCT loader_id) FROM lakemover.run_chunk WHERE run_id = $run AND pass = 2 AND state = 'done'")" -ge "$1" ]; }
if eventually 60 second_pass_of 2; then pass "several loaders fill the column"; else fail "nobody helps in the second pass: $(staging "SELECT lakemover._run_loaders($run)")"; fi
victim=$(leader)
kill -KILL "$victim"
wait "$victim" 2> /dev/null
staging "UPDATE lakemover.run SET heartbeat = heartbeat - interval '1 minute' WHERE run_id = $run" > /dev/null
target 'UPDATE house.slow SET seconds = 0' > /dev/null
missing_daemons
succeeds "a second pass whose leader died"
equal "batches of both passes" '1 30, 2 27' "$(staging "SELECT string_agg(pass || ' ' || n, ', ' ORDER BY pass) FROM (SELECT pass, count(*) AS n FROM lakemover.run_chunk WHERE run_id = $run GROUP BY 1) x")"

for n in 1 2 3; do [ -z "${daemon[n]:-}" ] || kill -TERM "${daemon[n]}" 2> /dev/null; done
for n in 1 2 3; do
    lm_wait_gone "${daemon[n]}" 20 || fail "daemon $n does not end: $(tail -n 3 "$LM_TMP/daemon.$n")"
    wait "${daemon[n]}"
    equal "exit code of daemon $n" 0 $?
done
no_sessions_left
finish
