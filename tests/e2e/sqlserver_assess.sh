#!/bin/bash
# What an assessment of SQL Server says of rows before anything moves, and that it sends SELECTs only.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_assess
lm_start_target
lm_env
ms_start --log-statements
ms_not_babelfish "it stores neither NULs nor half pairs nor the seventh digit"
export SOURCE_SCHEMAS=chk LAKEMOVER_PDF=no
ms_load "$LM_ROOT/tests/mssql/assess.sql"
staging() { lm_cli psql -q -A -t -c "$1" 2>&1; }
findings() { # CHECK: severity and message of each
    staging "SELECT string_agg(severity || ' ' || message, '|' ORDER BY finding_no) FROM lakemover.finding
              WHERE check_id = '$1' AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment)"
}
evidence() { # CHECK OBJECT COLUMN
    staging "SELECT concat_ws(' ', evidence ->> 'hits', 'of', evidence ->> 'rows_looked_at', evidence ->> 'example') FROM lakemover.finding
              WHERE check_id = '$1' AND object_name = '$2' AND column_name IS NOT DISTINCT FROM nullif('$3', '')
                AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment)"
}

: > "$LM_TMP/tds.log"
expect 3 "an assessment" lm_cli --assess-only
cp "$LM_TMP/tds.log" "$LM_TMP/statements"
says 'Rows: [0-9]+ looked at' 'child: foreign key fk_child has keys that equal'
equal "loose keys" 'BLOCKER table chk.child: foreign key fk_child has keys that equal their parent'"'"'s only by case, accents or trailing blanks (all rows looked at)' "$(findings data_key_match)"
equal "how many, and one" "2 of 4 ALPHA" "$(evidence data_key_match child '')"
equal "orphans" 'WARNING table chk.numbered: foreign key fk_numbered has rows without their parent (all rows looked at)' "$(findings data_orphan)"
equal "how many, and one" "2 of 3 gone" "$(evidence data_orphan numbered '')"
equal "duplicates" 'WARNING table chk.numbered: values occur more than once under the unique index ux_numbered (all rows looked at)' "$(findings data_duplicate)"
equal "keys that become equal" 'BLOCKER table chk.times: unique keys of' "$(findings data_key_equal | cut -c1-39)"
equal "how many" "1 of 3 2024-01-01 00:00:00.1234567" "$(evidence data_key_equal times '')"
equal "keys told apart by case" 'INFO table chk.cases: unique keys of' "$(findings data_key_case | cut -c1-36)"
equal "NUL" 'INFO column chk."we]ird ""t'"'"'able"."na""me": text with U+0000: it is taken out (all rows looked at)|INFO column chk.texts.n: text with U+0000: it is taken out (all rows looked at)|INFO column chk.texts.v: text with U+0000: it is taken out (all rows looked at)' \
    "$(findings data_nul | tr '|' '\n' | sort | paste -sd '|')"
equal "NUL: where" "1 of 4 1" "$(evidence data_nul texts n)"
equal "half pairs" '2 of 4 2, 2 of 4 2' "$(evidence data_surrogate texts n), $(evidence data_surrogate texts m)"
equal "seventh digits" '2 of 3 2024-01-01 00:00:00.1234567, 1 of 3 2024-01-01 00:00:00.1234567' "$(evidence data_precision times at), $(evidence data_precision times o)"
equal "padding" '2 of 4 2' "$(evidence data_padding texts c)"
equal "fixed widths pad on both sides" '' "$(findings data_key_match | grep fixed)"
equal "no look failed" '' "$(findings data_not_looked)"

# The policies of the plan decide what it means.
expect 0 "a plan that fails on losses" lm_cli plan --on-nul fail --on-seventh-digit fail
expect 3 "an assessment with them" lm_cli --assess-only
equal "NUL is a blocker" 'BLOCKER column chk.texts.v: text with U+0000: the plan lets the table fail (all rows looked at)' "$(findings data_nul | tr '|' '\n' | grep texts.v)"
equal "so is the seventh digit" 'BLOCKER column chk.times.at: seconds with a seventh digit: the plan lets the table fail (all rows looked at)' "$(findings data_precision | tr '|' '\n' | grep times.at)"
staging "SELECT remedy_sql FROM lakemover.finding WHERE severity = 'BLOCKER' AND remedy_sql IS NOT NULL AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment)" > "$LM_TMP/remedies.sql"
expect 0 "all remedies" lm_cli psql -v ON_ERROR_STOP=1 -f "$LM_TMP/remedies.sql"
expect 0 "an assessment after them" lm_cli --assess-only
says '0 BLOCKER'
expect 0 "and a run keeps what it says" lm_cli
says 'SUCCESS'

# A prediction without the remedy: the run cannot succeed.
staging "UPDATE lakemover.plan_constraint SET exclude = false WHERE source_name = 'fk_child'" > /dev/null
expect 4 "a run with loose keys in spite of the blocker" lm_cli migrate --force --on-existing drop
says 'fk_child'

