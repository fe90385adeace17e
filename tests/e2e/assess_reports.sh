#!/bin/bash
# An assessment's document against its schema, its reports again from staging, two of them compared, and --on-event.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init assess_reports
lm_start_source
lm_start_target
lm_env
export LAKEMOVER_PDF=no
lm_sql source "$LM_DB" <<'SQL' > /dev/null
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id int PRIMARY KEY, name text);
CREATE TABLE shop."Order Lines" (id int PRIMARY KEY, customer int REFERENCES shop.customer, other int);
ALTER TABLE shop."Order Lines" ADD CONSTRAINT self FOREIGN KEY (other) REFERENCES shop."Order Lines";
CREATE TABLE shop.a (id int PRIMARY KEY, b int);
CREATE TABLE shop.b (id int PRIMARY KEY, a int REFERENCES shop.a);
ALTER TABLE shop.a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES shop.b;
CREATE TABLE shop."<script>alert(1)</script>" (id int PRIMARY KEY);
CREATE TABLE shop.old_log (v text);
INSERT INTO shop.customer SELECT g, 'customer ' || g FROM generate_series(1, 500) g;
INSERT INTO shop.old_log VALUES ('x');
SQL
export SOURCE_SCHEMAS=shop
events=$LM_TMP/events.jsonl
cat > "$LM_TMP/hook" <<HOOK
#!/bin/sh
env > "$LM_TMP/hook.env"
cat >> "$events"
HOOK
chmod 755 "$LM_TMP/hook"
touch "$events" "$LM_TMP/hook.env"
event() { # EVENT FIELD: of the last such event
    python3 -c 'import json, sys
found = [e for e in map(json.loads, open(sys.argv[1])) if e["event"] == sys.argv[2]]
print(json.dumps(found[-1].get(sys.argv[3])) if found else "no such event")' "$events" "$1" "$2"
}
last_directory() { find "$LM_TMP/audit" -maxdepth 1 \( -name "*-$1" -o -name "*-$1-[0-9]*" \) -printf '%f\n' | sort | tail -n 1 | sed "s|^|$LM_TMP/audit/|"; }

# Without a target the checks of it are not made; with one they are.
expect 3 "an assessment without a target" env -u LAKEBASE_HOST "$LM_LAKEMOVER" --assess-only
says 'Not checked, since the target has not been looked at yet: .*Target Version'
expect 3 "an assessment" lm_cli --assess-only --on-event "$LM_TMP/hook"
first=$(last_directory assessment)
valid() { # FILE
    python3 - "$LM_ROOT/docs/assessment.schema.json" "$1" <<'CHECK'
import json, sys
from jsonschema import Draft202012Validator
schema, document = (json.load(open(name)) for name in sys.argv[1:])
Draft202012Validator.check_schema(schema)
problems = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda e: list(e.path))
for p in problems[:10]:
    print("/".join(map(str, p.path)) + ": " + p.message[:300])
sys.exit(1 if problems else 0)
CHECK
}
cp "$first/assessment.json" "$LM_TMP/first.json"
expect 0 "the document is what its schema says" valid "$LM_TMP/first.json"
sed 's/"score": [0-9]*/"score": "many"/' "$LM_TMP/first.json" > "$LM_TMP/broken.json"
expect 1 "one that is not, is refused" valid "$LM_TMP/broken.json"
says 'assessment/score'
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2], {"d": d}))' "$1" "$2"; }
equal "the target was looked at" found "$(json "$LM_TMP/first.json" '[c["result"] for c in d["checks"] if c["id"] == "target_version"][0]')"
equal "references between tables, without those of a table to itself" 3 "$(json "$LM_TMP/first.json" 'len(d["references"])')"
equal "phases of the checklist" "['after', 'before', 'cut-over', 'fall-back']" "$(json "$LM_TMP/first.json" 'sorted({c["phase"] for c in d["checklist"]})')"
equal "no duration without a measurement" True "$(json "$LM_TMP/first.json" '"not_estimated" in d["estimate"]["duration"]')"
if grep -q '<script>alert' "$first/assessment.html"; then fail "a name is markup"; else pass "names are text, in the drawing, too"; fi
if grep -q 'class="graph"' "$first/assessment.html"; then pass "the graph is drawn"; else fail "no graph"; fi

