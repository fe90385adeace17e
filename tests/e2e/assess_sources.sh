#!/bin/bash
# Sources that an assessment may meet: no tables, one table, SQL_ASCII, version 17, catalogs that the user may not read, a schema
# that changes all the time, a source that is lost in the middle. Each ends with a clear outcome.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
lm_init assess_sources
helpers=()
lm_on_exit() { for pid in "${helpers[@]}"; do kill "$pid" 2> /dev/null; done; }
lm_start_source tls
lm_env
staging() { lm_cli psql -q -A -t -c "$1"; }
newest="(SELECT max(assessment_id) FROM lakemover.assessment)"
found() { staging "SELECT count(*) FROM lakemover.finding WHERE assessment_id = $newest AND check_id = '$1'"; }
page() { find "$LM_TMP/audit" -name assessment.html | sort | tail -n 1; }

expect 0 "a database with no tables" lm_cli --assess-only
says 'Score 100 of 100, ready' 'Inventory: 1 schemas, 0 tables'
if [ -s "$(page)" ]; then pass "it has a page"; else fail "no page"; fi
says_not 'NaN|division by zero'
lm_sql source "$LM_DB" -c 'CREATE TABLE public.only_one (id int PRIMARY KEY)'
expect 0 "a database with one table" lm_cli --assess-only
says '1 tables' 'rank 0: public.only_one'

# Text of no declared encoding, in rows and in a name.
lm_sql source postgres -c "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
PGCLIENTENCODING=SQL_ASCII lm_sql source ascii -c "CREATE TABLE public.texts (id int PRIMARY KEY, v text)" -c "INSERT INTO public.texts VALUES (1, 'plain'), (2, E'caf\\xe9')"
expect 3 "a database in SQL_ASCII" env SOURCE_DATABASE=ascii "$LM_LAKEMOVER" --assess-only
says 'Source Encoding' 'column public.texts.v: .*UTF-8'
PGCLIENTENCODING=SQL_ASCII lm_sql source ascii -f - <<< "CREATE TABLE public.\"caf$(printf '\xe9')\" (id int PRIMARY KEY);"
SOURCE_DATABASE=ascii "$LM_LAKEMOVER" --assess-only > "$LM_TMP/out.ascii" 2>&1 < /dev/null
status=$?
output "$LM_TMP/out.ascii"
if [ $status -eq 3 ] || { [ $status -eq 2 ] || [ $status -eq 1 ]; } && grep -qiE 'encod|UTF' "$OUT"; then pass "a name that is no UTF-8: exit code $status, and it says so"; else fail "a name that is no UTF-8: exit code $status: $(tail -n 3 "$OUT")"; fi

# No permission: the server's identity, then a catalog.
lm_sql source "$LM_DB" -c 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC'
expect 0 "a user who may not ask for the server's identity" lm_cli --assess-only
lm_sql source "$LM_DB" -c 'GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC' -c 'REVOKE SELECT ON pg_catalog.pg_constraint FROM PUBLIC' -c "REVOKE pg_read_all_data FROM $LM_SOURCE_USER"
before=$(staging "SELECT $newest")
"$LM_LAKEMOVER" --assess-only > "$LM_TMP/out.catalog" 2>&1 < /dev/null
status=$?
output "$LM_TMP/out.catalog"
if [ $status -ne 0 ] && [ $status -ne 3 ]; then pass "a user who may not read a catalog: exit code $status"; else fail "a user who may not read a catalog: exit code $status"; fi
says 'permission denied for (table|view) pg_constraint'
says_one_error
equal "assessments stored" "$before" "$(staging "SELECT $newest")"
lm_sql source "$LM_DB" -c 'GRANT SELECT ON pg_catalog.pg_constraint TO PUBLIC' -c "GRANT pg_read_all_data TO $LM_SOURCE_USER"

