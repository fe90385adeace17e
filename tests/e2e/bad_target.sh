#!/bin/bash
# A target that cannot be reached, trusted or written: one clear message, the documented exit code,
# nothing half-done.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init bad_target
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE TABLE app.t (id int PRIMARY KEY, v text)" -c "INSERT INTO app.t SELECT i, 'row ' || i FROM generate_series(1, 1000) i"
lm_env
nothing_there() {
    equal "tables on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND $USER_SCHEMAS")"
}

expect 6 "a wrong password" env LAKEBASE_PASSWORD='not this one' "$LM_LAKEMOVER"
says 'password authentication failed' "$LM_TARGET_USER"
says_not 'not this one'
says_one_error
expect 6 "an unknown host" env LAKEBASE_HOST=no-such-host.invalid "$LM_LAKEMOVER"
says 'no-such-host.invalid'
says_one_error
closed=$((${LM_PORT[target]} + 1))
while (exec 3<> "/dev/tcp/127.0.0.1/$closed") 2>/dev/null; do closed=$((closed + 1)); done
expect 6 "a closed port" env LAKEBASE_PORT=$closed "$LM_LAKEMOVER"
says "$closed" '[Cc]onnection refused'
expect 6 "an unknown database" env LAKEBASE_DATABASE=no_such_db "$LM_LAKEMOVER"
says 'no_such_db'
expect 6 "a certificate of another authority" env LAKEBASE_SSLROOTCERT="$LM_TMP/tls/other.crt" "$LM_LAKEMOVER"
says 'certificate'
expect 6 "the system's authorities do not know the test's" env -u LAKEBASE_SSLROOTCERT "$LM_LAKEMOVER"
says 'certificate|root'
expect 6 "a name that is not in the certificate" env LAKEBASE_HOST=127.0.0.2 "$LM_LAKEMOVER"
cp "$LM_TMP/tls/server.crt" "$LM_TMP/tls/valid.crt"
lm_as openssl x509 -req -in "$LM_TMP/tls/server.csr" -CA "$LM_TMP/tls/ca.crt" -CAkey "$LM_TMP/tls/ca.key" -CAcreateserial -days -1 \
    -extfile "$LM_TMP/tls/server.ext" -out "$LM_TMP/tls/expired.crt" 2> "$LM_TMP/openssl.log" || fail "no expired certificate: $(cat "$LM_TMP/openssl.log")"
present() { # CERTIFICATE: what the target shows from now on
    cat "$LM_TMP/tls/$1.crt" > "$LM_TMP/tls/server.crt"
    lm_sql target postgres -c 'SELECT pg_reload_conf()' > /dev/null
    sleep 0.3
}
present expired
expect 6 "an expired certificate" lm_cli
says 'certificate verify failed' 'expired'
says_one_error
expect 6 "an expired certificate, with verify-ca" lm_cli --lakebase-sslmode=verify-ca
present valid
nothing_there

# Missing CREATE: found before the first row moves, and named.
lm_sql target "$LM_TARGET_DB" -c "CREATE ROLE reader LOGIN PASSWORD 'reader'"
env LAKEBASE_USERNAME=reader LAKEBASE_PASSWORD=reader "$LM_LAKEMOVER" > "$LM_TMP/out.reader" 2>&1 < /dev/null
status=$?
output $LM_TMP/out.reader
if [ $status -eq 2 ] || [ $status -eq 4 ]; then pass "missing CREATE on the target: exit code $status"; else
    fail "missing CREATE on the target: exit code $status; it said: $(tail -n 10 "$OUT")"; fi
says 'CREATE' "$LM_TARGET_DB" 'reader'
nothing_there

# A table that is there already and has rows: refused by default and named; the user may choose.
lm_sql target "$LM_TARGET_DB" <<SQL
SET ROLE $LM_TARGET_USER;
CREATE SCHEMA app;
CREATE TABLE app.t (id int, v text);
INSERT INTO app.t VALUES (-1, 'precious');
SQL
"$LM_LAKEMOVER" > "$LM_TMP/out.there" 2>&1 < /dev/null
status=$?
output $LM_TMP/out.there
if [ $status -eq 2 ] || [ $status -eq 4 ]; then pass "a table that is there with rows: exit code $status"; else
    fail "a table that is there with rows: exit code $status; it said: $(tail -n 10 "$OUT")"; fi
says 'app"?\."?t' 'on-existing'
equal "its row is still there" "-1|precious" "$(lm_sql target "$LM_TARGET_DB" -c 'TABLE app.t')"
expect 0 "--on-existing=drop" lm_cli --on-existing=drop
equal "rows after drop" "1000|1|1000" "$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*), min(id), max(id) FROM app.t')"
# What somebody else made upon the table is not dropped along with it.
lm_sql target "$LM_TARGET_DB" -c "CREATE VIEW public.somebodys AS SELECT * FROM app.t"
"$LM_LAKEMOVER" --on-existing=drop > "$LM_TMP/out.view" 2>&1 < /dev/null
equal "somebody's view survives" 1 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_views WHERE viewname = 'somebodys'")"
lm_sql target "$LM_TARGET_DB" -c "DROP VIEW IF EXISTS public.somebodys"

# No TLS on the target.
lm_stop target
lm_start_target plain
lm_env
expect 6 "a target without TLS" lm_cli
says 'SSL|TLS'
says_one_error
check_nothing_left
finish
