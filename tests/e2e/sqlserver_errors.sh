#!/bin/bash
# Connecting to a SQL Server source that refuses, or that is not who it should be: each cause has its message, SQLSTATE and
# hint; TLS is checked by default; passwords with every special character of a connection string.
# timeout: 120
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_errors
lm_start_staging
lm_env
ms_start
ms_only_double "needs servers with other certificates, and errors on request"
staging() { lm_sql staging lakemover "$@"; }
server() { staging -c "ALTER SERVER src OPTIONS ($1)"; }
mapping() { staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS ($1)"; }
ask="SELECT 'tls ' || tls FROM lakemover.source_identity('src')"
password=$MS_PASSWORD
staging <<SQL
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'localhost', port '$SOURCE_PORT', dbname 'lmsrc');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS (user 'sa', password $(lm_literal "$password"));
SQL
accepted() { expect 0 "$1" staging -c "$ask" && says "^tls ${2:-true}\$"; }
# refused WHAT SQLSTATE MESSAGE HINT
refused() {
    OUT=$LM_TMP/refused
    if staging -v VERBOSITY=verbose -c "$ask" > "$OUT" 2>&1; then fail "$1: accepted"; fi
    says "ERROR:  $2: $3" "HINT:  .*$4"
    says_not 'p@ss'
}
untrusted() { refused "$1" 08001 'connecting to the source failed' 'sslrootcert holds the CA'; }
untrusted "an unknown authority"
server "ADD sslrootcert '$LM_TMP/tls/ca.crt'"
accepted "the right authority"
server "SET sslrootcert '$LM_TMP/tls/other.crt'"
untrusted "another authority"
server "ADD trust_server_certificate 'yes'"
accepted "whoever answers, when the operator says so"
server "DROP trust_server_certificate, SET sslrootcert '$LM_TMP/tls/ca.crt'"

# Servers that are somebody else.
another() { # PORT: the server that runs now
    server "SET port '$(cat "$LM_TMP/tds.port")'"
}
(cd "$LM_TMP/tls" && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=elsewhere.example -keyout elsewhere.key -out elsewhere.csr &&
    openssl x509 -req -in elsewhere.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile <(printf 'subjectAltName=DNS:elsewhere.example\n') -out elsewhere.crt &&
    chmod 644 elsewhere.key) > "$LM_TMP/openssl.log" 2>&1 || fail "openssl"
lm_stop tds TERM
MS_CERTIFICATE=$LM_TMP/tls/elsewhere.crt MS_KEY=$LM_TMP/tls/elsewhere.key ms_run
another
untrusted "a certificate for another host"
lm_stop tds TERM
MS_CERTIFICATE=$LM_TMP/tls/other.crt MS_KEY=$LM_TMP/tls/other.key ms_run
another
untrusted "a certificate that signed itself"
lm_stop tds TERM
MS_CERTIFICATE='' ms_run
another
untrusted "a server without TLS"
server "ADD encrypt 'no'"
accepted "a server without TLS, when the operator says so" false
lm_stop tds TERM
ms_run --require-encryption
another
refused "no TLS where the server wants it" 08001 'connecting to the source failed' 'encrypt'
server "DROP encrypt"
accepted "TLS where the server wants it"

# Logins.
mapping "SET password 'wrong p@ss'"
refused "a wrong password" 28000 "connecting to the source failed: Login failed for user 'sa'" 'user and password of the user mapping'
for ugly in '};{x' 'a b' "q'\"q" '{in braces}' 'ü日😀' '%=@#&' '}' '{' ; do
    lm_stop tds TERM
    MS_PASSWORD=$ugly ms_run
    another
    mapping "SET password $(lm_literal "$ugly")"
    accepted "the password $ugly"
done
MS_PASSWORD=$password
lm_stop tds TERM
ms_run
another
mapping "SET password $(lm_literal "$password")"
server "SET dbname 'nosuch'"
refused "a database that is not there" 3D000 'connecting to the source failed: Cannot open database' 'dbname'
server "SET dbname 'lmsrc'"
SOURCE_PORT=$(cat "$LM_TMP/tds.port")
printf '[ms]\nhost = localhost\nport = %s\ntds version = 7.4\nclient charset = UTF-8\nencryption = request\n' "$SOURCE_PORT" > "$LM_TMP/freetds.conf"
printf "EXEC lm_misbehave N'login', N'error 40615', 9\nGO\n" | ms_sql
refused "a firewall of Azure SQL" 08004 "connecting to the source failed: Cannot open server 's' requested by the login" 'firewall rules of the Azure SQL server'
lm_stop tds TERM
ms_run
another
server "ADD authentication 'entra_password'"
refused "a login that FreeTDS cannot do" '[0-9A-Z]+' '.*entra_password' 'driver'
server "SET authentication 'sql', ADD driver 'No Such Driver'"
refused "a driver that is not installed" 08001 'there is no ODBC driver "No Such Driver" in odbcinst.ini' 'tdsodbc'
server "DROP driver, SET port '1'"
refused "a closed port" 08001 'connecting to the source failed' 'host, port and firewall'
server "SET host 'no-such-host.invalid'"
refused "an unknown host" 08001 'connecting to the source failed' 'host'
ms_refused_nothing
finish
