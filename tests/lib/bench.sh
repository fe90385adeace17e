# shellcheck shell=bash
# bench.sh: what the benchmarks share, sourced after cluster.sh. Each writes one page of docs/: bench_init, servers, record and
# calc while it measures, then bench_page around what the page says.
# shellcheck source=tests/lib/memory.sh
. "$(dirname "${BASH_SOURCE[0]}")/memory.sh"

say() { printf '%s\n' "$*" >&2; }
die() { say "bench: $*"; exit 1; }
now() { date +%s.%N; }
# calc EXPRESSION [DIGITS]: bash has no fractions; awk is everywhere.
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
record() { printf '| %s | %s | %s |\n' "$@" >> "${raw:?}"; say "  $1 $2: $3"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# verdict MEASURED LIMIT
verdict() { if awk "BEGIN { exit !($1 <= $2) }"; then echo met; else echo "**missed**"; fi; }
# aim WHAT LIMIT MEASURED [UNIT [SHOWN_LIMIT]]: a row of a table whose columns are what, limit, measured and the verdict.
aim() { printf '| %s | %s | %s | %s |\n' "$1" "${5:-$2${4:+ $4}}" "$3${4:+ $4}" "$(verdict "$3" "$2")"; }

# bench_init NAME: as lm_init, with a file for raw rows, and the load that others put on the machine: it is part of the figures.
bench_init() {
    lm_init "$1"
    raw=$LM_TMP/raw
    : > "$raw"
    load_before=$(cut -d' ' -f1-2 /proc/loadavg)
}
# shellcheck disable=SC2317  # called by lm_cleanup
lm_on_exit() { memory_stop; }

# What the figures were measured on, as rows of a table; the servers are those that run. machine_table [ROW...]: with more rows.
machine_table() {
    printf '| machine | |\n|---|---|\n'
    printf '| CPU | %s, %s cores: all servers and the loader share them |\n' "$(sed -nE 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
    printf '| memory | %s |\n' "$(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)"
    printf '| system | %s, Linux %s |\n' "$(. /etc/os-release && echo "$PRETTY_NAME")" "$(uname -r)"
    [ -z "${LM_PID[source]:-}" ] || printf '| source, staging | %s, Unix sockets, fsync=off |\n' "$("$LM_BIN/postgres" --version)"
    [ -z "${LM_PID[target]:-}" ] || printf '| target | PostgreSQL %s, verified TLS over loopback, fsync=off, a role that is no superuser |\n' "$(lm_sql target postgres -c 'SHOW server_version')"
    [ $# -eq 0 ] || printf '%s\n' "$@"
    printf '| lakemover | %s, %s |\n' "$(lm_cli --version 2> /dev/null | head -n 1)" "$(git -C "$LM_ROOT" rev-parse --short HEAD 2> /dev/null || echo 'no git')"
    printf '| when | %s, load average before it began %s |\n' "$(date -u +%Y-%m-%d)" "${load_before:?}"
}

# bench_page REPORT: standard input, then the raw rows, becomes the page.
bench_page() {
    {
        cat
        printf '\n## Raw rows\n| what | when | value |\n|---|---|---|\n'
        cat "$raw"
    } > "$1"
    say "written: $1"
}

# Embedded staging, and the newest run there.
staging() { lm_cli psql -X -q -A -t -c "$1" 2> /dev/null; }
# shellcheck disable=SC2034  # for the benchmarks' queries
newest="(SELECT max(run_id) FROM lakemover.run)"
phases() { # phases NAME,NAME: of the newest run, seconds together
    staging "SELECT round(sum(extract(epoch FROM e.at - s.at))::numeric, 2) FROM lakemover.event s
               JOIN LATERAL (SELECT x.at FROM lakemover.event x WHERE x.run_id = s.run_id AND x.kind = 'phase_end' AND x.event_id > s.event_id ORDER BY x.event_id LIMIT 1) e ON true
              WHERE s.run_id = $newest AND s.kind = 'phase_start' AND s.message = ANY ('{$1}')"
}
# of_ours FILE: the greatest private memory, in MB, of loader and staging's backends in what memory_watch wrote. What the
# source's and the target's own backends take is theirs.
of_ours() { calc "$(memory_most "$1" "$LM_LAKEMOVER|postgres: .*lakemover") / 1024" "${2:-0}"; }

# The same connections as lakemover's, once lm_env has set it: the source over its socket, the target over verified TLS.
source_psql() { PGPASSWORD=$SOURCE_PASSWORD "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 "host=$SOURCE_HOST port=$SOURCE_PORT dbname=$SOURCE_DATABASE user=$SOURCE_USERNAME" "$@"; }
target_psql() {
    PGPASSWORD=$LAKEBASE_PASSWORD "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 \
        "host=$LAKEBASE_HOST port=$LAKEBASE_PORT dbname=$LAKEBASE_DATABASE user=$LAKEBASE_USERNAME sslmode=verify-full sslrootcert=$LAKEBASE_SSLROOTCERT" "$@"
}
