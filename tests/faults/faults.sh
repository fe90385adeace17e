#!/bin/bash
# faults.sh [N [SEED [ITERATION]]]: N random faults, each against a run of its own, which is resumed until it ends. Then every
# row must be as on the source and nothing else may be on the target. SEED decides all of them; with ITERATION only that one
# of the N is run. Prints a line per iteration and a table; exit code 1 unless all ended exactly equal.
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
here=$LM_ROOT/tests/faults
. "$here/plan.sh"
. "$here/inject.sh"
. "$here/check.sh"
N=${1:-12}
SEED=${2:-$((RANDOM * 32768 + RANDOM))}
ONLY=${3:-}
[[ $N =~ ^[0-9]+$ && $SEED =~ ^[0-9]+$ && $ONLY =~ ^[0-9]*$ ]] || { echo "usage: faults.sh [N [SEED [ITERATION]]]" >&2; exit 2; }
KEPT=${FAULTS_DIR:-$LM_ROOT/build/check/faults}
rm -rf "$KEPT"
unset LAKEMOVER_TEST_MSSQL # faults need the test server
lm_init faults
lm_on_exit() {
    local proxy
    [ -z "${run:-}" ] || kill -KILL "$run" 2> /dev/null
    [ -z "${STOPPED:-}" ] || kill -KILL "$STOPPED" 2> /dev/null
    for proxy in "${PROXY_PID[@]}"; do kill "$proxy" 2> /dev/null; done
    umount -l "$LM_TMP/small" 2> /dev/null
}
declare -A PROXY_PID PROXY_PORT BYTES TRIED MET_BY EQUAL_BY
declare -A HOMES=([pg]=$LM_TMP/home/pg [ms]=$LM_TMP/home/ms)
mkfifo "$LM_TMP/never"
ROOT=no
mkdir "$LM_TMP/small"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=48m,mode=755 tmpfs "$LM_TMP/small" 2> /dev/null; then
    ROOT=yes
    lm_as true
    mkdir "$LM_TMP/small/target" "$LM_TMP/small/staging"
    chown "$LM_USER:" "$LM_TMP/small/target" "$LM_TMP/small/staging"
else
    echo "no root, or no mount: faults with a full disk are skipped"
fi

# Servers, once.
lm_start_source tls
lm_start_target
lm_start_staging
ms_start
MS_PORT=$SOURCE_PORT
ms_load "$here/source_mssql.sql"
lm_sql source "$LM_DB" -f - < "$here/source.sql" > /dev/null || lm_die "the source could not be filled"
start_proxy() { # NAME PORT
    local port
    mkdir "$LM_TMP/proxy" "$LM_TMP/proxy/$1" 2> /dev/null
    for _ in 1 2 3 4 5; do
        port=$((30000 + RANDOM % 2000))
        perl "$LM_ROOT/tests/lib/tcp_proxy.pl" $port "$2" "$LM_TMP/proxy/$1" > "$LM_TMP/proxy/$1.log" 2>&1 < /dev/null &
        PROXY_PID[$1]=$!
        PROXY_PORT[$1]=$port
        eventually 10 test -e "$LM_TMP/proxy/$1/ready" && return
    done
    lm_die "the proxy does not start"
}
start_proxy target "${LM_PORT[target]}"
start_proxy pg "${LM_PORT[source]}"
start_proxy ms "$MS_PORT"
if [ $ROOT = yes ]; then
    for server in target staging; do lm_sql $server postgres -c "CREATE TABLESPACE small LOCATION '$LM_TMP/small/$server'"; done
fi

