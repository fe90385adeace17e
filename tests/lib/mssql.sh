# shellcheck shell=bash
# mssql.sh: a SQL Server source for tests: the endpoint that LAKEMOVER_TEST_MSSQL="host,port,database,user,password[,CA
# file]" names, or the test server of tests/tds. Source it behind e2e.sh.
#
#   ms_start [OPTION...]   the endpoint; OPTIONs are tds_server's. Sets SOURCE_* and MS_DOUBLE=yes for the test server
#   ms_run [OPTION...]     the test server (again), with the certificate that MS_CERTIFICATE and MS_KEY name
#   ms_sql                 T-SQL from standard input through another client (tsql); prints what comes back
#   ms_value SQL           the last line of it
#   ms_load FILE           statements that must succeed

MS_DOUBLE=no
# shellcheck disable=SC2089,SC2090  # the quotes are part of it
MS_PASSWORD="s'rc p@ss;{=}\"x"

# Quick when nothing has changed; run.sh has done it before.
ms_build() {
    cmake --build "$LM_ROOT/build/cmake" --target tds_server "-j$(nproc)" > "$LM_TMP/tds-build.log" 2>&1 ||
        { tail -n 30 "$LM_TMP/tds-build.log" >&2; lm_die "tests/tds does not build"; }
}

ms_start() {
    command -v tsql > /dev/null || lm_die "tsql (package freetds-bin) is missing: run \"make deps\""
    if [ -n "${LAKEMOVER_TEST_MSSQL:-}" ]; then
        IFS=, read -r SOURCE_HOST SOURCE_PORT SOURCE_DATABASE SOURCE_USERNAME SOURCE_PASSWORD MS_CA <<< "$LAKEMOVER_TEST_MSSQL"
    else
        MS_DOUBLE=yes
        ms_build
        lm_make_ca
        cp "$LM_ROOT/build/cmake/tds_server" "$LM_TMP/tds_server"
        ms_run "$@"
        SOURCE_HOST=localhost SOURCE_DATABASE=lmsrc SOURCE_USERNAME=sa SOURCE_PASSWORD=$MS_PASSWORD
        MS_CA=$LM_TMP/tls/ca.crt
    fi
    # shellcheck disable=SC2090
    export SOURCE_DB_TYPE=sqlserver SOURCE_HOST SOURCE_PORT SOURCE_DATABASE SOURCE_USERNAME SOURCE_PASSWORD
    if [ -n "${MS_CA:-}" ]; then
        cp "$MS_CA" "$LM_TMP/source_ca.crt" && chmod 644 "$LM_TMP/source_ca.crt"
        export SOURCE_SSLROOTCERT=$LM_TMP/source_ca.crt
    else
        export SOURCE_TRUST_SERVER_CERTIFICATE=yes
    fi
    printf '[ms]\nhost = %s\nport = %s\ntds version = 7.4\nclient charset = UTF-8\nencryption = request\n' "$SOURCE_HOST" "$SOURCE_PORT" > "$LM_TMP/freetds.conf"
}

# The test server as a child of ours that ends with us.
ms_run() {
    local args=(--port-file "$LM_TMP/tds.port" --database lmsrc "$@") certificate=${MS_CERTIFICATE-$LM_TMP/tls/server.crt}
    if [ -n "$certificate" ]; then args+=(--certificate "$certificate" --key "${MS_KEY:-$LM_TMP/tls/server.key}"); fi
    rm -f "$LM_TMP/tds.port"
    if [ "$LM_USER" = "$(id -un)" ]; then
        TDS_PASSWORD=$MS_PASSWORD setpriv --pdeathsig TERM "$LM_TMP/tds_server" "${args[@]}" > "$LM_TMP/tds.log" 2>&1 < /dev/null 9>&- &
    else
        TDS_PASSWORD=$MS_PASSWORD setpriv --reuid="$LM_USER" --regid="$LM_USER" --init-groups --pdeathsig TERM \
            "$LM_TMP/tds_server" "${args[@]}" > "$LM_TMP/tds.log" 2>&1 < /dev/null 9>&- &
    fi
    LM_PID["tds"]=$!
    local n
    for ((n = 0; n < 1200; n++)); do
        [ -s "$LM_TMP/tds.port" ] && break
        kill -0 "${LM_PID["tds"]}" 2>/dev/null || break
        sleep 0.05
    done
    [ -s "$LM_TMP/tds.port" ] || { cat "$LM_TMP/tds.log" >&2; lm_die "the test server does not start"; }
    SOURCE_PORT=$(cat "$LM_TMP/tds.port")
}

ms_sql() {
    FREETDSCONF=$LM_TMP/freetds.conf timeout "${MS_TIMEOUT:-120}" tsql -S ms -U "$SOURCE_USERNAME" -P "$SOURCE_PASSWORD" -D "$SOURCE_DATABASE" -o fhq 2>&1
}
ms_value() { printf '%s\nGO\n' "$1" | ms_sql | tail -n 1; }
# Ends the test as skipped where it needs more than Babelfish has.
ms_not_babelfish() {
    if [[ $(ms_value 'SELECT @@VERSION') == *Babelfish* ]]; then
        echo "not on Babelfish: $1"
        exit 77
    fi
}
# Ends the test as skipped where it needs what only the test server does on request.
ms_only_double() {
    if [ "$MS_DOUBLE" = no ]; then
        echo "$1"
        exit 77
    fi
}
# The client says nothing of a lock that it waits for: its own end must have come.
ms_load() {
    if ! ms_sql < "$1" > "$LM_TMP/source.out"; then
        fail "$1: the client ended with an error, or after 120 s"
        finish
    fi
    if grep -qE '^Msg ' "$LM_TMP/source.out"; then
        fail "$1: $(grep -A1 -E '^Msg ' "$LM_TMP/source.out" | head -n 4)"
        finish
    fi
}
# What the test server had to refuse is a statement of ours that nothing has tried.
ms_refused_nothing() {
    [ "$MS_DOUBLE" = yes ] || return 0
    if grep -q '^refused: ' "$LM_TMP/tds.log"; then
        fail "the test server refused: $(grep -A2 '^refused: ' "$LM_TMP/tds.log" | head -n 9)"
    else
        pass "the test server knew every statement"
    fi
}