# The event, without secrets.
equal "the event" '2 "'"$first"'"' "$(event assessment_ready counts | python3 -c 'import json, sys; print(json.load(sys.stdin)["blocker"])') $(event assessment_ready audit_dir)"
if [ -s "$LM_TMP/hook.env" ] && ! grep -qE 'PASSWORD|LAKEMOVER_STAGING' "$LM_TMP/hook.env"; then pass "no secret in its environment"; else fail "in its environment: $(grep -E 'PASSWORD|STAGING' "$LM_TMP/hook.env")"; fi

# Resolve what blocks, add something else, compare.
expect 0 "a plan" lm_cli plan
lm_cli psql -q -A -t -c "SELECT statement FROM lakemover.suggest_overrides('source')" > "$LM_TMP/overrides.sql" 2>&1
expect 0 "they are taken" lm_cli psql -q -v ON_ERROR_STOP=1 -f "$LM_TMP/overrides.sql"
lm_sql source "$LM_DB" -c 'CREATE TABLE shop.new_log (v text)' -c 'DROP TABLE shop.old_log' > /dev/null
expect 0 "an assessment after that" lm_cli --assess-only --on-event 'cat > /dev/null; exit 9'
says 'the command of --on-event, told of assessment_ready, failed with status 9' 'Score [0-9]+ of 100'
second=$(last_directory assessment)
expect 0 "compared by directory" lm_cli report --diff "$first" "$second"
says '^score [0-9]+ → [0-9]+' 'BLOCKER 2 → 0' 'Resolved \(' 'BLOCKER  Naming Convention: table shop."Order Lines"' 'now: table shop."Order Lines".*the plan maps it to' 'New \('  'shop.new_log has no primary key'
staged() { lm_cli psql -q -A -t -c "$1"; }
a=$(staged "SELECT assessment_id FROM lakemover.assessment ORDER BY 1 DESC OFFSET 1 LIMIT 1")
b=$(staged "SELECT max(assessment_id) FROM lakemover.assessment")
expect 0 "compared by number" lm_cli report --diff "$a" "$b" --json
says '"new":\[\{' '"resolved":\[\{'
expect 2 "an assessment that is not there" lm_cli report --diff 1 4711
says 'there is no assessment 4711'
expect 2 "a file that is none" lm_cli report --diff "$LM_TMP/hook" "$b"
says 'is not JSON'
expect 2 "one alone" lm_cli report --diff "$a"

# The reports of both again.
expect 0 "the newest report again" lm_cli report --assessment
again=$(dirname "$(tail -n 1 "$OUT")")
same "the document again" "$second/assessment.json" "$again/assessment.json"
same "the text again" "$second/assessment.txt" "$again/assessment.txt"
expect 0 "it is signed" lm_cli verify "$again"
expect 0 "an earlier one" lm_cli report --assessment "$a"
expect 2 "one that is not there" lm_cli report --assessment 4711

# A run tells how it ended, whatever the command does.
: > "$events"
expect 0 "a run" lm_cli --on-event "$LM_TMP/hook"
equal "what it told" '"SUCCESS" 0' "$(event run_done verdict) $(event run_done exit_code)"
equal "in order" 'assessment_ready run_done' "$(python3 -c 'import json, sys; print(*[json.loads(l)["event"] for l in open(sys.argv[1])])' "$events")"
equal "where the signed reports are" yes "$([ -s "$(event run_done audit_dir | tr -d '"')/manifest.sig" ] && echo yes)"
expect 0 "an assessment after a run" lm_cli --assess-only
: > "$events"
expect 2 "a run that is refused" env LAKEMOVER_ON_EVENT="$LM_TMP/hook" "$LM_LAKEMOVER" migrate
equal "says so" '"FAILED"' "$(event run_failed verdict)"
finish
