#!/bin/bash
# The figures of docs/benchmarks-engine.md: many small tables against pg_dump | psql; rows of 200 columns and values of up to
# 200 MB against a direct COPY; the cost of a row while a table grows; how busy workers are beside one large table.
# BENCH_MILLIONS="1 5 25" are the sizes, BENCH_ROUNDS the rounds.
set -u -o pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/bench.sh
. "$LM_ROOT/tests/lib/bench.sh"
bench_init bench_engine

rounds=${BENCH_ROUNDS:-3}
read -r -a millions <<< "${BENCH_MILLIONS:-1 5 25}"
largest=${millions[-1]}
report=${BENCH_ENGINE_REPORT:-$LM_ROOT/docs/benchmarks-engine.md}
say "starting servers"
lm_start_source
lm_start_target
lm_env
export MAX_MEMORY_TARGET_MB=256
# run SCHEMA: moves it; its validation is not part of what is measured here.
run() {
    export SOURCE_SCHEMAS=$1
    lm_cli plan > "$LM_TMP/plan.log" 2>&1 || { tail -n 20 "$LM_TMP/plan.log" >&2; die "lakemover plan failed"; }
    lm_cli --on-existing=drop > "$LM_TMP/run.log" 2>&1 || { tail -n 20 "$LM_TMP/run.log" >&2; die "the run of $1 failed"; }
}
# load_of [CONDITION]: seconds from the first read to the last commit; connecting is not among them, as in the baseline.
load_of() {
    staging "SELECT round(extract(epoch FROM max(c.ended_at) - min(c.started_at + (c.stats->>'connect_s')::float8 * interval '1 second'))::numeric, 2)
               FROM lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id) WHERE c.run_id = $newest AND ${1:-true}"
}
direct() { # direct SCHEMA TABLE: seconds of a COPY pipe into an empty table of the same shape
    local start
    target_psql -c 'DROP SCHEMA IF EXISTS direct CASCADE' -c 'CREATE SCHEMA direct' 2> /dev/null &&
        pg_table "$1" "$2" | target_psql || die "the baseline's table"
    start=$(now)
    source_psql -c "COPY $1.$2 TO STDOUT (FORMAT binary)" | target_psql -c "COPY direct.$2 FROM STDIN (FORMAT binary)" || die "the baseline's COPY"
    calc "$(now) - $start"
    target_psql -c 'DROP SCHEMA direct CASCADE' 2> /dev/null
}
pg_table() {
    lm_sql source "$LM_DB" -c "SELECT format('CREATE TABLE direct.%I (%s)', '$2', string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum))
        FROM pg_attribute WHERE attrelid = '$1.$2'::regclass AND attnum > 0"
}

say "many small tables"
perl -e 'print "SET client_min_messages = warning; CREATE SCHEMA small;\n";
    for my $i (1 .. 400) {
        my $fk = $i > 1 ? " REFERENCES small.t" . int($i / 2) : "";
        print "CREATE TABLE small.t$i (id int PRIMARY KEY, parent int$fk, name text NOT NULL, amount numeric(12,2), at timestamptz);\n",
            "INSERT INTO small.t$i SELECT i, i, \x27name \x27 || i, i / 7.0, now() FROM generate_series(1, 100) i;\nCREATE INDEX ON small.t$i (name);\n";
    }' > "$LM_TMP/small.sql"
lm_sql source "$LM_DB" -f "$LM_TMP/small.sql" -c ANALYZE > /dev/null || die "the small tables"
for round in $(seq "$rounds"); do
    target_psql -c 'DROP SCHEMA IF EXISTS small CASCADE' 2> /dev/null
    start=$(now)
    PGPASSWORD=$SOURCE_PASSWORD "$LM_BIN/pg_dump" --schema=small --no-owner --no-privileges "host=$SOURCE_HOST port=$SOURCE_PORT dbname=$SOURCE_DATABASE user=$SOURCE_USERNAME" | target_psql > /dev/null || die "pg_dump | psql"
    took=$(calc "$(now) - $start")
    echo "$took" >> "$LM_TMP/dump"
    record "400 small tables: pg_dump piped into psql" "round $round" "$took s"
    run small
    [ "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'small'::regnamespace")" = 399 ] || die "foreign keys are missing"
    took=$(phases schema,load,finish)
    echo "$took" >> "$LM_TMP/small"
    record "400 small tables: lakemover, schema to foreign keys" "round $round" "$took s"
