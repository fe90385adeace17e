#!/bin/bash
# The demo behind `make demo`: a database is assessed, its blockers are resolved in the plan, it is moved into a
# PostgreSQL 17 that speaks TLS only, and every row is proven. SOURCE=postgres (the default) generates 1.6 million rows in
# PostgreSQL; SOURCE=sqlserver takes the endpoint of LAKEMOVER_TEST_MSSQL, or the test server of tests/tds. Servers are private
# and go at the end; the reports stay in build/demo-report.
# shellcheck disable=SC2154  # demo_engine comes from the file of the source
set -u -o pipefail
# shellcheck source=tests/lib/cluster.sh
. "$(dirname "$0")/../lib/cluster.sh"
lm_init demo

report=$LM_ROOT/build/demo-report
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

step() {
    printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}
# Shows a command line as a user would type it, then runs it.
run() {
    local shown=lakemover word
    for word in "$@"; do
        if [[ $word =~ ^[A-Za-z0-9_./=-]+$ ]]; then shown+=" $word"; else shown+=" \"$word\""; fi
    done
    printf '%s$ %s%s\n' "$bold" "$shown" "$plain"
    lm_cli "$@"
}
fail() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}
expect() {
    local wanted=$1 status=$2 what=$3
    [ "$status" -eq "$wanted" ] || fail "$what ended with exit code $status instead of $wanted"
}

case ${SOURCE:-postgres} in
    postgres | sqlserver) ;;
    *) fail "SOURCE is postgres or sqlserver, not \"$SOURCE\"" ;;
esac
# shellcheck source=/dev/null
. "$LM_ROOT/tests/demo/${SOURCE:-postgres}.sh"

step "A $demo_engine source, and a target over TLS only"
start=$SECONDS
lm_start_target
lm_env
demo_start
export LAKEMOVER_AUDIT_DIR=$report
rm -rf "$report"
mkdir -p "$report"
printf 'source: %s\n' "$(demo_describe)"
printf 'target: %s, verified TLS, as %s, who is no superuser\n' \
    "$(lm_sql target postgres -c "SELECT split_part(version(), ' on ', 1)")" "$LAKEBASE_USERNAME"
printf 'built in %s s\n' $((SECONDS - start))

step "1. Assess: nothing is moved, blockers are found (exit code 3)"
run --assess-only
expect 3 $? "the assessment"

step "2. With blockers, the migration is refused (exit code 3)"
run
expect 3 $? "the refused migration"
[ -z "$(lm_sql target "$LM_TARGET_DB" -c "SELECT 1 FROM pg_namespace WHERE nspname IN ('people', 'sales', 'stock')")" ] ||
    fail "the refused migration left something on the target"
echo "(and the target is still empty)"

step "3. Resolve them in the plan: new names for some, \"keep it, quoted\" for others"
demo_resolve

step "4. Migrate and validate"
run
expect 0 $? "the migration"

step "5. What arrived"
lm_sql target "$LM_TARGET_DB" --no-align -P tuples_only=off -P format=aligned -P footer=off -c "
    SELECT n.nspname AS schema, count(*) FILTER (WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition) AS tables,
           sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %s', c.oid::regclass), false, true, '')))[1]::text::bigint)
               FILTER (WHERE c.relkind = 'r') AS rows,
           (SELECT count(*) FROM pg_constraint f WHERE f.connamespace = n.oid AND f.contype = 'f' AND f.conparentid = 0) AS foreign_keys,
           (SELECT count(*) FROM pg_class i WHERE i.relnamespace = n.oid AND i.relkind IN ('i', 'I')) AS indexes,
           count(*) FILTER (WHERE c.relkind = 'S') AS sequences
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('people', 'sales', 'stock') GROUP BY n.oid, n.nspname ORDER BY 1"
run status
expect 0 $? "status"

printf '\n%sReports and evidence:%s %s\n' "$bold" "$plain" "$report"
# The newest run's directory, what a reader opens first.
find "$report" -mindepth 1 -maxdepth 2 -name '*.html' | sort | sed 's/^/  /'
printf 'demo: complete in %s s\n' "$SECONDS"