# What the loader finds in its environment.
user_env() {
    unset "${!SOURCE_@}" "${!LAKEBASE_@}" "${!LAKEMOVER_@}"
    lm_env
    unset "${!SOURCE_@}" LAKEBASE_PASSWORD
    export LAKEMOVER_HOME=${HOMES[$ENGINE]} LAKEBASE_PORT=${PROXY_PORT[target]} LAKEBASE_PASSWORD_COMMAND="cat $LM_TMP/target.token"
    if [ "$STAGING" = own ]; then
        export LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} dbname=lakemover user=postgres"
    else
        export SOURCE_HOST=localhost SOURCE_PORT=${PROXY_PORT[$ENGINE]} SOURCE_SCHEMAS=app SOURCE_SSLROOTCERT=$LM_TMP/tls/ca.crt
        if [ "$ENGINE" = pg ]; then
            export SOURCE_PASSWORD_COMMAND="cat $LM_TMP/source.token" SOURCE_DB_TYPE=postgres SOURCE_DATABASE=$LM_DB SOURCE_USERNAME=$LM_SOURCE_USER
        else
            export SOURCE_PASSWORD_COMMAND="cat $LM_TMP/ms.token" SOURCE_DB_TYPE=sqlserver SOURCE_DATABASE=lmsrc SOURCE_USERNAME=sa
        fi
    fi
}
fresh_target() { # [TABLESPACE]
    lm_sql target postgres -c "DROP DATABASE IF EXISTS $LM_TARGET_DB WITH (FORCE)" \
        -c "CREATE DATABASE $LM_TARGET_DB OWNER $LM_TARGET_USER ${1:+TABLESPACE $1}" -c "ALTER ROLE $LM_TARGET_USER RESET ALL" \
        -c "ALTER ROLE $LM_TARGET_USER PASSWORD $(lm_literal "$LM_TARGET_PASSWORD")" || lm_die "no new target"
}
fresh_staging() { # [TABLESPACE]
    if [ "$STAGING" = own ]; then
        lm_sql staging postgres -c "DROP DATABASE IF EXISTS lakemover WITH (FORCE)" \
            -c "CREATE DATABASE lakemover TEMPLATE lakemover_$ENGINE ${1:+TABLESPACE $1}" || lm_die "no new staging"
    else
        lm_stop_embedded
        rm -rf "${HOMES[$ENGINE]}"
        if [ -d "$LM_TMP/home.$ENGINE" ]; then cp -a "$LM_TMP/home.$ENGINE" "${HOMES[$ENGINE]}"; fi
    fi
}
fresh_secrets() {
    lm_sql source postgres -c "ALTER ROLE $LM_SOURCE_USER PASSWORD $(lm_literal "$LM_SOURCE_PASSWORD")"
    set_token target "$LM_TARGET_PASSWORD"
    set_token source "$LM_SOURCE_PASSWORD"
    set_token ms "$MS_PASSWORD"
    for token in target source ms; do chmod 600 "$LM_TMP/$token.token" && chown "$LM_USER:" "$LM_TMP/$token.token"; done
}
fresh_lines() {
    local name
    for name in target pg ms; do
        rm -f "$LM_TMP/proxy/$name/done"
        order $name go
    done
}
bytes_of() { cat "$LM_TMP/proxy/$1/bytes"; }

start_loader() { # ARGUMENTS...
    log=$LM_TMP/log/$((++CALLS)).log
    printf '$ lakemover %s\n' "$*" > "$log"
    set -m
    "$LM_LAKEMOVER" "$@" >> "$log" 2>&1 < /dev/null &
    run=$!
    set +m
}
# Its exit code; one that does not end is a failure, and is ended.
wait_loader() {
    local n=0
    while working; do
        sleep 0.05
        if [ $((++n)) -gt 1800 ]; then
            wrong "no end after 90 s" "$log"
            kill -KILL "$run"
        fi
    done
    wait "$run" 2> /dev/null
    STATUS=$?
    run=
    printf 'exit code %s\n' $STATUS >> "$log"
}
WHOLE=(--max-batch-rows=500 --outage-timeout=30)

# The loader that resumes dies, too.
kill_again() {
    local SHARE=$((SHARE * 7 % 400))
    hold || return
    kill -KILL "$run"
    release
}

# To the end: resumes what can be resumed, starts again what never began to write.
conclude() {
    local tries
    for tries in 1 2 3 4 5 6; do
        [ "$STATUS" -ne 0 ] || return 0
        [ -z "$WRONG" ] || return 1
        if declare -F "mend_$FAULT" > /dev/null; then "mend_$FAULT"; fi
        case $STATUS in
            # 2 is a refusal: only of what had not begun, and then the right thing is to begin.
            2)
                if grep -qE 'there is no such run|ended before its plan was made final' "$log"; then
                    start_loader "${WHOLE[@]}"
                else
                    wrong "exit code 2" "$log"
                    return 1
                fi
                ;;
            1 | 6 | 137) start_loader resume ;;
            *)
                wrong "exit code $STATUS" "$log"
                return 1
                ;;
        esac
        if [ "$AGAIN" = yes ] && [ $tries -eq 1 ]; then
            kill_again
            wait_loader
            silence
        else
            wait_loader
        fi
    done
    [ "$STATUS" -eq 0 ] || wrong "six calls do not bring it to its end" "$log"
}