# Values stay where they are.
expect 3 "an assessment without values" lm_cli --assess-only --redact-values
equal "a hash instead of a value" "sha256:$(printf gone | sha256sum | cut -c1-12) (4 characters)" "$(evidence data_orphan numbered '' | cut -d' ' -f4-)"
if grep -rqE 'ALPHA|>gone<|"gone"' "$(find "$LM_TMP/audit" -name assessment.json -printf '%T@ %h\n' | sort -n | tail -n 1 | cut -d' ' -f2)"; then
    fail "a value is in the audit directory"
else
    pass "no value in the audit directory"
fi

# What does not move by itself, as far as the reader sees it: the test server shows what is put there.
if [ "$MS_DOUBLE" = yes ]; then
    ms_sql > "$LM_TMP/catalog.out" <<'SQL'
EXEC('CREATE SCHEMA lm_catalog')
GO
CREATE TABLE lm_catalog.server_principals (principal_id int, name nvarchar(128), type char(2), type_desc nvarchar(128), is_disabled bit)
INSERT INTO lm_catalog.server_principals VALUES (1, N'sa', 'S', N'SQL_LOGIN', 0), (300, N'report <b>', 'S', N'SQL_LOGIN', 0)
CREATE TABLE lm_catalog.servers (server_id int, name nvarchar(128), product nvarchar(128), provider nvarchar(128), is_linked bit)
INSERT INTO lm_catalog.servers VALUES (0, N'self', N'SQL Server', N'SQLNCLI', 0), (1, N'LEDGER', N'SQL Server', N'SQLNCLI', 1)
CREATE TABLE lm_catalog.fulltext_indexes (object_id int)
INSERT INTO lm_catalog.fulltext_indexes VALUES (OBJECT_ID('chk.texts'))
CREATE TABLE lm_catalog.masked_columns (object_id int, column_id int, is_masked bit)
INSERT INTO lm_catalog.masked_columns VALUES (OBJECT_ID('chk.clean'), 2, 1)
CREATE TABLE dbo.sysjobs (name nvarchar(128), enabled bit)
INSERT INTO dbo.sysjobs VALUES (N'nightly', 1)
GO
SQL
    expect 3 "an assessment with a catalog" lm_cli --assess-only
    equal "logins, without the server's own" 'INFO 1 login(s): not moved: report <b>' "$(findings principal)"
    equal "linked servers" 'WARNING 1 linked server(s): not moved: LEDGER' "$(findings linked_server)"
    equal "jobs" 'WARNING 1 scheduled job(s): not moved: nightly' "$(findings scheduled_job)"
    equal "full-text indexes" 'WARNING table chk.texts has a full-text index: not moved' "$(findings full_text)"
    equal "masks, which this user sees through" '' "$(findings hidden_values)"
    equal "what is not there is not known, and weighs nothing" 'INFO catalog view behind mssql_mail_profile could not be read' "$(findings unreadable_catalog | sed 's/ read: .*/ read/')"
    equal "so that its check says so" '"not checked"' "$(staging "SELECT c -> 'result' FROM jsonb_array_elements(lakemover.assess_json() -> 'checks') c WHERE c ->> 'id' = 'mail'")"
fi

# Without row versions, readers and writers would wait for each other: no look then.
if [ "$MS_DOUBLE" = yes ]; then
    printf 'ALTER DATABASE lmsrc SET ALLOW_SNAPSHOT_ISOLATION OFF\nGO\n' | ms_sql > "$LM_TMP/alter.out"
    expect 0 "an assessment without row versions" lm_cli --assess-only
    says 'no answer to a look at its rows|Rows Not Looked At'
    equal "says why" 't' "$(staging "SELECT bool_and(error LIKE '%no row versions%') FROM lakemover.data_probe")"
    printf 'ALTER DATABASE lmsrc SET ALLOW_SNAPSHOT_ISOLATION ON\nGO\n' | ms_sql > "$LM_TMP/alter.out"

    # Everything that was sent: nothing but SELECT, session settings and the beginning and end of transactions.
    grep -a '^statement: ' "$LM_TMP/statements" | sed 's/^statement: //' > "$LM_TMP/sent"
    if [ "$(wc -l < "$LM_TMP/sent")" -gt 30 ]; then pass "$(wc -l < "$LM_TMP/sent") statements were sent"; else fail "only $(wc -l < "$LM_TMP/sent") statements in the log"; fi
    grep -avE '^ *(SELECT |[Ss][Ee][Tt] [A-Za-z_]+ |SET TRANSACTION ISOLATION LEVEL (SNAPSHOT; BEGIN TRANSACTION|READ COMMITTED)$|ROLLBACK TRANSACTION|IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION)' "$LM_TMP/sent" > "$LM_TMP/other"
    grep -aiE '(INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|EXEC|GRANT|NOLOCK|TABLOCK|UPDLOCK|INTO) ' "$LM_TMP/sent" >> "$LM_TMP/other"
    if [ -s "$LM_TMP/other" ]; then fail "not only SELECTs: $(head -n 3 "$LM_TMP/other")"; else pass "SELECTs only"; fi
fi
ms_refused_nothing
finish
