#!/bin/bash
# A source that cannot be reached or read: one clear message, the documented exit code, nothing begun.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init bad_source
lm_start_source tls
lm_start_target
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE TABLE app.seen (id int PRIMARY KEY)" \
    -c "CREATE TABLE app.hidden (id int PRIMARY KEY)" -c "INSERT INTO app.seen VALUES (1)" -c "INSERT INTO app.hidden VALUES (1)" \
    -c "CREATE ROLE narrow LOGIN PASSWORD 'narrow'" -c "GRANT USAGE ON SCHEMA app TO narrow" -c "GRANT SELECT ON app.seen TO narrow"
lm_env

expect 6 "a wrong password" env SOURCE_PASSWORD='not this one' "$LM_LAKEMOVER" --assess-only
says 'password authentication failed' "$LM_SOURCE_USER"
says_not 'not this one'
says_one_error
expect 6 "an unknown user" env SOURCE_USERNAME=nobody_here "$LM_LAKEMOVER" --assess-only
says 'nobody_here'
expect 6 "an unknown database" env SOURCE_DATABASE=no_such_db "$LM_LAKEMOVER" --assess-only
says 'no_such_db'
expect 6 "an unknown host" env SOURCE_HOST=no-such-host.invalid SOURCE_SSLMODE=require "$LM_LAKEMOVER" --assess-only
says 'no-such-host.invalid'
says_one_error
expect 6 "a socket that is not there" env SOURCE_HOST="$LM_TMP/nowhere" "$LM_LAKEMOVER" --assess-only
says "$LM_TMP/nowhere"
closed=$((${LM_PORT[source]} + 1))
while (exec 3<> "/dev/tcp/127.0.0.1/$closed") 2>/dev/null; do closed=$((closed + 1)); done
expect 6 "a closed port" env SOURCE_HOST=127.0.0.1 SOURCE_PORT=$closed SOURCE_SSLMODE=require "$LM_LAKEMOVER" --assess-only
says "$closed" '[Cc]onnection refused'
says_one_error

# A schema that is not there is a wrong setting.
for command in --assess-only plan; do
    expect 2 "a schema that the source does not have: $command" env SOURCE_SCHEMAS=app,appp "$LM_LAKEMOVER" $command
    says 'no schema appp' 'SOURCE_SCHEMAS'
    says_one_error
done
expect 2 "a schema that the source does not have: a run" env SOURCE_SCHEMAS=app,appp "$LM_LAKEMOVER"
says 'no schema appp'

# Certificates are checked unless the user says otherwise.
expect 6 "a certificate of an unknown authority" env SOURCE_HOST=localhost "$LM_LAKEMOVER" --assess-only
says 'certificate'
expect 0 "TLS with the right authority" env SOURCE_HOST=localhost SOURCE_SSLROOTCERT="$LM_TMP/tls/ca.crt" "$LM_LAKEMOVER" --assess-only
expect 0 "TLS without checks, when the user says so" env SOURCE_HOST=127.0.0.1 SOURCE_SSLMODE=require "$LM_LAKEMOVER" --assess-only

# A table that the role may not read: the object is named before anything moves.
export SOURCE_USERNAME=narrow SOURCE_PASSWORD=narrow
"$LM_LAKEMOVER" > "$LM_TMP/out.narrow" 2>&1 < /dev/null
status=$?
output $LM_TMP/out.narrow
case $status in
    3 | 4) pass "missing SELECT on a table: exit code $status" ;;
    *) fail "missing SELECT on a table: exit code $status; it said: $(tail -n 10 "$OUT")" ;;
esac
says 'app\.hidden' '[Pp]ermission|SELECT|[Pp]rivilege'
equal "tables on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND $USER_SCHEMAS")"

# With --force that is one table's failure: the others arrive.
expect 4 "a table that the role may not read, with --force" lm_cli --force
says 'INCOMPLETE' 'app\.hidden: the source.s user may not SELECT'
equal "rows of the table that it may read" 1 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM app.seen")"
equal "the other table on the target" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regclass('app.hidden')")"
# So is one that only its rows show to be unreadable; over 8 MB they are looked at before the load.
lm_sql source "$LM_DB" -c "INSERT INTO app.hidden SELECT i FROM generate_series(2, 400000) i" -c "GRANT SELECT ON app.hidden TO narrow" -c "ANALYZE"
expect 0 "planning" lm_cli plan
lm_cli psql -q -c "UPDATE lakemover.plan_table SET row_filter = '1 / (id - 1) >= 0' WHERE source_table = 'hidden'" > /dev/null 2>&1
expect 4 "a large table whose rows cannot be read" lm_cli --on-existing=drop
says 'INCOMPLETE' 'app\.hidden: cannot be cut into chunks: .*division by zero'
equal "rows of the other table" 1 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM app.seen")"
equal "the large table on the target" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regclass('app.hidden')")"
check_nothing_left
finish