done
dump_s=$(median < "$LM_TMP/dump")
small_s=$(median < "$LM_TMP/small")
target_psql -c 'DROP SCHEMA IF EXISTS small CASCADE' 2> /dev/null

say "wide rows and large values"
{
    echo 'SET client_min_messages = warning; CREATE SCHEMA wide; CREATE SCHEMA lob;'
    perl -e 'my @types = ("int", "bigint", "numeric(14,2)", "text", "timestamptz", "double precision", "boolean", "date");
        my @values = ("i", "i::bigint * 1000003", "i / 7.0", "\x27value \x27 || i", "timestamptz \x272020-01-01 00:00+00\x27 + i * interval \x271 s\x27", "i / 3.0", "i % 2 = 0", "date \x272020-01-01\x27 + i % 1000");
        print "CREATE TABLE wide.t (id int PRIMARY KEY, ", join(", ", map { "c$_ $types[$_ % 8]" } 1 .. 199), ");\n",
            "INSERT INTO wide.t SELECT i, ", join(", ", map { $values[$_ % 8] } 1 .. 199), " FROM generate_series(1, 40000) i;\n"'
    # Not compressible, made quickly.
    echo "CREATE TABLE lob.t (id int PRIMARY KEY, body bytea); ALTER TABLE lob.t ALTER body SET STORAGE EXTERNAL;
        INSERT INTO lob.t SELECT i, decode(repeat(md5(i::text), 32768), 'hex') || decode(repeat(md5(i::text), 32768), 'hex') FROM generate_series(1, 100) i;
        INSERT INTO lob.t SELECT 200 + i, decode(repeat(md5(i::text), 625000), 'hex') FROM generate_series(1, 20) i;
        INSERT INTO lob.t SELECT 300, decode(repeat(md5('x'), 6250000), 'hex') || decode(repeat(md5('y'), 6250000), 'hex');"
} > "$LM_TMP/wide.sql"
lm_sql source "$LM_DB" -f "$LM_TMP/wide.sql" -c ANALYZE > /dev/null || die "the wide tables"
for kind in wide lob; do
    for round in $(seq "$rounds"); do
        took=$(direct $kind t) || exit 1
        echo "$took" >> "$LM_TMP/direct.$kind"
        record "$kind: direct COPY" "round $round" "$took s"
        [ "$round" -gt 1 ] || memory_watch "$LM_TMP/memory.$kind" "$LM_LAKEMOVER|^postgres: "
        run $kind
        [ "$round" -gt 1 ] || memory_stop
        took=$(load_of)
        echo "$took" >> "$LM_TMP/load.$kind"
        record "$kind: lakemover, load" "round $round" "$took s"
    done
    target_psql -c "DROP SCHEMA $kind CASCADE" 2> /dev/null
    lm_sql source "$LM_DB" -c "DROP SCHEMA $kind CASCADE" 2> /dev/null
done
lob_mb=$(of_ours "$LM_TMP/memory.lob")
wide_mb=$(of_ours "$LM_TMP/memory.wide")

say "growth: ${millions[*]} million rows"
growth=
first=
direct_first=
for m in "${millions[@]}"; do
    lm_sql source "$LM_DB" > /dev/null <<SQL || die "the rows"
SET synchronous_commit = off; SET client_min_messages = warning;
DROP SCHEMA IF EXISTS growth CASCADE;
CREATE SCHEMA growth;
CREATE TABLE growth.large (id bigint NOT NULL, customer int NOT NULL, amount numeric(12,2) NOT NULL, placed timestamptz NOT NULL, note text);
INSERT INTO growth.large SELECT i, i % 50021, (i % 1000003)::numeric / 100, timestamptz '2020-01-01 00:00+00' + i * interval '1 second', 'note of row ' || i FROM generate_series(1, $m * 1000000) i;
ALTER TABLE growth.large ADD PRIMARY KEY (id);
DO \$\$ BEGIN FOR n IN 1 .. 20 LOOP
    EXECUTE format('CREATE TABLE growth.small%s (id int PRIMARY KEY, name text)', n);
    EXECUTE format('INSERT INTO growth.small%s SELECT i, ''name '' || i FROM generate_series(1, 1000) i', n);