# Others create, change and drop tables all the time.
lm_sql source "$LM_DB" -c 'CREATE SCHEMA busy' -c 'CREATE TABLE busy.stays (id int PRIMARY KEY, v text DEFAULT upper($$x$$) CHECK (v <> $$$$))'
(
    for ((i = 0; ; i++)); do
        lm_sql source "$LM_DB" -c 'SET client_min_messages = error' -c "CREATE TABLE busy.t$i (id int PRIMARY KEY, v text DEFAULT upper('x'), w int CHECK (w > 0)); CREATE INDEX ON busy.t$i (upper(v)); CREATE VIEW busy.v$i AS SELECT id, v FROM busy.t$i" \
            -c "ALTER TABLE busy.t$i ADD COLUMN later int DEFAULT 7; ALTER TABLE busy.stays ADD COLUMN c$i int" -c "DROP TABLE busy.t$i CASCADE; ALTER TABLE busy.stays DROP COLUMN c$i"
    done
) > "$LM_TMP/ddl.out" 2>&1 &
ddl=$!
helpers+=("$ddl")
outcomes=
for round in 1 2 3 4 5; do
    SOURCE_SCHEMAS=busy "$LM_LAKEMOVER" --assess-only > "$LM_TMP/out.ddl.$round" 2>&1 < /dev/null
    status=$?
    outcomes+="$status "
    case $status in
        0 | 3) equal "tables without their columns" 0 "$(staging "SELECT count(*) FROM lakemover.inv_table t WHERE NOT t.is_locked AND NOT EXISTS (SELECT FROM lakemover.inv_column c WHERE c.source = t.source AND c.table_id = t.table_id)")" ;;
        1) if grep -q 'tables come and go all the time' "$LM_TMP/out.ddl.$round"; then pass "it says why it cannot"; else fail "while the schema changes: $(tail -n 5 "$LM_TMP/out.ddl.$round")"; fi ;;
        *) fail "while the schema changes: exit code $status: $(tail -n 3 "$LM_TMP/out.ddl.$round")" ;;
    esac
done
pass "outcomes while the schema changes: $outcomes"
kill $ddl 2> /dev/null
wait $ddl 2> /dev/null
helpers=()
lm_sql source "$LM_DB" -c 'DROP SCHEMA busy CASCADE' 2> /dev/null

# Lost in the middle: the connection, and the server behind it.
mkdir -p "$LM_TMP/proxy"
port=$((${LM_PORT[source]} + 1))
while (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do port=$((port + 1)); done
perl "$LM_ROOT/tests/lib/tcp_proxy.pl" $port "${LM_PORT[source]}" "$LM_TMP/proxy" > "$LM_TMP/proxy.log" 2>&1 < /dev/null &
helpers+=($!)
export SOURCE_HOST=127.0.0.1 SOURCE_PORT=$port SOURCE_SSLMODE=require
reached() { (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; }
eventually 10 reached || fail "no proxy"
expect 0 "an assessment through the proxy" lm_cli --assess-only
before=$(staging "SELECT $newest")
for bytes in 9000 30000 60000; do
    echo "cut $bytes 30" > "$LM_TMP/proxy/next"
    mv "$LM_TMP/proxy/next" "$LM_TMP/proxy/order"
    expect 6 "a source that is lost after $bytes bytes" timeout 60 "$LM_LAKEMOVER" --assess-only
    says_one_error
    says 'source|server closed the connection|SSL|[Cc]onnection'
    echo 'go 0 0' > "$LM_TMP/proxy/next"
    mv "$LM_TMP/proxy/next" "$LM_TMP/proxy/order"
    eventually 20 reached || fail "the proxy does not come back"
done
equal "assessments stored" "$before" "$(staging "SELECT $newest")"
equal "the inventory is the last whole one" 1 "$(staging 'SELECT count(*) FROM lakemover.inv_table')"

# The newest version that is supported.
if [ "$(lm_major "$(lm_target_bin)")" -ge 17 ]; then
    lm_stop source
    bin=$(lm_target_bin)
    if ! lm_as test -x "$bin/postgres"; then
        cp -a "$bin/.." "$LM_TMP/newer-server"
        bin=$LM_TMP/newer-server/bin
    fi
    rm -rf "$LM_TMP/source"
    lm_initdb source "$bin"
    lm_hba source 'local all all scram-sha-256'
    lm_start source "$bin" no
    lm_sql source postgres -c "CREATE ROLE $LM_SOURCE_USER LOGIN PASSWORD $(lm_literal "$LM_SOURCE_PASSWORD")" -c "GRANT pg_read_all_data TO $LM_SOURCE_USER" -c "CREATE DATABASE $LM_DB"
    lm_load_demo 0.01
    unset SOURCE_SSLMODE
    lm_env
    expect 3 "a source of version 17" lm_cli --assess-only
    says 'PostgreSQL 17\.' 'sales."Order Notes"'
    equal "its WAL is known" t "$(staging "SELECT (settings->>'wal_bytes')::numeric > 0 FROM lakemover.source_info")"
    equal "checks that found something" t "$(staging "SELECT count(DISTINCT check_id) > 8 FROM lakemover.finding WHERE assessment_id = $newest")"
else
    pass "no server of version 17 is at hand"
fi
check_nothing_left
finish
