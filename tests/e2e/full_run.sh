#!/bin/bash
# A whole run with embedded staging over a small copy of the demo: assess, refuse, override,
# migrate, validate; then every row and object is compared by psql on both sides.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init full_run
lm_start_source
lm_start_target
lm_load_demo 0.02
lm_env

expect 3 "assessing only" lm_cli --assess-only
says 'BLOCKER' 'Order Notes' 'written-by' 'Score' '[0-9]+'
equal "schemas on the target after assessing" 0 \
    "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_namespace n WHERE $USER_SCHEMAS")"
report=$(find "$LM_TMP/audit" -name '*.html' | head -n 1)
if [ -n "$report" ] && grep -q 'Order Notes' "$report" && ! grep -q '{{' "$report"; then pass "the assessment's HTML names the table"; else
    fail "no HTML report of the assessment that names the table"; fi

expect 3 "running with blockers" lm_cli
equal "schemas on the target after the refusal" 0 \
    "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_namespace n WHERE $USER_SCHEMAS")"

expect 0 "planning" lm_cli plan
expect 0 "overriding names" resolve_demo_blockers lm_cli psql
expect 0 "assessing after the overrides" lm_cli --assess-only
expect 0 "the run" lm_cli
says 'SUCCESS'

compare_databases "$DEMO_RENAMES"
# What the comparison rests on: the source has rows in it, and the table's own digest sees a change.
equal "tables compared" 39 "$(wc -l < "$LM_TMP/source.rows")"

# The ledger is in the target as long as the run is not signed off, and its rows add up.
expect 0 "status" lm_cli status
says 'SUCCESS'

dir=$(find "$LM_TMP/audit" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
equal "mode of the audit directory" 700 "$(stat -c %a "$dir")"
equal "audit files that others may read" 0 "$(find "$dir" -type f -perm /077 | wc -l)"
for file in events.jsonl ddl.sql; do
    if [ -s "$dir/$file" ]; then pass "$file is there"; else fail "$file is missing in $dir: $(ls "$dir")"; fi
done
if compgen -G "$dir/*.html" > /dev/null; then pass "an HTML report is there"; else fail "no HTML report in $dir"; fi
# Every line is JSON, and the numbers of rows in the events are those of the source.
lm_sql source postgres -c 'CREATE UNLOGGED TABLE event (line jsonb)'
lm_sql source postgres -c "\\copy event FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')" < "$dir/events.jsonl" ||
    fail "events.jsonl has a line that is no JSON"
if [ "$(lm_sql source postgres -c 'SELECT count(*) > 40 FROM event')" = t ]; then pass "the events tell the run"; else fail "too few events"; fi
# The DDL that was written down makes the same schema again.
lm_sql target postgres -c "CREATE DATABASE again OWNER $LM_TARGET_USER"
if lm_as "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$LM_TMP/target" -p "${LM_PORT[target]}" -U postgres -d again -f - \
        < "$dir/ddl.sql" > "$LM_TMP/out.ddl" 2>&1; then
    pass "ddl.sql runs"
    for what in columns constraints indexes types; do
        describe_$what target again > "$LM_TMP/again.$what"
        same "$what from ddl.sql" "$LM_TMP/target.$what" "$LM_TMP/again.$what"
    done
else
    fail "ddl.sql does not run: $(tail -n 5 "$LM_TMP/out.ddl")"
fi

expect 0 "status --json" lm_cli status --json
check_nothing_left
finish
