# shellcheck shell=bash
# bench.sh: what the benchmarks share. Sourced after cluster.sh, with lm_init done; raw is a file of the caller's.
say() { printf '%s\n' "$*" >&2; }
die() { say "bench: $*"; exit 1; }
now() { date +%s.%N; }
# calc EXPRESSION [DIGITS]: bash has no fractions; awk is everywhere.
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
record() { printf '| %s | %s | %s |\n' "$@" >> "${raw:?}"; say "  $1 $2: $3"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# verdict MEASURED LIMIT
verdict() { if awk "BEGIN { exit !($1 <= $2) }"; then echo met; else echo "**missed**"; fi; }
# The same connections as lakemover's, once lm_env has set it: the source over its socket, the target over verified TLS.
source_psql() { PGPASSWORD=$SOURCE_PASSWORD "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 "host=$SOURCE_HOST port=$SOURCE_PORT dbname=$SOURCE_DATABASE user=$SOURCE_USERNAME" "$@"; }
target_psql() {
    PGPASSWORD=$LAKEBASE_PASSWORD "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 \
        "host=$LAKEBASE_HOST port=$LAKEBASE_PORT dbname=$LAKEBASE_DATABASE user=$LAKEBASE_USERNAME sslmode=verify-full sslrootcert=$LAKEBASE_SSLROOTCERT" "$@"
}
