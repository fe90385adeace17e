#!/bin/bash
# 10 000 calls that fail, in one session of staging: options that are refused, sources out of reach through both drivers, rows
# that cannot be had, what does not exist. The backend's private memory, its descriptors and its threads stay as they are.
# timeout: 420
. "$(dirname "$0")/../lib/e2e.sh"
lm_init errors_flat
lm_start_source
lm_start_staging
lm_sql source "$LM_DB" -c 'CREATE TABLE public.t (id int, v text)' -c "INSERT INTO public.t SELECT i, 'x' FROM generate_series(1, 100) i"
mkdir "$LM_TMP/nobody"
lm_sql staging lakemover <<SQL || lm_die "staging could not be set up"
CREATE SERVER away FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/nobody', port '5432', dbname 'x');
CREATE USER MAPPING FOR postgres SERVER away OPTIONS (username 'u', password 'p');
CREATE SERVER odbc FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host '127.0.0.1', port '1', dbname 'x');
CREATE USER MAPPING FOR postgres SERVER odbc OPTIONS (username 'u', password 'p');
CREATE SERVER driverless FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host '127.0.0.1', dbname 'x', driver 'No Such Driver');
CREATE USER MAPPING FOR postgres SERVER driverless OPTIONS (username 'u', password 'p');
CREATE SERVER hostless FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', dbname 'x');
CREATE USER MAPPING FOR postgres SERVER hostless OPTIONS (username 'u', password 'p');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS (username '$LM_SOURCE_USER', password $(lm_literal "$LM_SOURCE_PASSWORD"));
CREATE FOREIGN TABLE gone (id int) SERVER src OPTIONS (schema_name 'public', table_name 'gone');
CREATE FOREIGN TABLE broken (id int, v int) SERVER src OPTIONS (schema_name 'public', table_name 't');
CREATE FOREIGN TABLE nowhere (id int) SERVER away OPTIONS (schema_name 'public', table_name 't');
SQL
# Ten failing calls; those that open connections through ODBC are rarer, they cost the most.
calls() {
    local i
    for ((i = 1; i <= $1; i++)); do
        cat <<SQL
CREATE SERVER s FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', no_such_option '$i');
CREATE SERVER s FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'oracle', host '$i');
SELECT lakemover.source_identity('hostless');
SELECT * FROM nowhere;
SELECT lakemover.inventory('away');
SELECT lakemover.stream($i, $i);
SELECT * FROM gone;
SELECT * FROM broken;
SELECT lakemover.keeper_start($i);
SELECT $(if [ $((i % 10)) -eq 0 ]; then echo "lakemover.source_identity('odbc')"; else echo "lakemover.checksum('no_such_table_$i'::regclass)"; fi);
SQL
    done
}
# The driver manager is asked for its drivers, and then for a connection.
odbc_calls() {
    local i
    for ((i = 1; i <= $1; i++)); do printf "SELECT lakemover.source_identity('%s');\n" odbc driverless; done
}
measure() {
    # Descriptors of relations' files are the server's own cache.
    echo "SELECT pg_backend_pid() AS pid \\gset"
    echo '\setenv PID :pid'
    echo "\\! echo \"fd $1 \$(ls -l /proc/\$PID/fd | grep -vcE ' (base|global|pg_[a-z]+)/|/(base|global|pg_[a-z]+)/')\""
    echo "SELECT '$1', (regexp_match(s, 'RssAnon:\\s+(\\d+)'))[1], (regexp_match(s, 'Threads:\\s+(\\d+)'))[1], '' FROM pg_read_file('/proc/self/status') s;"
}
{
    calls 100 # caches fill
    measure before
    calls 1000
    measure after
    odbc_calls 50
    measure odbc_before
    odbc_calls 1000
    measure odbc_after
} > "$LM_TMP/calls.sql"
lm_as "$LM_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=0 -h "$LM_TMP/staging" -p "${LM_PORT[staging]}" -U postgres -d lakemover -f - < "$LM_TMP/calls.sql" > "$LM_TMP/measured" 2> "$LM_TMP/errors"
equal "calls that failed" 13100 "$(grep -c 'ERROR: ' "$LM_TMP/errors")"
equal "kinds of errors" 10 "$(sed -E "s/.*ERROR: +//; s/[0-9]+/N/g; s/\"[^\"]*\"/Q/g" <(grep 'ERROR: ' "$LM_TMP/errors") | LC_ALL=C sort -u | wc -l)"
IFS='|' read -r _ before threads _ < <(grep '^before' "$LM_TMP/measured")
IFS='|' read -r _ after threads_after _ < <(grep '^after' "$LM_TMP/measured")
echo "private memory: $before kB before, $after kB after"
if [ -n "$after" ] && [ $((after - before)) -lt 1024 ]; then pass "10 000 failures take $((after - before)) kB"; else fail "the backend grows from $before to ${after:-?} kB"; fi
IFS='|' read -r _ before _ < <(grep '^odbc_before' "$LM_TMP/measured")
IFS='|' read -r _ after _ < <(grep '^odbc_after' "$LM_TMP/measured")
if [ -n "$after" ] && [ $((after - before)) -lt 150 ]; then pass "2000 failed connects through ODBC take $((after - before)) kB"; else fail "failed connects through ODBC grow it from $before to ${after:-?} kB"; fi
equal "threads" "$threads" "$threads_after"
equal "descriptors" "$(sed -n 's/^fd before //p' "$LM_TMP/measured")" "$(sed -n 's/^fd after //p' "$LM_TMP/measured")"
finish
