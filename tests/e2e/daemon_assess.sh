#!/bin/bash
# SELECT lakemover.assess() in the user's own staging: a daemon writes its reports, once however many daemons there are, says
# where, and tells --on-event; a directory that cannot be written is said, too.
# timeout: 500
. "$(dirname "$0")/../lib/e2e.sh"
lm_init daemon_assess
daemons=()
lm_on_exit() { for pid in "${daemons[@]}"; do kill -KILL "$pid" 2> /dev/null; done; }
lm_start_source
lm_start_target
lm_start_staging
lm_sql source "$LM_DB" -c 'CREATE SCHEMA shop' -c 'CREATE TABLE shop.customer (id int PRIMARY KEY)' -c 'CREATE TABLE shop."Order Lines" (id int PRIMARY KEY, customer int REFERENCES shop.customer)'
lm_env
own_source shop
staging() { lm_sql staging lakemover -c "$1"; }
output "$LM_TMP/out.assess"
staging "SELECT lakemover.assess('shop')" > "$OUT" 2>&1
says 'Reports: no daemon is running; lakemover report --assessment 1 writes them'
staging "SELECT lakemover.assess('shop')" > /dev/null

cat > "$LM_TMP/hook" <<HOOK
#!/bin/sh
cat >> "$LM_TMP/events.jsonl"
HOOK
chmod 755 "$LM_TMP/hook"
: > "$LM_TMP/events.jsonl"
start_daemon() { # start_daemon HOME [ENV...]
    mkdir -p "$LM_TMP/$1"
    env LAKEMOVER_HOME="$LM_TMP/$1" "${@:2}" "$LM_LAKEMOVER" daemon --on-event "$LM_TMP/hook" > "$LM_TMP/$1.log" 2>&1 < /dev/null &
    daemons+=($!)
    eventually 30 grep -q 'is ready' "$LM_TMP/$1.log" || fail "no daemon: $(tail -n 5 "$LM_TMP/$1.log")"
}
start_daemon one LAKEMOVER_PDF=yes
start_daemon two LAKEMOVER_PDF=yes
dir_of() { staging "SELECT coalesce(report_dir, report_error) FROM lakemover.assessment WHERE assessment_id = $1"; }
written() { [ -n "$(dir_of "$1")" ]; }
eventually 60 written 2 || fail "the newest from before the daemon has no report"
equal "older ones are left" "" "$(dir_of 1)"

output "$LM_TMP/out.assess"
staging "SELECT lakemover.assess('shop')" > "$OUT" 2>&1
says 'Reports: a daemon writes them; where: SELECT report_dir, report_error FROM lakemover.assessment WHERE assessment_id = 3'
if eventually 90 written 3; then pass "the reports are there"; else fail "no reports: $(tail -n 5 "$LM_TMP/one.log" "$LM_TMP/two.log")"; fi
dir=$(dir_of 3)
for file in assessment.html assessment.pdf assessment.json assessment.txt manifest.sig; do
    if [ -s "$dir/$file" ]; then pass "$file"; else fail "no $file in $dir"; fi
done
expect 0 "they are signed" lm_cli verify "$dir"
sleep 2
equal "written once" 1 "$(find "$LM_TMP/audit" -maxdepth 1 -name '*-report-assessment-3*' | wc -l)"
equal "said where, once" "assessment 3: $dir/assessment.html" "$(cat "$LM_TMP/one.log" "$LM_TMP/two.log" | grep '^assessment 3:')"
equal "events of it" "assessment_ready 3 $dir" "$(python3 -c 'import json, sys
for e in map(json.loads, open(sys.argv[1])):
    if e["assessment"] == 3: print(e["event"], e["assessment"], e["audit_dir"])' "$LM_TMP/events.jsonl")"

# The loader writes its own: no daemon does it again.
expect 3 "an assessment by the loader" env LAKEMOVER_HOME="$LM_TMP/three" "$LM_LAKEMOVER" --assess-only
sleep 2
equal "reports of it" "1 0" "$(find "$LM_TMP/audit" -maxdepth 1 -name '*-assessment' | wc -l) $(find "$LM_TMP/audit" -maxdepth 1 -name '*-report-assessment-4*' | wc -l)"
if [ -s "$(dir_of 4)/assessment.html" ]; then pass "staging says where"; else fail "staging says $(dir_of 4)"; fi

# While it leads a run it writes them all the same.
staging "SELECT statement FROM lakemover.suggest_overrides('shop')" | lm_sql staging lakemover -f - > /dev/null
lm_sql source "$LM_DB" -c "INSERT INTO shop.customer SELECT generate_series(1, 300000)" -c ANALYZE
(staging "CALL lakemover.migrate('shop', '{\"max_rate\": \"16kB\"}')" > "$LM_TMP/migrate.out" 2>&1) &
busy() { [ "$(staging "SELECT count(*) FROM lakemover.run WHERE phase = 'load' AND state = 'running'")" = 1 ]; }
eventually 60 busy || fail "no run: $(cat "$LM_TMP/migrate.out")"
id=$(staging "SELECT lakemover._take_assessment('shop')")
eventually 60 written "$id" || fail "no report while a run is under way"
if busy; then pass "reports while a run is under way"; else fail "the run was over before"; fi
staging "SELECT lakemover.request_cancel(max(run_id)) FROM lakemover.run" > /dev/null
wait $! 2> /dev/null

for pid in "${daemons[@]}"; do kill -TERM "$pid"; done
for pid in "${daemons[@]}"; do wait "$pid"; done
daemons=()
# No place to write: said, and not tried for ever.
start_daemon four LAKEMOVER_AUDIT_DIR="$LM_TMP/four-audit"
rm -rf "$LM_TMP/four-audit"
: > "$LM_TMP/four-audit"
id=$(staging "SELECT lakemover._take_assessment('shop')")
eventually 30 written "$id" || fail "nothing is said"
equal "why there is none" t "$(staging "SELECT report_error LIKE '%four-audit%' AND report_dir IS NULL FROM lakemover.assessment WHERE assessment_id = $id")"
equal "the daemon says so once" 1 "$(grep -c "assessment $id: its reports were not written" "$LM_TMP/four.log")"
finish