END LOOP; END \$\$;
ANALYZE;
CHECKPOINT;
SQL
    direct_took=$(direct growth large) || exit 1
    record "growth: direct COPY of $m million rows" "once" "$direct_took s"
    run growth
    [ "$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*) FROM growth.large')" = $((m * 1000000)) ] || die "rows are missing"
    took=$(load_of "t.spec->>'source_table' = 'large'")
    cost=$(calc "$took / $m")
    direct_cost=$(calc "$direct_took / $m")
    [ -n "$first" ] || { first=$cost; direct_first=$direct_cost; }
    growth+="| $m million rows | $took s | $cost s | $(calc "$cost / $first") | $direct_cost s | $(calc "$direct_cost / $direct_first") | $(calc "$took / $direct_took") |"$'\n'
    record "growth: load of $m million rows" "once" "$took s"
done
idle=$(staging "SELECT round((100 * (1 - sum(extract(epoch FROM c.ended_at - c.started_at)) / (max(w.n) * extract(epoch FROM max(c.ended_at) - min(c.started_at)))))::numeric, 1)
    FROM lakemover.run_chunk c CROSS JOIN (SELECT (regexp_match(message, '^[0-9]+'))[1]::int AS n FROM lakemover.event WHERE run_id = $newest AND kind = 'workers' ORDER BY event_id DESC LIMIT 1) w
    WHERE c.run_id = $newest")
record "workers idle while $largest million rows and 20 small tables load" "once" "$idle %"
last_ratio=$(calc "$cost / $first")

bench_page "$report" <<MD
# Benchmarks: the engine

Written by tests/bench/engine.sh (part of \`make bench\`). Both sides of each ratio ran in the same minutes on the same servers.

$(machine_table)

| work | baseline | lakemover | ratio | limit | |
|---|---|---|---|---|---|
| 400 tables of 100 rows with keys, an index and foreign keys: schema, load, finish | \`pg_dump \\| psql\`: $dump_s s | $small_s s | $(calc "$small_s / $dump_s") | 1.0 | $(verdict "$(calc "$small_s / $dump_s")" 1.0) |
$(for kind in wide lob; do
    base=$(median < "$LM_TMP/direct.$kind") load=$(median < "$LM_TMP/load.$kind")
    what="40 000 rows of 200 columns"
    [ $kind = wide ] || what="121 values of 1 MB, 10 MB and 200 MB"
    echo "| $what, with digests | direct COPY: $base s | $load s | $(calc "$load / $base") | 1.3 | $(verdict "$(calc "$load / $base")" 1.3) |"
done)

| bound | limit | measured | |
|---|---|---|---|
$(aim "private memory of the loader and of staging's backends, rows of 200 columns" 64 "$wide_mb" MB "64 MB + 3 rows")
$(aim "private memory of the loader and of staging's backends, values of up to 200 MB" 664 "$lob_mb" MB "64 MB + 3 x 200 MB")
$(aim "workers idle while one table of $largest million rows and 20 small ones load" 10 "$idle" %)
$(aim "cost of a row at $largest million rows, against ${millions[0]} million" 1.05 "$last_ratio")

| table of | load | per million rows | to the first | direct COPY, per million rows | to the first | load to direct COPY |
|---|---|---|---|---|---|---|
$growth
## What is missed, and why
Small tables: half of the load phase is counting each table and taking the samples for validation (2 s of worker time for 400 tables, stage \`count\`), which pg_dump has no
need of; the rest is round trips, about ten to staging and six to the target for a table of one batch, and a transaction with its ledger row each. It was twice that before
the first rows of a table came in one answer, and keys and indexes were made during the load. Growth: the
columns of the direct COPY show how much of it is the machine's own.
MD
sed -n '/^| work/,/^## Raw/p' "$report"
