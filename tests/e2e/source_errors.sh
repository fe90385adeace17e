#!/bin/bash
# Connecting to a source that refuses: each cause has its message, SQLSTATE and hint; TLS is verified by
# default; roles of staging that are no superusers cannot borrow the server process's own identity or files.
# timeout: 120
. "$(dirname "$0")/../lib/e2e.sh"
lm_init source_errors
lm_start_source tls
lm_start_staging
staging() { lm_sql staging lakemover "$@"; }
server() { staging -c "ALTER SERVER src OPTIONS ($1)"; }
ask="SELECT 'tls ' || tls FROM lakemover.source_identity('src')"
staging <<SQL
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host 'localhost', port '${LM_PORT[source]}', dbname '$LM_DB');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS (user '$LM_SOURCE_USER', password $(lm_literal "$LM_SOURCE_PASSWORD"));
SQL
accepted() { expect 0 "$1" staging "${@:2}" -c "$ask" && says '^tls true$'; }
# refused WHAT SQLSTATE MESSAGE HINT [psql options]: the error, its state and its hint.
refused() {
    OUT=$LM_TMP/refused
    if staging -v VERBOSITY=verbose "${@:5}" -c "$ask" > "$OUT" 2>&1; then fail "$1: accepted"; fi
    says "ERROR:  $2: $3" "HINT:  .*$4"
    says_not "$LM_SOURCE_PASSWORD"
}
refused "an unknown authority" 08001 'the TLS certificate of the source at "localhost", port [0-9]+ is not trusted' sslrootcert
server "ADD sslrootcert '$LM_TMP/tls/ca.crt'"
accepted "the right authority"
server "SET sslrootcert '$LM_TMP/tls/other.crt'"
refused "another authority" 08001 'the TLS certificate of the source .* is not trusted' sslrootcert
server "SET sslrootcert '$LM_TMP/tls/nosuch.crt'"
refused "a missing authority" 08001 "no certificate authority to check the source's TLS certificate with" system
server "SET sslrootcert '$LM_TMP/tls/ca.crt', SET host 'localhost.localdomain', ADD hostaddr '127.0.0.1'"
refused "a host name that the certificate does not hold" 08001 'the TLS certificate of the source .* is not trusted' 'host to a name'
server "DROP hostaddr, SET host 'localhost', DROP sslrootcert, ADD sslmode 'require'"
accepted "no verification, when the operator says so"
server "SET sslmode 'disable'"
refused "no TLS where the source wants it" 28000 'the source refused the login of user' 'set sslmode to require'
server "SET sslmode 'require'"
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (SET password 'wrong')"
refused "a wrong password" 28P01 'the source refused the password of user' 'user mapping'
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (DROP password)"
refused "no password" 28P01 'the source asks for a password and the user mapping has none' password_file
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (ADD password_file '$LM_TMP/nosuch')"
refused "a missing password file" F0000 'could not open password file' 'readable for the user'
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (DROP password_file, ADD password_command 'echo oops; exit 9')"
refused "a failing password command" F0000 'the password command failed' 'log'
says_not oops
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (SET password_command $(lm_literal "printf '%s\n' $(printf %q "$LM_SOURCE_PASSWORD")"))"
accepted "a password from a command"
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (SET password_command 'sleep 30 & sleep 30')"
start=${EPOCHREALTIME/./}
staging -c "SET statement_timeout = '500ms'" -c "$ask" > "$LM_TMP/refused" 2>&1
took=$(((${EPOCHREALTIME/./} - start) / 1000))
output "$LM_TMP/refused"
says 'canceling statement due to statement timeout'
if [ $took -lt 2000 ]; then pass "a slow password command is cancelled after $took ms"; else fail "cancelling a password command took $took ms"; fi
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (DROP password_command, ADD password $(lm_literal "$LM_SOURCE_PASSWORD"))"
server "SET host 'no-such-host.invalid'"
refused "an unknown host" 08001 'could not resolve host name "no-such-host.invalid" of the source' host
server "SET host 'localhost', SET port '1'"
refused "a closed port" 08001 'could not connect to the source at "localhost", port 1' port
server "SET port '${LM_PORT[source]}', SET dbname 'nosuchdb'"
refused "an unknown database" 3D000 'the source has no database "nosuchdb"' dbname
server "SET dbname '$LM_DB'"

# Other roles of staging.
staging -c "CREATE ROLE plain" -c "GRANT USAGE ON SCHEMA lakemover TO plain" -c "GRANT EXECUTE ON FUNCTION lakemover.source_identity TO plain"
refused "a role without USAGE" 42501 'permission denied for foreign server src' GRANT -c "SET ROLE plain"
staging -c "GRANT USAGE ON FOREIGN SERVER src TO plain" -c "CREATE USER MAPPING FOR plain SERVER src OPTIONS (user '$LM_SOURCE_USER')"
refused "a role without a password" 2F003 'a password is required' password -c "SET ROLE plain"
printf '%s\n' "$LM_SOURCE_PASSWORD" > "$LM_TMP/password"
chmod 644 "$LM_TMP/password"
staging -c "ALTER USER MAPPING FOR plain SERVER src OPTIONS (ADD password_file '$LM_TMP/password')"
refused "a role that may not read the server's files" 42501 'permission denied to use user mapping option "password_file"' pg_read_server_files -c "SET ROLE plain"
staging -c "GRANT pg_read_server_files TO plain"
accepted "a role that may" -c "SET ROLE plain"
staging -c "ALTER SERVER src OPTIONS (SET host '$LM_TMP/source', DROP sslmode)" \
    -c "ALTER USER MAPPING FOR plain SERVER src OPTIONS (SET user 'postgres')"
refused "a login that the source trusts without a password" 2F003 'the source did not ask for the password' scram -c "SET ROLE plain"
finish
