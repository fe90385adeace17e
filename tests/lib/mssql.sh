# shellcheck shell=bash
# mssql.sh: a SQL Server endpoint as the source of an end-to-end test. Sourced after e2e.sh.
#   LAKEMOVER_TEST_MSSQL="host,port,database,user,password[,CA file]"; the database is scratch.
#   ms_need              ends the test as skipped where there is no endpoint, or no tsql (freetds-bin)
#   ms_env SCHEMAS       sets SOURCE_*; after lm_init
#   ms_sql < FILE        statements of another client than ours; prints what comes back
#   ms_make FILE         makes the source's tables; ends the test where that fails

ms_need() {
    if [ -z "${LAKEMOVER_TEST_MSSQL:-}" ]; then
        echo "no SQL Server endpoint: set LAKEMOVER_TEST_MSSQL=host,port,database,user,password[,CA file]"
        exit 77
    fi
    command -v tsql > /dev/null || { echo "tsql (package freetds-bin) is missing"; exit 77; }
    IFS=, read -r ms_host ms_port ms_database ms_user ms_password ms_ca <<< "$LAKEMOVER_TEST_MSSQL"
}
ms_sql() {
    printf '[ms]\nhost = %s\nport = %s\ntds version = 7.4\nclient charset = UTF-8\nencryption = request\n' "$ms_host" "$ms_port" > "$LM_TMP/freetds.conf"
    FREETDSCONF=$LM_TMP/freetds.conf timeout 120 tsql -S ms -U "$ms_user" -P "$ms_password" -D "$ms_database" -o fhq 2>&1
}
ms_env() {
    export SOURCE_DB_TYPE=sqlserver SOURCE_HOST=$ms_host SOURCE_PORT=$ms_port SOURCE_DATABASE=$ms_database
    export SOURCE_USERNAME=$ms_user SOURCE_PASSWORD=$ms_password SOURCE_SCHEMAS=$1
    if [ -n "${ms_ca:-}" ]; then
        cp "$ms_ca" "$LM_TMP/source_ca.crt" && chmod 644 "$LM_TMP/source_ca.crt"
        export SOURCE_SSLROOTCERT=$LM_TMP/source_ca.crt
    else
        export SOURCE_TRUST_SERVER_CERTIFICATE=yes
    fi
}
ms_make() {
    # The client says nothing of a lock that it waits for: its own end must have come.
    if ! ms_sql < "$1" > "$LM_TMP/source.out"; then
        fail "the source's tables could not be made: the client ended with an error, or after 120 s"
        finish
    fi
    if grep -qE '^Msg ' "$LM_TMP/source.out"; then
        fail "the source's tables could not be made: $(grep -A1 -E '^Msg ' "$LM_TMP/source.out" | head -n 4)"
        finish
    fi
}
