#!/bin/bash
# Acceptances and sign-off: recorded, signed, reported; a table that differs stays a failure. Also the PDF beside the
# reports, and a run where none can be made.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init accept
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.account (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO app.account SELECT i, 'name ' || i FROM generate_series(1, 300) i;
CREATE TABLE app."Old Log" (line text);
INSERT INTO app."Old Log" SELECT 'line ' || i FROM generate_series(1, 100) i;
ANALYZE;
SQL
lm_env
newest() { find "$LM_TMP/audit" -mindepth 1 -maxdepth 1 -name "*-$1" | sort | tail -n 1; }
staged() { lm_cli psql -X -A -t -c "$1"; }
intact() {
    expect 0 "$1 is intact" lm_cli verify "$2" --fingerprint "$fingerprint"
}

# Sign-off before the first row.
expect 0 "planning" lm_cli plan
expect 0 "keeping the name" staged "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table = 'Old Log'"
expect 3 "a run that wants a sign-off" lm_cli --require-signoff
says 'has not been accepted' 'accept --assessment [0-9a-f]{12} '
id=$(grep -oE 'its id is [0-9a-f]{64}' "$OUT" | grep -oE '[0-9a-f]{64}')
equal "schemas on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_namespace n WHERE $USER_SCHEMAS")"
fingerprint=$(grep -o '"fingerprint": "[0-9a-f]*"' "$(newest run-1)/manifest.json" | cut -d '"' -f 4)
intact "the stopped run" "$(newest run-1)"
output "$(newest run-1)/reconciliation.html"
says 'has not been accepted'
expect 0 "assessing only" lm_cli --assess-only
says "id for its acceptance: $id"
expect 2 "accepting another assessment" lm_cli accept --assessment 123456789012 --reason no
says 'current assessment'
expect 2 "accepting without a reason" lm_cli accept --assessment "$id" --reason ' '
says 'reason'
expect 0 "accepting it" lm_cli accept --assessment "${id:0:12}" --reason 'no table is left out' --by 'Data Owner'
says "$id accepted by Data Owner"
intact "the acceptance" "$(newest accept-assessment)"
expect 0 "the run, with its reports as PDF" lm_cli --require-signoff --pdf yes
says 'SUCCESS'
run=$(newest run-2)
intact "the run" "$run"
if command -v weasyprint > /dev/null; then
    for name in assessment reconciliation; do equal "$name.pdf" %PDF- "$(head -c 5 "$run/$name.pdf")"; done
else
    echo "note: WeasyPrint is not installed"
fi
output "$run/events.jsonl"
says 'assessment was accepted by Data Owner: no table is left out'
output "$run/reconciliation.html"
says 'no table is left out' 'Data Owner'
# One finding more is another assessment.
lm_sql source "$LM_DB" -c "CREATE FUNCTION app.number(cstring) RETURNS int LANGUAGE internal AS 'int4in'"
expect 3 "a run after the source has changed" lm_cli --require-signoff --on-existing=drop
says 'has not been accepted'
says_not "$id"
lm_sql source "$LM_DB" -c 'DROP FUNCTION app.number(cstring)'

# Without the program there is no PDF, and that is said.
mkdir "$LM_TMP/bin"
expect 0 "a run where no PDF can be made" env PATH="$LM_TMP/bin" "$LM_LAKEMOVER" --on-existing=drop --pdf yes
says 'SUCCESS'
run=$(newest run-4)
intact "the run without PDF" "$run"
output "$run/reconciliation.html"
says 'no PDF was made: WeasyPrint is not installed .*apt-get install weasyprint'
output "$run/events.jsonl"
says 'pdf_not_made'
printf '#!/bin/sh\nenv >&2\ncat >&2\nexit 9\n' > "$LM_TMP/bin/weasyprint"
chmod +x "$LM_TMP/bin/weasyprint"
expect 0 "assessing with a program that fails" env PATH="$LM_TMP/bin:/usr/bin:/bin" "$LM_LAKEMOVER" --assess-only --pdf yes
output "$(newest assessment)/events.jsonl"
says 'WeasyPrint ended with 9'
says_not 'SOURCE_|LAKEBASE_'

# A table as it is: its difference stays a difference, whoever accepts it.
lm_sql target "$LM_TARGET_DB" -c "UPDATE app.account SET name = 'forged' WHERE id = 7"
expect 5 "validating after a change" lm_cli validate 4
expect 2 "accepting a table that is not there" lm_cli accept --table app.nothing --reason x 4
says 'has no table app.nothing'
expect 2 "accepting nothing" lm_cli accept --reason x
expect 0 "accepting a table that differs" lm_cli accept --table app.account --reason 'corrected by hand' --by 'Data Owner' 4
says 'app.account accepted by Data Owner' 'verdict is VALIDATION FAILED' "signed in $run"
intact "the run, sealed again" "$run"
says 'verdict VALIDATION FAILED'
output "$run/events.jsonl"
says 'corrected by hand' '"seal":2'
output "$run/reconciliation.html"
says 'corrected by hand'
expect 0 "its earlier manifest" openssl pkeyutl -verify -pubin -inkey "$run/signing.pub" -rawin -in "$run/manifest-1.json" \
    -sigfile <(base64 -d "$run/manifest-1.sig")
# Without level 3, an acceptance is what criterion 4 wants.
lm_sql target "$LM_TARGET_DB" -c "UPDATE app.account SET name = 'name 7' WHERE id = 7"
staged "UPDATE lakemover.validation SET verdict = 'not comparable' WHERE run_id = 4 AND level = 3 AND table_id = (SELECT table_id FROM lakemover.run_table WHERE run_id = 4 AND spec->>'source_table' = 'Old Log')" > /dev/null
expect 5 "validating a table that has no level 3" lm_cli validate 4
expect 0 "accepting it" lm_cli accept --table 'app.Old Log' --reason 'no key to sample by' 4
says 'verdict is SUCCESS WITH EXCEPTIONS'
intact "the run, sealed a third time" "$run"
says 'verdict SUCCESS WITH EXCEPTIONS'
expect 0 "validating it again" lm_cli validate 4
says 'SUCCESS WITH EXCEPTIONS'
intact "that validation" "$(newest validate-4)"
# What was altered is not signed again: a directory of its own says so.
sed -i 's/account/acc0unt/' "$run/ddl.sql"
expect 0 "accepting beside an altered directory" lm_cli accept --table app.account --reason 'seen' 4
says 'NOTE: the run.s audit directory .* is left as it is: ddl.sql' 'signed in .*accept-4'
intact "the directory beside it" "$(newest accept-4)"
expect 5 "the altered one" lm_cli verify "$run"
check_nothing_left
finish
