#!/bin/bash
# Whether the source was written to after the snapshot: the report says so, names the tables, and says what was compared.
# timeout: 150
. "$(dirname "$0")/../lib/e2e.sh"
lm_init source_changes
lm_on_exit() { kill "$writer" 2> /dev/null; }
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE TABLE app.written (id int PRIMARY KEY, v int)" -c "CREATE TABLE app.quiet (id int PRIMARY KEY)" \
    -c "INSERT INTO app.written SELECT i, 0 FROM generate_series(1, 100) i" -c "INSERT INTO app.quiet SELECT generate_series(1, 100)" -c "ANALYZE"
lm_env
staging() { lm_cli psql -q -A -t -c "$1"; }
changes() { staging "SELECT changes->>'verdict', changes->'tables' FROM lakemover.snapshot ORDER BY run_id DESC LIMIT 1"; }

while lm_sql source "$LM_DB" -c "UPDATE app.written SET v = v + 1 WHERE id <= 5"; do sleep 0.1; done > "$LM_TMP/writer.log" 2>&1 &
writer=$!
expect 0 "a run of a source that is written to" lm_cli
says 'SUCCESS'
kill $writer
wait $writer 2> /dev/null
equal "changes" 'changed|["app.written"]' "$(changes)"
audit=$(find "$LM_TMP/audit" -maxdepth 1 -name '*run-1')
output "$audit/reconciliation.html"
says 'Source since the snapshot' 'written to: app.written' 'pg_stat_user_tables'
output "$audit/events.jsonl"
says 'the source was written to since the snapshot: app.written'

# Nobody writes any more. The server itself may still move its log, which proves nothing.
lm_sql source "$LM_DB" -c VACUUM -c CHECKPOINT
expect 0 "a run of a source that nobody writes to" lm_cli --on-existing=drop
found=$(changes)
if [ "$found" = 'unchanged|' ] || [ "$found" = 'not known|' ]; then pass "changes: $found"; else fail "changes: $found"; fi
check_nothing_left
finish
