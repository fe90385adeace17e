#!/bin/bash
# What of SQL Server's values PostgreSQL cannot store: NULs and half surrogate pairs in text, the seventh digit of a second;
# and char(n) as varchar(n).
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_policies
lm_start_target
lm_env
ms_start
ms_not_babelfish "it stores neither NULs nor half pairs nor the seventh digit"
export SOURCE_SCHEMAS=pol
ms_load "$LM_ROOT/tests/mssql/policies.sql"

target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -q -A -t -c "$1" 2>&1; }
# The worst verdict of levels 1 to 4 of each table of the newest run, and what its digests' level declares.
verdicts() {
    staging "SELECT string_agg(x, ', ' ORDER BY x COLLATE \"C\") FROM (
        SELECT t.spec->>'source_table' || ' ' || string_agg(DISTINCT v.verdict, '+' ORDER BY v.verdict) || ' ' || count(*) AS x
          FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
         WHERE v.level > 1 AND v.run_id = (SELECT max(run_id) FROM lakemover.run) GROUP BY t.spec) y"
}
declared() {
    staging "SELECT string_agg(p, '; ' ORDER BY p) FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id),
        jsonb_array_elements_text(v.detail -> 'policy') p
        WHERE v.level = 2 AND t.spec->>'source_table' = '$1' AND v.run_id = (SELECT max(run_id) FROM lakemover.run)"
}
newest_report() { find "$LM_TMP/audit" -name reconciliation.html -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2; }
text=$'\xef\xbf\xbd' # U+FFFD

# What nobody asked for otherwise.
expect 0 "a run with the defaults" lm_cli
says 'SUCCESS' '5 of 5 tables'
equal "text" "1|ab;2|h$text;3|clean;4|h$text and l$text" "$(target "SELECT id, t FROM pol.bound ORDER BY id" | paste -sd ';')"
equal "text of char(n)" "c   ;l$text  ;x   ;" "$(target "SELECT c FROM pol.bound ORDER BY id" | paste -sd ';')"
equal "text in pieces" "ab;h$text;l$text;clean" "$(target "SELECT m FROM pol.pieces ORDER BY id" | paste -sd ';')"
equal "times are cut" '23:59:59.999999|2024-02-28 23:59:59.999999' "$(target "SELECT ti, d2 FROM pol.times WHERE id = 1")"
equal "char(n)" 'character(4)|character(4)|character varying(4)' \
    "$(target "SELECT string_agg(format_type(atttypid, atttypmod), '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'pol.padded'::regclass AND attnum > 0")"
equal "verdicts" 'bound equal under policy 3, child equal 3, padded equal 3, pieces equal under policy 3, times equal under policy 3' "$(verdicts)"
equal "losses of text" "column c: U+0000 was taken out of 1 value; column c: half surrogate pairs became U+FFFD in 1 value; column t: U+0000 was taken out of 1 value; column t: half surrogate pairs became U+FFFD in 2 values" \
    "$(declared bound)"
equal "losses of text in pieces" "column m: U+0000 was taken out of 1 value; column m: half surrogate pairs became U+FFFD in 2 values" "$(declared pieces)"
equal "losses of times" "column d2: digits of a second behind the sixth were cut off in 1 value; column ti: digits of a second behind the sixth were cut off in 1 value" "$(declared times)"
output "$(newest_report)"
says 'U\+0000 was taken out of' 'became U\+FFFD in' 'behind the sixth were cut off in'

# Rounded, and char(n) as varchar(n), for the whole plan.
expect 0 "a run that rounds" lm_cli --on-seventh-digit round --char-as varchar --on-existing drop
says 'SUCCESS'
equal "times are rounded; a time has no next day" '23:59:59.999999|2024-02-29 00:00:00' "$(target "SELECT ti, d2 FROM pol.times WHERE id = 1")"
equal "losses of times" "column d2: seconds were rounded to six digits in 1 value; column ti: seconds were rounded to six digits in 1 value" "$(declared times)"
equal "char(n) is varchar(n), without its padding" "[ b][][ ];[ab][ab][ab  ];[n][][];[éééé][full][full]" \
    "$(target "SELECT format('[%s][%s][%s]', code, c, v) FROM pol.padded ORDER BY code COLLATE \"C\"" | paste -sd ';')"
