#!/bin/bash
# migrate --refresh of a large table in many batches writes little more than what has changed on the source: the target's own
# counters of rows say so. Both sides end equal, and a second refresh writes nothing.
# timeout: 420
. "$(dirname "$0")/../lib/e2e.sh"
lm_init refresh
lm_start_source
lm_start_target
rows=300000
lm_sql source "$LM_DB" -v rows=$rows -f - < "$LM_ROOT/tests/bench/mixed.sql" || fail "the source's rows"
lm_env
export LAKEMOVER_JOBS=2
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -X -A -t -q -c "$1"; }
# Of all sessions that have ended by now.
written() {
    sleep 1
    target "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = 'mixed'"
}
equal_sides() {
    local sums="SELECT count(*), sum(hashtextextended(m::text, 1)) FROM bench.mixed m"
    equal "rows of both sides" "$(lm_sql source "$LM_DB" -c "SET TimeZone = 'UTC'" -c "$sums")" "$(lm_sql target "$LM_TARGET_DB" -c "SET TimeZone = 'UTC'" -c "$sums")"
}
expect 0 "the load" lm_cli --max-batch-rows=20000
says ': SUCCESS'
equal_sides
before=$(written)
lm_sql source "$LM_DB" -v rows=$rows -f - <<'SQL' || fail "the source goes on"
UPDATE bench.mixed SET amount = amount + 1, note = 'updated' WHERE id % 250 = 1;
DELETE FROM bench.mixed WHERE id % 1000 IN (2, 502, 902);
INSERT INTO bench.mixed SELECT :rows + i, i % 50021, 1, 1, now(), current_date, md5(i::text)::uuid, true, 'new-' || i, 'inserted' FROM generate_series(1, :rows * 3 / 1000) i;
SQL
expect 0 "the refresh" lm_cli migrate --refresh
says 'EQUAL AFTER REPAIR' "1200 rows updated, 900 inserted, 900 deleted, of $rows"
after=$(written)
equal "rows that the target's server counted as written" 3000 "$((after - before))"
equal_sides
expect 0 "a refresh without a change" lm_cli migrate --refresh
says ': EQUAL$'
equal "rows written by it" "$after" "$(written)"
check_nothing_left
finish