iteration() {
    local start=$SECONDS space_target='' space_staging=''
    I=$1 WRONG='' MET=no STOPPED='' CALLS=0
    plan "$I"
    if [ $ROOT = no ] && [[ $FAULT == full_* ]]; then
        printf '%4d  skipped  %s\n' "$I" "$FAULT"
        return
    fi
    rm -rf "$LM_TMP/log" "$LM_TMP/audit"
    mkdir "$LM_TMP/log" "$LM_TMP/audit"
    user_env
    case $FAULT in full_target) space_target=small ;; full_staging) space_staging=small ;; esac
    fresh_target $space_target
    fresh_staging $space_staging
    fresh_secrets
    fresh_lines
    if declare -F "prepare_$FAULT" > /dev/null; then "prepare_$FAULT"; fi
    start_loader "${WHOLE[@]}"
    "inject_$FAULT"
    if [ -n "$STOPPED" ]; then
        start_loader resume
    fi
    wait_loader
    if [ "$STATUS" -eq 0 ] && [[ $FAULT == full_audit || $FAULT == kill_loader ]] && [ $MET = yes ]; then wrong "exit code 0" "$log"; fi
    conclude
    # Both cost an attempt, and that is told.
    if [[ $FAULT == deadlock || $FAULT == lock_timeout ]] && grep -qE 'deadlock detected|lock timeout' "$LM_TMP"/log/*.log; then MET=yes; fi
    grep -qE 'SUCCESS|COMPLETED AT SEVERAL POINTS' "$log" || wrong "it does not say how it ended" "$log"
    verify ''
    if [ -n "$STOPPED" ]; then
        kill -CONT "$STOPPED"
        lm_wait_gone "$STOPPED" 30 || wrong "the loader that was taken over goes on"
        wait "$STOPPED" && wrong "the loader that was taken over calls itself successful" "$LM_TMP/log/1.log"
        verify ' when the first loader has come back'
    fi
    eventually 8 sessions_gone || wrong "sessions or processes are left"
    rm -f "$LM_TMP/small/filler"
    rm -rf "$LM_TMP/small/audit"
    TRIED[$FAULT]=$((${TRIED[$FAULT]:-0} + 1))
    if [ $MET = yes ]; then MET_BY[$FAULT]=$((${MET_BY[$FAULT]:-0} + 1)); fi
    if [ -z "$WRONG" ]; then
        EQUAL_BY[$FAULT]=$((${EQUAL_BY[$FAULT]:-0} + 1))
        printf '%4d  equal    %s%s, %d calls, %d s\n' "$I" "$(plan_text)" "$(if [ $MET = no ]; then echo ' (ended before it came)'; fi)" "$CALLS" $((SECONDS - start))
    else
        printf '%4d  UNEQUAL  %s: %s\n' "$I" "$(plan_text)" "$WRONG"
        mkdir -p "$KEPT/$I"
        cp -r "$LM_TMP/log" "$LM_TMP/audit" "$LM_TMP"/*.found "$KEPT/$I/" 2> /dev/null
        for server in source target staging; do cp "$LM_TMP/$server/server.log" "$KEPT/$I/$server.log"; done
        cp "$LAKEMOVER_HOME/staging/server.log" "$KEPT/$I/embedded.log" 2> /dev/null
        if [ "$STAGING" = own ]; then lm_sql staging lakemover -c "SELECT at, level, kind, message, data FROM lakemover.event ORDER BY event_id" > "$KEPT/$I/events" 2>&1; fi
        FIRST=${FIRST:-$I}
    fi
}

# Undisturbed runs: what everything is measured by.
reference() {
    local before_target before_source
    I=0 FAULT=none WRONG='' CALLS=0 STOPPED=''
    mkdir -p "$LM_TMP/log"
    fresh_target
    fresh_staging
    fresh_lines
    user_env
    before_target=$(bytes_of target)
    before_source=$(bytes_of "$ENGINE")
    start_loader "${WHOLE[@]}"
    wait_loader
    [ "$STATUS" -eq 0 ] || { cat "$log"; lm_die "an undisturbed run fails"; }
    sleep 0.1
    BYTES[$ENGINE.$STAGING.target]=$(($(bytes_of target) - before_target))
    BYTES[$ENGINE.$STAGING.source]=$(($(bytes_of "$ENGINE") - before_source))
    target_rows "$ENGINE" > "$LM_TMP/rows.found"
    target_objects > "$LM_TMP/objects.found"
    [ -e "$LM_TMP/objects.$ENGINE" ] || cp "$LM_TMP/objects.found" "$LM_TMP/objects.$ENGINE"
    verify " of an undisturbed run"
    [ -z "$WRONG" ] || lm_die "$WRONG"
}
fresh_secrets
for ENGINE in pg ms; do
    source_rows $ENGINE > "$LM_TMP/rows.$ENGINE"
    [ -s "$LM_TMP/rows.$ENGINE" ] || lm_die "the source has no rows"
done
for ENGINE in pg ms; do
    STAGING=own
    lm_sql staging postgres -c "CREATE DATABASE lakemover_$ENGINE"
    if [ $ENGINE = pg ]; then words=(postgres "$LM_DB" "$LM_SOURCE_USER" source); else words=(sqlserver lmsrc sa ms); fi
    lm_sql staging lakemover_$ENGINE <<SQL || lm_die "staging could not be set up"
CREATE EXTENSION lakemover;
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine '${words[0]}', host 'localhost', port '${PROXY_PORT[$ENGINE]}',
    dbname '${words[1]}', sslrootcert '$LM_TMP/tls/ca.crt');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS ("user" '${words[2]}', password_file '$LM_TMP/${words[3]}.token');
INSERT INTO lakemover.source_scope (source, schema_name) VALUES ('src', 'app');
SQL
    reference
    STAGING=embedded
    reference
    lm_stop_embedded
    cp -a "${HOMES[$ENGINE]}" "$LM_TMP/home.$ENGINE"
done
compare "rows of the source" "$LM_TMP/rows.pg" <(source_rows pg)

machine="$(nproc) x $(sed -nE 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ { printf "%d GB", $2 / 1e6 }' /proc/meminfo), PostgreSQL $(lm_major "$LM_BIN") to $LM_TARGET_MAJOR"
printf 'faults.sh %s %s on %s, %s\n' "$N" "$SEED" "$(date -u +%F)" "$machine"
printf 'traffic of an undisturbed run: %s\n' "$(for k in "${!BYTES[@]}"; do echo "$k ${BYTES[$k]}"; done | sort | paste -sd ',')"
for ((number = 1; number <= N; number++)); do
    if [ -z "$ONLY" ] || [ "$ONLY" = "$number" ]; then iteration $number; fi
done

source_rows pg > "$LM_TMP/rows.found"
WRONG=''
compare "rows of the source at the end" "$LM_TMP/rows.pg" "$LM_TMP/rows.found"
printf '\n%-64s %6s %6s %6s\n' fault run met equal
tried=0 met=0 equal=0
for FAULT in "${FAULTS[@]}"; do
    [ -n "${TRIED[$FAULT]:-}" ] || continue
    printf '%-64s %6d %6d %6d\n' "$(fault_text "$FAULT")" "${TRIED[$FAULT]}" "${MET_BY[$FAULT]:-0}" "${EQUAL_BY[$FAULT]:-0}"
    tried=$((tried + TRIED[$FAULT]))
    met=$((met + ${MET_BY[$FAULT]:-0}))
    equal=$((equal + ${EQUAL_BY[$FAULT]:-0}))
done
printf '%-64s %6d %6d %6d\n' "all, seed $SEED" $tried $met $equal
if [ -n "${FIRST:-}" ]; then
    printf '\nthe first unequal one: %s; its logs: %s; again: tests/faults/faults.sh %s %s %s\n' "$FIRST" "$KEPT/$FIRST" "$N" "$SEED" "$FIRST"
    cat "$KEPT/$FIRST"/log/*.log | tail -n 40
fi
[ "$tried" -gt 0 ] && [ "$tried" -eq "$equal" ] && [ -z "$WRONG" ]
exit