equal "its types" 'character varying(4)|character varying(4)|character varying(4)' \
    "$(target "SELECT string_agg(format_type(atttypid, atttypmod), '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'pol.padded'::regclass AND attnum > 0")"
equal "verdicts" 'bound equal under policy 3, child equal under policy 3, padded equal under policy 3, pieces equal under policy 3, times equal under policy 3' "$(verdicts)"
equal "what is declared" "column c of type char(4) became character varying(4): copied and compared without the padding; column code of type nchar(4) became character varying(4): copied and compared without the padding" \
    "$(declared padded)"
equal "a foreign key over it" t "$(target "SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid = 'pol.child'::regclass")"
equal "its key is the key of the run" '["code"]' "$(staging "SELECT spec->'key' FROM lakemover.run_table WHERE spec->>'source_table' = 'padded' ORDER BY run_id DESC LIMIT 1")"
output "$(newest_report)"
says 'seconds were rounded to six digits in' 'copied and compared without the padding'

# A target type that was edited by hand; and back to char elsewhere.
expect 0 "an edit" lm_cli psql -c "UPDATE lakemover.plan_column SET target_type = 'text' WHERE source_column = 'c' AND table_id IN (SELECT table_id FROM lakemover.plan_table WHERE source_table = 'padded')"
expect 0 "a run with an edited type" lm_cli --char-as char --on-seventh-digit truncate --on-existing drop
says 'SUCCESS'
equal "text without the padding" "[ b  ][];[ab  ][ab];[n   ][];[éééé][full]" \
    "$(target "SELECT format('[%s][%s]', code, c) FROM pol.padded ORDER BY code COLLATE \"C\"" | paste -sd ';')"
equal "what is declared" "column c of type char(4) became text: copied and compared without the padding" "$(declared padded)"

# Refused values, where nobody looks for them beforehand: the table fails alone, and the message says where and what to do.
refused() { # TABLE COLUMN MESSAGE HINT FLAGS...
    local table=$1 column=$2 message=$3 hint=$4
    shift 4
    expect 4 "a run with $*" lm_cli "$@" --on-existing drop --data-checks=off
    says 'INCOMPLETE' "$message" "table \"pol\".\"$table\", column \"$column\", row [0-9]" "$hint"
    says_not 'SUCCESS'
    equal "tables that are not there" "$table" "$(target "SELECT string_agg(t, ' ') FROM unnest('{bound,child,padded,pieces,times}'::text[]) t WHERE to_regclass('pol.' || t) IS NULL")"
}
staging "UPDATE lakemover.plan_column SET on_nul = 'fail' WHERE source_column = 'm'" > /dev/null
expect 3 "what will fail is foreseen" lm_cli --on-existing drop
says 'column pol.pieces.m: text with U.0000: the plan lets the table fail'
refused pieces m 'contains a NUL character' "on_nul = 'strip'"
staging "UPDATE lakemover.plan_column SET on_nul = 'strip', on_surrogate = 'fail' WHERE source_column = 'm'" > /dev/null
refused pieces m 'half of a surrogate pair' "on_surrogate = 'replace'"
staging "UPDATE lakemover.plan_column SET on_surrogate = 'replace' WHERE source_column = 'm'" > /dev/null
refused times ti 'a seventh digit' "on_seventh_digit = 'truncate'" --on-seventh-digit fail

# What nobody can mean.
expect 2 "an unknown value" lm_cli plan --on-nul keep
says_one_error
says '--on-nul: "keep"'
expect 1 "an unknown value of a column" lm_cli psql -v ON_ERROR_STOP=1 -c "UPDATE lakemover.plan_column SET on_nul = 'keep' WHERE source_column = 't'"
says 'column pol.bound.t cannot have on_nul = "keep"' 'Valid values are strip, fail'
SOURCE_DB_TYPE=postgres expect 2 "char-as for a PostgreSQL source" lm_cli plan --char-as varchar
says_one_error
says '--char-as is for SQL Server sources'
ms_refused_nothing
finish
